@testable import Wire

extension FuzzBody {
    /// Names, ids, timeouts and targets as requests have them.
    static let names = FuzzBody(name: "names") { bytes in
        let text = FuzzInput(bytes).text
        if let name = FQDN(text) { try check(name) }
        if let id = InstanceID(text) {
            try require(id.description == text.lowercased() && InstanceID(id.description) == id, id.description)
        }
        if let id = ScrapeID(text) {
            try require(id.description == text.lowercased() && ScrapeID(id.description) == id, id.description)
        }
        if let timeout = ScrapeTimeout.parse(text) {
            try require(timeout > 0 && timeout <= 31_536_000_000_000_000, "\(timeout) ns")
            let again = ScrapeTimeout.parse(ScrapeTimeout.text(nanoseconds: timeout))
            try require(again.map { abs($0 - timeout) <= 1_000 } ?? false, "\(timeout) ns are written as another time")
        }
        let effective = ScrapeTimeout.effective(text, fallback: 10, maximum: 20)
        try require(effective > 0 && effective <= 20, "\(effective) ns")
        if let target = AbsoluteTarget(text) { try check(target) }
    }

    private static func check(_ name: FQDN) throws {
        try require(!name.key.isEmpty && name.key.utf8.count <= FQDN.maxBytes, "a name of \(name.key.utf8.count) bytes")
        try require(name.key == name.spelling.lowercased(), "\(name.key) for \(name.spelling)")
        let isPlain = name.spelling.utf8.allSatisfy { $0 > 0x2C && $0 < 0x7F && $0 != 0x2F }
        try require(isPlain, "characters in \(name.spelling)")
        try require(FQDN(name.description)?.spelling == name.spelling, "\(name) is not read again")
        try require(FQDN(name.urlHost)?.spelling == name.spelling, "\(name.urlHost) is not read again")
        let target = AbsoluteTarget("http://\(name.urlHost):80/")
        try require(target?.host == name.spelling, "\(name.urlHost) is not read from a URL")
    }

    private static func check(_ target: AbsoluteTarget) throws {
        try require(target.path.isEmpty || target.path.utf8.first == 0x2F, "a path of \(target.path)")
        try require(target.pathAndQuery.utf8.first == 0x2F, "a path of \(target.pathAndQuery)")
        try require(!target.pathAndQuery.utf8.contains(UInt8(ascii: "#")), "a fragment in \(target.pathAndQuery)")
        try require(!target.host.utf8.contains(UInt8(ascii: "@")), "user information in \(target.host)")
        guard let host = FQDN(target.host), host.spelling == target.host else { return }
        let text = "\(target.scheme)://\(target.hostAndPort)\(target.pathAndQuery)"
        guard let again = AbsoluteTarget(text) else { throw Violation(description: "\(text) is not read again") }
        try require(
            again.host == target.host && again.portSuffix == target.portSuffix
                && again.pathAndQuery == target.pathAndQuery && again.scheme == target.scheme,
            "\(text) is read as something else")
    }
}
