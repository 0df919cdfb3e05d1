import NIOCore

@testable import Client
@testable import Wire

extension FuzzBody {
    /// A scraper's request all the way to the target: what the proxy writes, the client reads, and what that asks the target for.
    static let scrapes = FuzzBody(name: "scrapes") { bytes in
        var buffer = FuzzInput(bytes).buffer
        var parser = HeadParser(.request, maxBytes: 65_536)
        guard let head = try? RequestHead.parse(&buffer, with: &parser),
            var scrape = try? ScrapeRequest(
                head, id: ScrapeID(high: 1, low: 2), fallback: .seconds(10), maximum: .minutes(1))
        else { return }
        try require(scrape.timeout > .zero && scrape.timeout <= .minutes(1), "a timeout of \(scrape.timeout)")
        try require(!scrape.targetWithoutQuery.contains("?"), "a query in \(scrape.targetWithoutQuery)")
        if head.framing != .none { scrape.body = buffer }
        var written = ByteBuffer()
        scrape.write(into: &written, spelling: scrape.fqdn, waited: .zero)
        let polled: PolledRequest
        do throws(PolledRequest.Malformed) {
            polled = try PolledRequest(parsing: written, maxHeadBytes: 70_000)
        } catch {
            try require(error.id == scrape.id.description, "a refusal that can't be told: \(error)")
            return
        }
        try compare(scrape, head, polled)
        guard let admitted = try admit(polled, by: scrape.fqdn.spelling) else { return }
        try check(admitted)
    }

    /// The body of a poll's answer, from any proxy, to what the target is asked.
    static let polls = FuzzBody(name: "polls") { bytes in
        let polled: PolledRequest
        do throws(PolledRequest.Malformed) {
            polled = try PolledRequest(parsing: FuzzInput(bytes).buffer, maxHeadBytes: 1_024)
        } catch {
            try require(error.id?.isEmpty != true, "an empty id")
            return
        }
        try require(!polled.id.isEmpty && polled.id.utf8.count <= PolledRequest.maxIDBytes, "an id of \(polled.id)")
        try require(polled.port.map { (1...65_535).contains($0) } ?? true, "port \(polled.port ?? 0)")
        try require(["http", "https"].contains(polled.target.scheme), polled.target.scheme)
        if let timeout = polled.timeout { try require(timeout > .zero, "a timeout of \(timeout)") }
        guard let admitted = try admit(polled, by: polled.target.authority.host) else { return }
        try check(admitted)
    }

    /// What a client of this name makes of it that allows the method, if a method may be called so; `nil` for a right refusal.
    private static func admit(_ polled: PolledRequest, by fqdn: String) throws -> TargetRequest? {
        let isReading = ["GET", "HEAD"].contains(polled.method)
        let now = NIODeadline.uptimeNanoseconds(1)
        let deadline = polled.timeout.map { now + $0 }
        let byDefault = try? TargetPolicy(fqdn: fqdn).admit(polled, deadline: deadline, at: now)
        try require(byDefault == nil || isReading, "\(polled.method) is allowed by default")
        let methods = ScrapeMethods(polled.method)
        let admitted = try? TargetPolicy(fqdn: fqdn, methods: methods ?? .reading)
            .admit(polled, deadline: deadline, at: now)
        if let admitted {
            try require(
                admitted.deadline > now && admitted.deadline <= now + TargetPolicy.maxTimeout, "\(admitted.deadline)")
        }
        try require(
            admitted != nil || methods == nil || polled.timeout == nil, "a scrape for this client was refused")
        if let admitted { try checkAllowed(admitted) }
        return admitted
    }

    /// What `--scrape.allow` lets through stays where it is allowed, however a target reads the path.
    private static func checkAllowed(_ admitted: TargetRequest) throws {
        let path = admitted.request.target.path
        guard let port = try? AllowedTarget("\(admitted.port)"), let some = try? AllowedTarget("\(admitted.port)/m*")
        else { throw Violation(description: "no pattern for port \(admitted.port)") }
        try require(port.allows(port: admitted.port, path: path), "a port that is allowed is refused")
        guard some.allows(port: admitted.port, path: path) else { return }
        var decoded: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                decoded.append(value)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        try require(decoded.starts(with: "/m".utf8) && decoded.allSatisfy { $0 < 0x7F && $0 >= 0x20 }, path)
        for segment in decoded.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) {
            try require(!segment.starts(with: "..;".utf8) && !segment.elementsEqual("..".utf8), path)
        }
    }

    private static func compare(_ scrape: ScrapeRequest, _ head: RequestHead, _ polled: PolledRequest) throws {
        let target = AbsoluteTarget(head.target)
        try require(polled.id == scrape.id.description, "another id: \(polled.id)")
        try require(polled.method == head.method, "another method: \(polled.method)")
        try require(
            polled.target.authority.host == scrape.fqdn.spelling, "another host: \(polled.target.authority.host)")
        try require(polled.target.pathAndQuery == target?.pathAndQuery, "another path: \(polled.target.pathAndQuery)")
        try require(
            polled.timeout.map { abs($0.nanoseconds - scrape.timeout.nanoseconds) <= 1_000 } ?? false, "another timeout"
        )
        try require(polled.body ?? ByteBuffer() == scrape.body ?? ByteBuffer(), "another body")
        for name in ["Host", HeaderName.id, HeaderName.scrapeTimeout] {
            try require(polled.message.count(of: name) == 1, "\(polled.message.count(of: name)) × \(name)")
        }
        try require(!polled.message.contains(HeaderName.instance), "a field of ours from a scraper")
    }

    private static func check(_ admitted: TargetRequest) throws {
        try require(!admitted.display.contains("?"), "a query in \(admitted.display)")
        let message = admitted.request.message
        // A field of ours may be one too many for whoever reads it as strictly as we do.
        guard message.count < HeadParser.maxFields - 2 else { return }
        let route = OutboundRoute(isHTTPS: admitted.isHTTPS, host: admitted.host, port: admitted.port, forwarder: nil)
        var written = ByteBuffer()
        admitted.write(for: route, into: &written)
        var parser = HeadParser(.request, maxBytes: .max)
        guard let head = try RequestHead.parse(&written, with: &parser) else {
            throw Violation(description: "the target is sent half a head")
        }
        try require(head.method == admitted.request.method, "another method: \(head.method)")
        try require(head.target == admitted.pathAndQuery, "another path: \(head.target)")
        let body = admitted.request.body
        try require(head.framing == (body.map { .length($0.readableBytes) } ?? .none), "framed as \(head.framing)")
        try require(written == body ?? ByteBuffer(), "another body")
    }
}
