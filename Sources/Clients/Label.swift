/// A label that a client gives itself or one of its targets, as Prometheus has labels.
public struct Label: Hashable, Sendable {
    /// `[a-zA-Z_][a-zA-Z0-9_]*`, and does not begin with `__`.
    public let name: String
    /// Without control characters; may be empty.
    public let value: String

    public init(_ name: String, _ value: String) throws(DeclarationProblem) {
        guard let first = name.utf8.first, !first.isDigit, name.utf8.allSatisfy(\.isWord) else {
            throw .labelName(name)
        }
        if name.utf8.starts(with: "__".utf8) { throw .reservedLabelName(name) }
        guard value.hasNoControls else { throw .labelValue(name) }
        self.name = name
        self.value = value
    }

    /// As people write it: `site=berlin`, the value as it is.
    public init(written text: String) throws(DeclarationProblem) {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { throw .labelWithoutValue(text) }
        try self.init(String(text[..<equals]), String(text[text.utf8.index(after: equals)...]))
    }

    /// As `text` has it.
    public init(text: some StringProtocol) throws(DeclarationProblem) {
        let utf8 = Substring(text).utf8
        guard let equals = utf8.firstIndex(of: UInt8(ascii: "=")) else { throw .labelWithoutValue(String(text)) }
        let name = String(decoding: utf8[..<equals], as: UTF8.self)
        guard let bytes = PercentCoding.decoded(utf8[utf8.index(after: equals)...]) else {
            throw .coding(String(text))
        }
        guard let value = String(validating: bytes, as: UTF8.self) else { throw .labelValue(name) }
        try self.init(name, value)
    }

    /// On the wire and in the record: `site=berlin`, of the value everything but printable ASCII without space and `%` as `%` and two
    /// hexadecimal digits.
    public var text: String {
        var text = name
        write(behind: &text)
        return text
    }

    /// In the text of a target, and in the record: `job=nginx team=web%20ops`.
    public static func text(of labels: [Label]) -> String { labels.map(\.text).joined(separator: " ") }

    /// As `text(of:)` has them.
    public static func labels(text: some StringProtocol) throws(DeclarationProblem) -> [Label] {
        let words = Substring(text).split(
            separator: " ", maxSplits: Declaration.maxLabels, omittingEmptySubsequences: true)
        guard words.count <= Declaration.maxLabels else { throw .tooManyLabels }
        var labels: [Label] = []
        for word in words { labels.append(try Label(text: word)) }
        return labels
    }

    func write(behind text: inout String) {
        text.append("=")
        PercentCoding.encode(value.utf8, behind: &text) { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") }
    }

    /// Sorted by their names, each of which there is once.
    static func sorted(_ labels: [Label]) throws(DeclarationProblem) -> [Label] {
        guard labels.count <= Declaration.maxLabels else { throw .tooManyLabels }
        guard labels.count > 1 else { return labels }
        let sorted = labels.sorted { $0.name < $1.name }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.name == next.name { throw .labelTwice(one.name) }
        return sorted
    }
}

extension UInt8 {
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    /// A letter of ASCII, a digit or `_`.
    var isWord: Bool { isDigit || (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A || self == UInt8(ascii: "_") }
}

extension String {
    var hasNoControls: Bool {
        // C1 takes two bytes: C2, and 80 to 9F.
        var last: UInt8 = 0
        for byte in utf8 {
            if byte < 0x20 || byte == 0x7F || last == 0xC2 && byte < 0xA0 { return false }
            last = byte
        }
        return true
    }
}
