/// A URL with an authority, `scheme://[user@]host[:port][/path][?query][#fragment]`, cut into its parts (RFC 3986 section 3).
public struct URLParts: Sendable {
    /// As written; not empty.
    public let scheme: Substring
    /// As written: a name, or a name and a password with a colon between; `nil` where there is none.
    public let userInfo: Substring?
    public let authority: Authority
    /// Begins with `/`, or is empty.
    public let path: Substring
    /// Path and query as written, without the fragment.
    public let pathAndQuery: Substring
    public let hasFragment: Bool

    public var hasQuery: Bool { path.endIndex != pathAndQuery.endIndex }

    /// `nil` for text without a scheme, and for one whose authority is malformed.
    public init?(_ text: String) {
        let utf8 = text.utf8
        guard let colon = utf8.firstIndex(of: UInt8(ascii: ":")), colon > utf8.startIndex,
            utf8[colon...].starts(with: "://".utf8), utf8[..<colon].allSatisfy(Self.isOfScheme)
        else { return nil }
        let start = utf8.index(colon, offsetBy: 3)
        let end = utf8[start...].firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 } ?? utf8.endIndex
        var authorityText = text[start..<end]
        var userInfo: Substring?
        // User information ends at the last "@": a password may hold one.
        if let at = authorityText.utf8.lastIndex(of: UInt8(ascii: "@")) {
            userInfo = authorityText[..<at]
            authorityText = authorityText[utf8.index(after: at)...]
        }
        guard let authority = Authority(authorityText) else { return nil }
        let fragment = utf8[end...].firstIndex(of: UInt8(ascii: "#"))
        let rest = text[end..<(fragment ?? utf8.endIndex)]
        scheme = text[..<colon]
        self.userInfo = userInfo
        self.authority = authority
        path = rest[..<(rest.utf8.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex)]
        pathAndQuery = rest
        hasFragment = fragment != nil
    }

    /// Letters, digits, `+`, `-` and `.` (RFC 3986 section 3.1).
    private static func isOfScheme(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
