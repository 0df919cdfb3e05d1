import Addresses

/// The name under which a client registers and scrapes ask for it: a host name, or an IP literal.
///
/// Two FQDNs are equal when they differ only in ASCII case and in the root's dot at their end; the spelling is kept because upstream's client
/// compares the host it is asked to scrape with its own name byte for byte.
public struct FQDN: Sendable, Hashable, CustomStringConvertible {
    /// In lower case and without the root's dot; what equality and the record go by.
    public let key: String
    /// As it was spelled by whoever named it.
    public let spelling: String

    /// The longest name that DNS allows in text (RFC 1035 section 3.1).
    public static let maxBytes = 253

    /// `nil` for text that no client could be called: empty, over 253 bytes, with characters other than letters, digits, `-`,
    /// `_` and `.`, without a letter or digit, and not an IPv6 literal either (brackets are taken off one).
    public init?(_ text: String) {
        let utf8 = text.utf8
        guard !utf8.isEmpty, utf8.count <= Self.maxBytes else { return nil }
        var hasUpper = false
        var hasAlphanumeric = false
        for byte in utf8 {
            switch byte {
            case 0x61...0x7A, 0x30...0x39: hasAlphanumeric = true
            case 0x41...0x5A:
                hasAlphanumeric = true
                hasUpper = true
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): break
            default:
                guard let literal = Self.ipv6Literal(text) else { return nil }
                self.key = literal.lowercased()
                self.spelling = literal
                return
            }
        }
        guard hasAlphanumeric else { return nil }
        self.spelling = text
        let name = utf8.last == UInt8(ascii: ".") ? String(text.dropLast()) : text
        self.key = hasUpper ? name.lowercased() : name
    }

    private static func ipv6Literal(_ text: String) -> String? {
        var literal = text
        if literal.hasPrefix("[") && literal.hasSuffix("]") { literal = String(literal.dropFirst().dropLast()) }
        // Without a colon it would be an IPv4 address, which needs no brackets.
        return literal.utf8.contains(UInt8(ascii: ":")) && IPAddress.bytes(literal) != nil ? literal : nil
    }

    public var description: String { spelling }

    /// As it stands in a URL: an IPv6 literal in brackets.
    public var urlHost: String { Authority.inURL(spelling) }

    public static func == (left: FQDN, right: FQDN) -> Bool { left.key == right.key }
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
