import Addresses
import Settings
import Wire

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
        let scheme = text.firstRange(of: "://").map { text[..<$0.lowerBound].lowercased() }
        guard scheme == "http" || scheme == "https" else {
            throw Malformed(explanation: "it does not begin with http:// or https://")
        }
        guard let parts = URLParts(text), !parts.authority.host.isEmpty, parts.authority.port != 0 else {
            throw Malformed(explanation: "its host or port is malformed")
        }
        guard !parts.hasQuery, !parts.hasFragment else {
            throw Malformed(explanation: "it has a query or a fragment")
        }
        user = parts.userInfo.map { info in
            let words = info.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.percentDecoded(words[0]), words.count > 1 ? Self.percentDecoded(words[1]) : [])
        }
        var path = parts.path
        while path.hasSuffix("/") { path.removeLast() }
        self.path = String(path)
        isHTTPS = scheme == "https"
        host = parts.authority.host
        port = parts.authority.port ?? (isHTTPS ? 443 : 80)
        authority = parts.authority.description
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
    var basicCredentials: Secret? { user.map { Self.basic($0.name, $0.password) } }

    /// RFC 7617.
    static func basic(_ name: [UInt8], _ password: [UInt8]) -> Secret {
        Secret("Basic " + Base64.encoded(name + [UInt8(ascii: ":")] + password))
    }

    /// For logs: without the credentials.
    var withoutCredentials: String { "\(isHTTPS ? "https" : "http")://\(authority)\(path)/" }
}
