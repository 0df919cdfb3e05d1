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
        guard let fqdn = FQDN(target.host) else { throw .unusableHost }
        self.id = id
        self.fqdn = fqdn
        self.head = head
        self.target = target
        self.timeout = ScrapeTimeout.effective(
            head.message.first(HeaderName.scrapeTimeout), fallback: fallback, maximum: maximum)
    }

    public var isHead: Bool { head.method == "HEAD" }

    /// The target as people may see it, in logs, answers and the record: without its query and user information, which may hold
    /// secrets, and cleaned (`withoutControls`).
    public var targetWithoutQuery: String {
        "\(target.scheme)://\(target.hostAndPort)\(target.path)".withoutControls
    }

    /// Writes the request in proxy form, as Go's `Request.WriteProxy` does for upstream: absolute target without user
    /// information (who scrapes with a password sends it as `Authorization`, as Prometheus does), `Host`, end-to-end fields in the order they came, `Id`, and a timeout that is always usable.
    ///
    /// - Parameters:
    ///   - spelling: The client's own spelling of its name, which upstream's client compares byte for byte.
    ///   - waited: How long the scrape has waited for the client. The client is told the rest of the timeout, in whole
    ///     milliseconds rounded up and at least one: told all of it, it would report a slow target when nobody listens any more.
    public func write(into buffer: inout ByteBuffer, spelling: FQDN, waited: TimeAmount) {
        let authority = spelling.urlHost + target.portSuffix
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
        buffer.writeStaticString("Id: ")
        buffer.writeString(id.description)
        buffer.writeStaticString("\r\nX-Prometheus-Scrape-Timeout-Seconds: ")
        buffer.writeString(ScrapeTimeout.text(ScrapeTimeout.left(of: timeout, after: waited)))
        if let body {
            buffer.writeStaticString("\r\nContent-Length: ")
            buffer.writeString(String(body.readableBytes))
        }
        buffer.writeStaticString("\r\n\r\n")
        if let body { buffer.writeImmutableBuffer(body) }
    }
}

/// A request target in absolute form, taken apart (RFC 9112 section 3.2.2).
public struct AbsoluteTarget: Sendable {
    public let scheme: String
    /// Without brackets and port.
    public let host: String
    /// `:9100`, or empty.
    public let portSuffix: String
    /// Begins with `/`, or is empty.
    public let path: String
    /// Path and query as they came, without a fragment; `/` where there is no path.
    public let pathAndQuery: String

    public var hostAndPort: String { (host.contains(":") ? "[\(host)]" : host) + portSuffix }

    /// `nil` for a target that has no scheme, no authority, or a malformed one.
    public init?(_ text: String) {
        let utf8 = text.utf8
        guard let colon = utf8.firstIndex(of: UInt8(ascii: ":")), colon > utf8.startIndex,
            utf8[colon...].starts(with: "://".utf8)
        else { return nil }
        let schemeText = text[..<colon]
        guard schemeText.utf8.allSatisfy({ $0.isTokenCharacter }) else { return nil }
        let start = utf8.index(colon, offsetBy: 3)
        let end = utf8[start...].firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 } ?? utf8.endIndex
        var authority = text[start..<end]
        // User information ends at the last "@": a password may hold one.
        if let at = authority.utf8.lastIndex(of: UInt8(ascii: "@")) { authority = authority[utf8.index(after: at)...] }
        var hostEnd = authority.endIndex
        var hostText = authority
        if authority.utf8.first == UInt8(ascii: "[") {
            guard let bracket = authority.utf8.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hostText = authority[utf8.index(after: authority.startIndex)..<bracket]
            hostEnd = utf8.index(after: bracket)
        } else if let colon = authority.utf8.firstIndex(of: UInt8(ascii: ":")) {
            hostText = authority[..<colon]
            hostEnd = colon
        }
        let port = authority[hostEnd...]
        if !port.isEmpty {
            guard port.utf8.first == UInt8(ascii: ":"), port.utf8.count <= 6,
                port.utf8.dropFirst().allSatisfy({ $0.isDigit })
            else { return nil }
        }
        let rest = text[end..<(utf8[end...].firstIndex(of: UInt8(ascii: "#")) ?? utf8.endIndex)]
        let query = rest.utf8.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        self.scheme = schemeText == "http" ? "http" : schemeText.lowercased()
        self.host = String(hostText)
        self.portSuffix = port.utf8.count > 1 ? String(port) : ""
        self.path = String(rest[..<query])
        self.pathAndQuery =
            if path.isEmpty { "/" + rest } else if query == rest.endIndex { path } else { String(rest) }
    }
}
