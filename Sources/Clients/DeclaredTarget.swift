/// A target that a client offers under one of its names.
public struct DeclaredTarget: Hashable, Sendable {
    /// 1 or more.
    public let port: UInt16
    public let path: TargetPath
    /// Of this target besides those of its name; sorted by name. They win over those.
    public let labels: [Label]

    public init(port: UInt16, path: TargetPath = .standard, labels: [Label] = []) throws(DeclarationProblem) {
        guard port > 0 else { throw .port("0") }
        self.port = port
        self.path = path
        self.labels = try Label.sorted(labels)
    }

    /// As people write it, and as `text` begins: `9100`, `9113/snmp?module=x`.
    public init(written text: String, labels: [Label] = []) throws(DeclarationProblem) {
        let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) ?? text.endIndex
        let path = slash == text.endIndex ? TargetPath.standard : try TargetPath(String(text[slash...]))
        try self.init(port: try Self.port(text[..<slash]), path: path, labels: labels)
    }

    /// As `text` has it.
    public init(text: some StringProtocol) throws(DeclarationProblem) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { throw .coding(String(text)) }
        let words = Substring(text).drop { $0 == " " }
        let end = words.firstIndex(of: " ") ?? words.endIndex
        try self.init(written: String(words[..<end]), labels: try Label.labels(text: words[end...]))
    }

    /// On the wire and in the record: `9113/snmp?module=x job=nginx team=web%20ops`, the path only where it is not `/metrics`.
    public var text: String {
        labels.isEmpty ? place : place + " " + Label.text(of: labels)
    }

    /// Port and path, which no two targets of a name have in common: `9113/snmp?module=x`.
    public var place: String { path == .standard ? "\(port)" : "\(port)\(path)" }

    static func port(_ text: Substring) throws(DeclarationProblem) -> UInt16 {
        // A sign would be read as a part of a number.
        guard text.utf8.first?.isDigit == true, text.utf8.count <= 5, let port = UInt16(text), port > 0 else {
            throw .port(String(text))
        }
        return port
    }
}
