import NIOCore

/// The scrape that a poll was answered with, or that a tunnel's stream was opened with: an HTTP/1.1 request in absolute form, as a client reads it.
///
///     GET http://client:9100/metrics?x=y HTTP/1.1\r\n
///     Host: client:9100\r\n
///     Id: 5f0c3c5e-…\r\n
///     \r\n
public struct PolledRequest: Sendable {
    /// Why bytes are no scrape.
    public struct Malformed: Error, Equatable, Sendable {
        /// The scrape's id where it could be read all the same: then its failure can be pushed.
        public let id: String?
        /// What is wrong, as half a sentence that begins with "it" and holds nothing of the request.
        public let explanation: String
    }

    /// The longest id that is taken, in bytes; a UUID has 36.
    public static let maxIDBytes = 256

    /// A token; never `CONNECT`.
    public let method: String
    /// Without user information; its scheme is `http` or `https`, its host not empty.
    public let target: AbsoluteTarget
    /// 1…65535; `nil` where the URL leaves it to the scheme.
    public var port: Int? { target.authority.port }
    public let message: MessageHead
    /// As the proxy wrote it, or as it is called here where the proxy wrote none; not empty. Another proxy's need not be a UUID.
    public let id: String
    /// What `X-Prometheus-Scrape-Timeout-Seconds` asks for; `nil` when it is missing or unusable.
    public let timeout: TimeAmount?
    /// The decoded body; `nil` for none.
    public let body: ByteBuffer?

    public var isHead: Bool { method == "HEAD" }

    /// Reads the whole body of a poll's answer. What stands behind the request is ignored, as upstream ignores it.
    ///
    /// - Parameters:
    ///   - givenID: What to call the scrape where it needs no `Id`: a stream of a tunnel has a number.
    ///   - maxHeadBytes: The largest head taken, what the proxy adds to the scraper's aside.
    public init(parsing answer: ByteBuffer, id givenID: String? = nil, maxHeadBytes: Int) throws(Malformed) {
        var rest = answer
        var parser = HeadParser(carriedIn: .response, maxBytes: maxHeadBytes)
        let parsed: MessageHead?
        do throws(HeadError) {
            parsed = try parser.parse(&rest)
        } catch {
            throw Malformed(
                id: givenID ?? Self.usable(answer.salvagedID()), explanation: "it is malformed: \(error.explanation)")
        }
        guard let message = parsed else {
            throw Malformed(
                id: givenID ?? Self.usable(answer.salvagedID()), explanation: "it ends before its header fields do")
        }
        guard let id = givenID ?? Self.usable(message.first(HeaderName.id)) else {
            throw Malformed(id: nil, explanation: "it has no usable Id")
        }
        self.message = message
        self.id = id

        guard let line = Self.splitStartLine(of: message) else {
            throw Malformed(id: id, explanation: "it does not begin with an HTTP/1 request line")
        }
        guard line.method != "CONNECT" else {
            throw Malformed(id: id, explanation: "it asks for a tunnel, which is no scrape")
        }
        method = line.method
        guard let target = AbsoluteTarget(line.target), target.scheme == "http" || target.scheme == "https",
            !target.authority.host.isEmpty, target.authority.port != 0
        else { throw Malformed(id: id, explanation: "its URL is not an absolute http URL") }
        self.target = target
        timeout = ScrapeTimeout.parse(message.first(HeaderName.scrapeTimeout))
        do {
            body = try Self.body(of: message, in: rest)
        } catch {
            throw Malformed(id: id, explanation: "its body is malformed or incomplete")
        }
    }

    private static func usable(_ id: String?) -> String? {
        id.flatMap { $0.isEmpty || $0.utf8.count > maxIDBytes ? nil : $0 }
    }

    private static func splitStartLine(of message: MessageHead) -> (method: String, target: String)? {
        message.bytes.withUnsafeReadableBytes { raw in
            let words = raw[message.startLine].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(\.isTokenCharacter),
                words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let version = HTTPVersion.parse(words[2]),
                version.major == 1
            else { return nil }
            return (String(decoding: words[0], as: UTF8.self), String(decoding: words[1], as: UTF8.self))
        }
    }

    private struct Incomplete: Error {}

    private static func body(of message: MessageHead, in bytes: ByteBuffer) throws -> ByteBuffer? {
        guard let framing = try Framing.announced(by: message), framing != .length(0) else { return nil }
        var decoder = BodyDecoder(framing)
        var rest = bytes
        var content = ByteBuffer()
        while true {
            switch try decoder.next(&rest) {
            case .bytes(var slice): content.writeBuffer(&slice)
            case .end: return content
            case .needsMore: throw Incomplete()
            }
        }
    }
}
