import NIOCore

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
            try require(timeout > .zero && timeout <= .hours(365 * 24), "\(timeout)")
            let again = ScrapeTimeout.parse(ScrapeTimeout.text(timeout))
            try require(
                again.map { abs($0.nanoseconds - timeout.nanoseconds) <= 1_000 } ?? false,
                "\(timeout) are written as another time")
        }
        let effective = ScrapeTimeout.effective(text, fallback: .seconds(10), maximum: .seconds(20))
        try require(effective > .zero && effective <= .seconds(20), "\(effective)")
        if let target = AbsoluteTarget(text) { try check(target) }
    }

    private static func check(_ name: FQDN) throws {
        try require(!name.key.isEmpty && name.key.utf8.count <= FQDN.maxBytes, "a name of \(name.key.utf8.count) bytes")
        let dot = name.spelling.hasSuffix(".") ? "." : ""
        try require(name.key + dot == name.spelling.lowercased(), "\(name.key) for \(name.spelling)")
        let isPlain = name.spelling.utf8.allSatisfy { $0 > 0x2C && $0 < 0x7F && $0 != 0x2F }
        try require(isPlain, "characters in \(name.spelling)")
        try require(FQDN(name.description)?.spelling == name.spelling, "\(name) is not read again")
        try require(FQDN(name.urlHost)?.spelling == name.spelling, "\(name.urlHost) is not read again")
        let target = AbsoluteTarget("http://\(name.urlHost):80/")
        try require(target?.authority.host == name.spelling, "\(name.urlHost) is not read from a URL")
    }

    private static func check(_ target: AbsoluteTarget) throws {
        try require(target.path.isEmpty || target.path.utf8.first == 0x2F, "a path of \(target.path)")
        try require(target.pathAndQuery.utf8.first == 0x2F, "a path of \(target.pathAndQuery)")
        try require(!target.pathAndQuery.utf8.contains(UInt8(ascii: "#")), "a fragment in \(target.pathAndQuery)")
        try require(!target.authority.host.utf8.contains(UInt8(ascii: "@")), "user information in \(target.authority)")
        guard let host = FQDN(target.authority.host), host.spelling == target.authority.host else { return }
        let text = "\(target.scheme)://\(target.authority)\(target.pathAndQuery)"
        guard let again = AbsoluteTarget(text) else { throw Violation(description: "\(text) is not read again") }
        try require(
            again.authority == target.authority && again.authority.portSuffix == target.authority.portSuffix
                && again.pathAndQuery == target.pathAndQuery && again.scheme == target.scheme,
            "\(text) is read as something else")
    }
}
