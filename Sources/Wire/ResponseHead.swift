import NIOCore

/// The head of a response as a client sees it: a target's, or the proxy's.
public struct ResponseHead: Sendable {
    public let message: MessageHead
    /// 100…999.
    public let status: Int
    /// 0 or 1: HTTP/1.0 or HTTP/1.1.
    public let minorVersion: Int
    /// How the body is delimited on the connection, the request having been something else than HEAD.
    public let framing: Framing
    /// Whether the connection may serve another request after this response, where the framing lets its end be seen.
    public let keepsAlive: Bool

    /// Takes a response's head off the front of `buffer`; `nil` while it is incomplete.
    public static func parse(
        _ buffer: inout ByteBuffer, with parser: inout HeadParser
    ) throws(HeadError) -> ResponseHead? {
        guard let message = try parser.parse(&buffer) else { return nil }
        return try ResponseHead(message)
    }

    init(_ message: MessageHead) throws(HeadError) {
        guard let line = StatusLine(of: message), line.status >= 100 else { throw .malformedStartLine }
        guard line.major == 1 else { throw .unsupportedVersion }
        self.message = message
        status = line.status
        minorVersion = min(line.minor, 1)
        let announced = try Framing.announced(by: message)
        let hasNoBody = line.status < 200 || line.status == 204 || line.status == 304
        framing = hasNoBody ? .none : announced ?? .untilEnd
        keepsAlive =
            line.minor == 0
            ? message.lists("keep-alive", in: "Connection") : !message.lists("close", in: "Connection")
    }
}
