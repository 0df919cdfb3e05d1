import Foundation

/// A page of the repository, as text.
struct Page {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let url: URL
    var text: String

    init(_ path: String) throws {
        url = Self.root.appending(path: path)
        text = try String(contentsOf: url, encoding: .utf8)
    }

    func save() throws { try text.write(to: url, atomically: true, encoding: .utf8) }

    /// What stands between a line `<!-- name -->` and the next `<!-- end -->`; `nil` without them.
    func range(of name: String) -> Range<String.Index>? {
        guard let begin = text.range(of: "<!-- \(name) -->\n"),
            let end = text.range(of: "<!-- end -->", range: begin.upperBound..<text.endIndex)
        else { return nil }
        return begin.upperBound..<end.lowerBound
    }

    /// The words in `code` in the first cell of table rows.
    var rowNames: Set<String> {
        var names: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix("| ") {
            let cell = line.dropFirst(2).prefix { $0 != "|" }
            for (index, word) in cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            where index % 2 == 1 { names.insert(String(word)) }
        }
        return names
    }
}
