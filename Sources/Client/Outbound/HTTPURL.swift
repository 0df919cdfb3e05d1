/// An absolute `http` or `https` URL as a flag or the environment gives it.
struct HTTPURL: Sendable, Equatable {
    /// What is wrong with a text that is no such URL, as half a sentence that begins with "it".
    struct Malformed: Error, Equatable { let explanation: String }

    let isHTTPS: Bool
    /// Without brackets; not empty.
    let host: String
    /// 1…65535, the scheme's own unless given.
    let port: Int
    /// As written, without user information: `host`, `host:8080`, `[::1]:8080`.
    let authority: String
    /// User and password, percent-decoded; `nil` where the URL has none.
    let user: (name: [UInt8], password: [UInt8])?
    /// As written, without slashes at its end: empty or `/prefix`.
    let path: String

    init(_ text: String) throws(Malformed) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Malformed(explanation: "it holds characters that a URL can't hold")
        }
        guard let schemeEnd = text.firstRange(of: "://") else {
            throw Malformed(explanation: "it does not begin with http:// or https://")
        }
        switch text[..<schemeEnd.lowerBound].lowercased() {
        case "http": isHTTPS = false
        case "https": isHTTPS = true
        default: throw Malformed(explanation: "it does not begin with http:// or https://")
        }
        let rest = text[schemeEnd.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        var authority = rest[..<authorityEnd]
        if let at = authority.lastIndex(of: "@") {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = (Self.percentDecoded(parts[0]), parts.count > 1 ? Self.percentDecoded(parts[1]) : [])
            authority = authority[authority.index(after: at)...]
        } else {
            user = nil
        }
        let tail = rest[authorityEnd...]
        guard !tail.contains("?"), !tail.contains("#") else {
            throw Malformed(explanation: "it has a query or a fragment")
        }
        var path = tail
        while path.hasSuffix("/") { path.removeLast() }
        self.path = String(path)
        self.authority = String(authority)
        guard let (host, port) = Self.split(authority) else {
            throw Malformed(explanation: "its host or port is malformed")
        }
        self.host = host
        self.port = port ?? (isHTTPS ? 443 : 80)
    }

    /// Host and port of an authority; `nil` when it is malformed.
    private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
        var host = authority
        var port = Substring()
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            host = authority[..<bracket].dropFirst()
            port = authority[authority.index(after: bracket)...]
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[colon...]
        }
        guard !host.isEmpty else { return nil }
        if port.isEmpty || port == ":" { return (String(host), nil) }
        guard port.hasPrefix(":"), port.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }),
            let number = UInt16(port.dropFirst()), number > 0
        else { return nil }
        return (String(host), Int(number))
    }

    private static func percentDecoded(_ text: Substring) -> [UInt8] {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = Character(Unicode.Scalar(bytes[index + 1])).hexDigitValue,
                let low = Character(Unicode.Scalar(bytes[index + 2])).hexDigitValue
            {
                decoded.append(UInt8(high << 4 | low))
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return decoded
    }

    static func == (left: HTTPURL, right: HTTPURL) -> Bool {
        left.isHTTPS == right.isHTTPS && left.authority == right.authority && left.path == right.path
            && left.basicCredentials == right.basicCredentials
    }

    /// The value of an `Authorization` field for the user information; `nil` without such.
    var basicCredentials: String? {
        user.map { "Basic " + Base64.encoded($0.name + [UInt8(ascii: ":")] + $0.password) }
    }

    /// For logs: without the credentials.
    var withoutCredentials: String { "\(isHTTPS ? "https" : "http")://\(authority)\(path)/" }
}
