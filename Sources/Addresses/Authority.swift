/// Host and port as URLs, `Host` fields and flags write them: `web-1`, `web-1:9100`, `127.0.0.1:80`, `[::1]:9100`, `:8080`.
///
/// User information is none of it. Whether the host may be empty, the port be missing or 0, and what else makes a host a good one, is for
/// whoever asks.
public struct Authority: Sendable, Equatable, CustomStringConvertible {
    /// Without brackets; may be empty.
    public let host: String
    /// 0…65535; `nil` where none is given.
    public let port: Int?
    /// The port as it was written, `:9100`; empty where none is given.
    public let portSuffix: String

    /// - Parameters:
    ///   - host: without brackets.
    ///   - port: 0…65535.
    public init(host: String, port: Int?) {
        self.host = host
        self.port = port
        portSuffix = port.map { ":\($0)" } ?? ""
    }

    /// `nil` for text with brackets that enclose nothing, do not match or stand anywhere but around the host, with an IPv6 address that has
    /// none, with blanks, control characters or marks that end an authority, or with a port that is not up to five digits for a number up to
    /// 65535. A colon without a port counts as none (RFC 3986 section 3.2.3).
    public init?(_ text: Substring) {
        let utf8 = text.utf8
        var host = text
        var rest = text[text.endIndex...]
        if utf8.first == UInt8(ascii: "[") {
            guard let bracket = utf8.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = text[utf8.index(after: utf8.startIndex)..<bracket]
            rest = text[utf8.index(after: bracket)...]
            guard !host.isEmpty else { return nil }
        } else if let colon = utf8.firstIndex(of: UInt8(ascii: ":")) {
            host = text[..<colon]
            rest = text[colon...]
        }
        guard host.utf8.allSatisfy(Self.mayStandInHost) else { return nil }
        var port: Int?
        if !rest.isEmpty {
            guard rest.utf8.first == UInt8(ascii: ":") else { return nil }
            let digits = rest.utf8.dropFirst()
            if !digits.isEmpty {
                guard let number = Self.port(digits) else { return nil }
                port = number
            }
        }
        self.host = String(host)
        self.port = port
        portSuffix = port == nil ? "" : String(rest)
    }

    /// As it stands in a URL, the host in brackets where it is an IPv6 address.
    public var description: String { Self.inURL(host) + portSuffix }

    /// A host as it stands in a URL: an IPv6 address in brackets.
    public static func inURL(_ host: String) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    }

    public static func == (left: Authority, right: Authority) -> Bool {
        left.host == right.host && left.port == right.port
    }

    /// Digits and nothing else: the standard library's numbers may have a sign.
    private static func port(_ digits: Substring.UTF8View) -> Int? {
        guard digits.count <= 5 else { return nil }
        var number = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number <= 65_535 ? number : nil
    }

    private static func mayStandInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F: false
        case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "@"), UInt8(ascii: "["),
            UInt8(ascii: "]"):
            false
        default: true
        }
    }
}
