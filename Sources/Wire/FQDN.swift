#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The name under which a client registers and scrapes ask for it: a host name, or an IP literal.
///
/// Two FQDNs are equal when they differ only in ASCII case; the spelling is kept because upstream's client compares the host it
/// is asked to scrape with its own name byte for byte.
public struct FQDN: Sendable, Hashable, CustomStringConvertible {
    /// Lower-case; what equality and the record go by.
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
        self.key = hasUpper ? spelling.lowercased() : spelling
    }

    private static func ipv6Literal(_ text: String) -> String? {
        var literal = text
        if literal.hasPrefix("[") && literal.hasSuffix("]") { literal = String(literal.dropFirst().dropLast()) }
        // What follows a NUL would be hidden from the C function, but not from whoever reads the name.
        guard literal.utf8.allSatisfy({ $0.isHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }) else {
            return nil
        }
        var address = in6_addr()
        return inet_pton(AF_INET6, literal, &address) == 1 ? literal : nil
    }

    public var description: String { spelling }

    /// As it stands in a URL: an IPv6 literal in brackets.
    public var urlHost: String { spelling.utf8.contains(UInt8(ascii: ":")) ? "[\(spelling)]" : spelling }

    public static func == (left: FQDN, right: FQDN) -> Bool { left.key == right.key }
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
