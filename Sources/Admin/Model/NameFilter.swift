import Clients

/// A text typed to filter names: part of a name, or a pattern for the whole of it; of clients, with labels that they have besides.
struct NameFilter: Equatable, Sendable {
    let text: String
    /// What is typed, less the words that are labels: what looks for clients takes both.
    private(set) var name = ""
    /// `site=berlin`: a word of the text with `=` behind what a label can be called. A space in a value is written `%20`.
    private(set) var labels: [Label] = []

    init(text: String = "") {
        self.text = text
        var others: [Substring] = []
        for word in text.split(separator: " ") {
            // As on the wire, where that is what it can be; else as people write it.
            if let label = (try? Label(text: word)) ?? (try? Label(written: String(word))) {
                labels.append(label)
            } else {
                others.append(word)
            }
        }
        // Where no word is a label the text is what it is, spaces and all.
        name = labels.isEmpty ? text : others.joined(separator: " ")
    }

    /// For `FailureQuery.text` and `FailureQuery.glob`.
    var part: String { Self.part(text) }
    var pattern: String? { Self.pattern(text) }
    /// For `ClientQuery.text` and `ClientQuery.glob`.
    var namePart: String { Self.part(name) }
    var namePattern: String? { Self.pattern(name) }

    private static func isPattern(_ text: String) -> Bool { text.contains { "*?[".contains($0) } }
    private static func part(_ text: String) -> String { isPattern(text) ? "" : text }
    private static func pattern(_ text: String) -> String? { isPattern(text) ? text : nil }
}
