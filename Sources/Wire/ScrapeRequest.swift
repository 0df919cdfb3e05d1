import Addresses
import NIOCore

/// A scrape as it travels from Prometheus to a client: the request that the answer to a poll carries.
public struct ScrapeRequest: Sendable {
    public let id: ScrapeID
    /// Whom it is for.
    public let fqdn: FQDN
    /// The head that the scraper sent.
    private let head: RequestHead
    private let target: AbsoluteTarget
    /// How long all of it may take.
    public let timeout: TimeAmount
    /// The request's body; scrapes have none as a rule.
    public var body: ByteBuffer?

    /// Why a request can't be handed to a client.
    public enum Refusal: Error, Sendable, Equatable {
        /// The request target is not `scheme://host…`.
        case notAbsolute
        /// The host is empty, or not what a client could be called.
        case unusableHost
    }

    /// - Parameters:
    ///   - fallback: The timeout where the head has no usable one.
    ///   - maximum: The most that is granted.
    public init(_ head: RequestHead, id: ScrapeID, fallback: TimeAmount, maximum: TimeAmount) throws(Refusal) {
        guard let target = AbsoluteTarget(head.target) else { throw .notAbsolute }
        guard let fqdn = FQDN(target.authority.host) else { throw .unusableHost }
        self.id = id
        self.fqdn = fqdn
        self.head = head
        self.target = target
        self.timeout = ScrapeTimeout.effective(
            head.message.first(HeaderName.scrapeTimeout), fallback: fallback, maximum: maximum)
    }

    public var isHead: Bool { head.method == "HEAD" }

    /// It does no harm when it is made twice: it is a GET or a HEAD.
    public var isRepeatable: Bool { head.method == "GET" || isHead }

    /// The target as people may see it, in logs, answers and the record: without its query and user information, which may hold
    /// secrets, and cleaned (`withoutControls`).
    public var targetWithoutQuery: String {
        "\(target.scheme)://\(target.authority)\(target.path)".withoutControls
    }

    /// Writes the request in proxy form, as Go's `Request.WriteProxy` does for upstream: absolute target without user
    /// information (who scrapes with a password sends it as `Authorization`, as Prometheus does), `Host`, end-to-end fields in the order they came, `Id`, and a timeout that is always usable.
    ///
    /// - Parameters:
    ///   - spelling: The client's own spelling of its name, which upstream's client compares byte for byte.
    ///   - waited: How long the scrape has waited for the client. The client is told the rest of the timeout, in whole
    ///     milliseconds rounded up and at least one: told all of it, it would report a slow target when nobody listens any more.
    ///   - namesID: Whether there is an `Id`, which the response names.
    public func write(into buffer: inout ByteBuffer, spelling: FQDN, waited: TimeAmount, namesID: Bool = true) {
        let authority = spelling.urlHost + target.authority.portSuffix
        buffer.writeString(head.method)
        buffer.writeStaticString(" ")
        buffer.writeString(target.scheme)
        buffer.writeStaticString("://")
        buffer.writeString(authority)
        buffer.writeString(target.pathAndQuery)
        buffer.writeStaticString(" HTTP/1.1\r\nHost: ")
        buffer.writeString(authority)
        buffer.writeStaticString("\r\n")
        head.message.writeEndToEndFields(into: &buffer) { name in
            switch name.count {
            case 2: name.equalsIgnoringCase(HeaderName.id)
            case 4: name.equalsIgnoringCase("Host")
            case 6: name.equalsIgnoringCase("Expect")
            case 14: name.equalsIgnoringCase("Content-Length")
            case 35: name.equalsIgnoringCase(HeaderName.scrapeTimeout)
            default: false
            }
        }
        if namesID {
            buffer.writeStaticString("Id: ")
            buffer.writeString(id.description)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("X-Prometheus-Scrape-Timeout-Seconds: ")
        buffer.writeString(ScrapeTimeout.text(ScrapeTimeout.left(of: timeout, after: waited)))
        if let body {
            buffer.writeStaticString("\r\nContent-Length: ")
            buffer.writeString(String(body.readableBytes))
        }
        buffer.writeStaticString("\r\n\r\n")
        if let body { buffer.writeImmutableBuffer(body) }
    }
}
