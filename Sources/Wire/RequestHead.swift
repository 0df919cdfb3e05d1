import NIOCore

/// The head of a request as a server sees it.
public struct RequestHead: Sendable {
    public let message: MessageHead
    /// A token, in the case it came in: methods are case-sensitive.
    public let method: String
    /// The request target as sent: origin form, absolute form, `*`, or an authority for CONNECT.
    public let target: String
    /// 0 or 1: HTTP/1.0 or HTTP/1.1 (a higher minor version counts as 1.1, RFC 9110 section 2.5).
    public let minorVersion: Int
    public let framing: Framing
    /// Whether the peer means to go on using the connection after this request.
    public let keepsAlive: Bool

    /// Takes a request's head off the front of `buffer`; `nil` while it is incomplete.
    ///
    /// - Throws: `HeadError` for what must be answered 400, 431 or 505 and ends the connection.
    public static func parse(_ buffer: inout ByteBuffer, with parser: inout HeadParser) throws(HeadError)
        -> RequestHead?
    {
        guard let message = try parser.parse(&buffer) else { return nil }
        return try RequestHead(message)
    }

    init(_ message: MessageHead) throws(HeadError) {
        let line = message.bytes.withUnsafeReadableBytes { Self.split($0[message.startLine]) }
        guard let line else { throw .malformedStartLine }
        guard line.major == 1 else { throw .unsupportedVersion }
        let hosts = message.count(of: "Host")
        guard hosts == 1 || (hosts == 0 && line.minor == 0) else { throw .missingHost }
        let framing = try Framing.announced(by: message)
        // HTTP/1.0 has no chunks; taking them from it invites two readings of one stream.
        if framing == .chunked && line.minor == 0 { throw .ambiguousLength }
        self.message = message
        self.method = line.method
        self.target = line.target
        self.minorVersion = min(line.minor, 1)
        self.framing = framing ?? .none
        if line.minor == 0 {
            self.keepsAlive = message.lists("keep-alive", in: "Connection")
        } else {
            self.keepsAlive = !message.lists("close", in: "Connection")
        }
    }

    /// Whether the peer holds its body back until it reads `100 Continue` (RFC 9110 section 10.1.1).
    public var expectsContinue: Bool { minorVersion == 1 && message.lists("100-continue", in: "Expect") }

    /// Whether the peer would go on in another protocol (RFC 9110 section 7.8), compared without case. HTTP/1.0 can't.
    public func asksToUpgrade(to name: String) -> Bool {
        minorVersion == 1 && message.lists("upgrade", in: "Connection") && message.lists(name, in: "Upgrade")
    }

    private static func split(
        _ line: Slice<UnsafeRawBufferPointer>
    ) -> (method: String, target: String, major: Int, minor: Int)? {
        guard let first = line.firstIndex(of: UInt8(ascii: " ")), let last = line.lastIndex(of: UInt8(ascii: " ")),
            first < last
        else { return nil }
        let method = line[..<first]
        // A further space in between would be in the target, which may not hold one.
        let target = line[(first + 1)..<last]
        guard !method.isEmpty, method.allSatisfy(\.isTokenCharacter), !target.isEmpty,
            target.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), let version = HTTPVersion.parse(line[(last + 1)...])
        else { return nil }
        return (
            String(decoding: method, as: UTF8.self), String(decoding: target, as: UTF8.self), version.major,
            version.minor
        )
    }
}

/// `HTTP/` and two numbers.
enum HTTPVersion {
    static func parse(_ text: Slice<UnsafeRawBufferPointer>) -> (major: Int, minor: Int)? {
        guard text.count == 8, text.starts(with: "HTTP/".utf8) else { return nil }
        let major = text[text.startIndex + 5]
        let minor = text[text.startIndex + 7]
        guard major.isDigit, minor.isDigit, text[text.startIndex + 6] == UInt8(ascii: ".") else { return nil }
        return (Int(major) - 0x30, Int(minor) - 0x30)
    }
}
