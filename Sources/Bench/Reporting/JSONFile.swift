import FoundationEssentials

/// Reports as JSON for machines: indented, keys in order, so that two of them can be compared line by line.
enum JSONFile {
    static func text(_ report: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
