import Wire

/// One pattern of a grant: a name, names with `*`, everything, or the names in the peer's own certificate.
enum NamePattern: Sendable, Hashable {
    case everything
    case own
    case name(FQDN)
    case names(Glob)

    /// What a pattern's text was wrong about, and what to write instead.
    struct Flaw: Error, CustomStringConvertible {
        let description: String
    }

    init(_ text: String) throws(Flaw) {
        if text.utf8.first == UInt8(ascii: "*"), text.utf8.allSatisfy({ $0 == UInt8(ascii: "*") }) {
            self = .everything
        } else if text == "@own" {
            self = .own
        } else if text.hasPrefix("@") {
            throw Flaw(
                description: "@own is the only word with @; write @own, a name, or a pattern such as *.example.org")
        } else if text.contains("*") {
            self = .names(try Self.glob(text))
        } else {
            guard let name = FQDN(text) else { throw Self.noName(text) }
            self = .name(name)
        }
    }

    private static func glob(_ text: String) throws(Flaw) -> Glob {
        let bytes = text.utf8.filter { $0 != UInt8(ascii: "*") }
        // With a letter in the place of `*`, it must be a name.
        guard text.utf8.count <= FQDN.maxBytes, bytes.allSatisfy(\.isOfName) else { throw noName(text) }
        if bytes.contains(where: \.isDigit), bytes.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }) {
            throw Flaw(description: "an IP address is matched by itself or by * alone; write out the addresses")
        }
        guard let glob = Glob(text.lowercased()) else { throw noName(text) }
        return glob
    }

    private static func noName(_ text: String) -> Flaw {
        let hint =
            if text.isEmpty {
                "is empty"
            } else if text.contains("/") {
                "is a URL; write the name alone"
            } else if text.contains(":") {
                "has a colon; write the name without a port, an IPv6 address as it is"
            } else if text.contains(where: { $0 == "," || $0 == " " }) {
                "has a comma or a space; write each name as an entry of its own"
            } else if text.utf8.count > FQDN.maxBytes {
                "is longer than \(FQDN.maxBytes) bytes"
            } else {
                "is no name; a name has letters, digits, -, _ and dots, and * for any of them"
            }
        return Flaw(description: hint)
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isOfName: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}

extension FQDN {
    /// Whether it is read as an IP address, in any of the forms that `inet_aton` knows (`10.1`, `0x7f.0.0.1`) too: such a name is matched by
    /// itself or `*` alone.
    var isAddress: Bool {
        if key.utf8.contains(UInt8(ascii: ":")) { return true }
        guard let last = key.utf8.last(where: { $0 != UInt8(ascii: ".") }), last.hexValue != nil else { return false }
        var parts = key.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        return parts.count <= 4
            && parts.allSatisfy { part in
                let digits = part.starts(with: "0x".utf8) ? part.dropFirst(2) : part[...]
                return !part.isEmpty
                    && (digits.count < part.count
                        ? digits.allSatisfy { $0.hexValue != nil } : part.allSatisfy(\.isDigit))
            }
    }
}
