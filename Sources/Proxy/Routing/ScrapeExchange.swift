import Clients
import Failures
import NIOCore
import Synchronization
import Web
import Wire

/// One scrape, at Prometheus's end: waits for the broker, writes what a source relays, or says why there is nothing.
///
/// `@unchecked Sendable`: immutable but for what `state` guards by being confined to the connection's event loop; what other
/// threads may call (`relay`, `fail`) hops there first. States: collecting (the request's body) → waiting → relaying → done.
final class ScrapeExchange: Exchange, ScrapePort, @unchecked Sendable {
    /// How the body goes out to the scraper.
    private enum Delimiting {
        case asIs, chunked, byClosing
    }

    private enum State {
        case collecting
        case waiting
        case relaying(status: Int, Delimiting)
        case done
    }

    /// The largest body of a scrape request; scrapes have none as a rule. Bytes.
    static let maxRequestBody = 65_536
    private static let tooLarge = "the scrape's body is larger than \(maxRequestBody) bytes"

    /// Complete, and read on any thread, once the broker has been told.
    private var request: ScrapeRequest
    private let began: NIODeadline
    private let loop: any EventLoop
    private let connection: ServerConnection
    private let dispatcher: Dispatcher
    private let access: AccessDesk
    private let metrics: ProxyMetrics
    private var state = State.collecting
    /// The status and reason of an error status.
    private var answer = ""
    /// Written on the event loop alone, so a store does where others add.
    private let sent = Atomic(0)

    init(
        _ request: ScrapeRequest, connection: ServerConnection, loop: any EventLoop, dispatcher: Dispatcher,
        access: AccessDesk, metrics: ProxyMetrics
    ) {
        self.request = request
        self.began = connection.requestBegan
        self.loop = loop
        self.connection = connection
        self.dispatcher = dispatcher
        self.access = access
        self.metrics = metrics
    }

    /// The answer to a scrape whose head already announces too large a body.
    static func refusal(of head: RequestHead) -> Response? {
        .tooLarge(head, bytes: maxRequestBody, tooLarge)
    }

    // MARK: Exchange

    func bodyArrived(_ bytes: ByteBuffer) {
        guard case .collecting = state else { return }
        var body = request.body ?? ByteBuffer()
        body.writeImmutableBuffer(bytes)
        if body.readableBytes > Self.maxRequestBody {
            state = .done
            connection.respond(.text(413, Self.tooLarge, closes: true))
        } else {
            request.body = body
        }
    }

    func bodyEnded() {
        guard case .collecting = state else { return }
        switch access.decide(connection.identity, .scrape, request.fqdn) {
        case .pass(let pass):
            state = .waiting
            dispatcher.scrapeArrived(self, by: pass)
        case .denied(let denial):
            state = .done
            dispatcher.denied(
                DeniedRequest(
                    denial, address: connection.peerAddress, kind: .scrape(id, target: targetWithoutQuery)))
            connection.respond(denial.response)
        }
    }

    func connectionLost() {
        let status: Int?
        switch state {
        case .collecting, .done: return
        case .waiting: status = nil
        case .relaying(let sent, _): status = sent
        }
        state = .done
        dispatcher.scraperLeft(request.id, sent: status, bytes: sentBytes)
    }

    var sentBytes: Int { sent.load(ordering: .relaxed) }

    // MARK: ScrapePort

    var id: ScrapeID { request.id }
    var fqdn: FQDN { request.fqdn }
    var kind: ScrapeKind { request.isRepeatable ? .repeatable : .once }
    var isHead: Bool { request.isHead }
    var targetWithoutQuery: String { request.targetWithoutQuery }
    var deadline: NIODeadline { began + request.timeout }

    func writeRequest(into buffer: inout ByteBuffer, spelling: FQDN, by transport: Transport) {
        request.write(into: &buffer, spelling: spelling, waited: .now() - began, namesID: transport == .poll)
    }

    func relay(_ part: RelayPart, from source: any ResponseSource) {
        loop.nowOrLater { self.write(part, source) }
    }

    func fail(_ kind: FailureKind, detail: String) {
        loop.nowOrLater { self.writeFailure(kind, detail) }
    }
}

extension ScrapeExchange {
    private func write(_ part: RelayPart, _ source: any ResponseSource) {
        if let head = part.head, case .waiting = state { begin(head) }
        guard case .relaying(let status, let delimiting) = state else {
            source.abandon()
            return
        }
        let held = part.heldBytes
        sent.store(sentBytes + part.bodyBytes, ordering: .relaxed)
        metrics.relayedBytes.increment(by: part.bodyBytes)
        var last = ByteBuffer()
        if delimiting == .chunked {
            if part.bodyBytes > 0 {
                connection.writeLater(Self.chunkHead(part.bodyBytes))
                for slice in part.body { connection.writeLater(slice) }
                last = part.isLast ? Self.chunkEndAndLastChunk : Self.chunkEnd
            } else if part.isLast {
                last = Self.lastChunk
            }
        } else {
            for slice in part.body.dropLast() { connection.writeLater(slice) }
            last = part.body.last ?? last
        }
        let written = loop.makePromise(of: Void.self)
        connection.write(last, promise: written)
        written.futureResult.assumeIsolated().whenComplete { [isLast = part.isLast] result in
            self.connection.wrote(held)
            // A failed write needs no handling: the connection is lost, which says so itself.
            guard case .success = result else { return }
            if isLast {
                self.complete(status)
            } else {
                source.relayed(held)
            }
        }
        connection.holds(held)
    }

    private func begin(_ head: PushedResponseHead) {
        let delimiting: Delimiting =
            switch head.framing {
            case _ where request.isHead: .asIs
            case .none, .length: .asIs
            case .chunked, .untilEnd: connection.minorVersion == 0 ? .byClosing : .chunked
            }
        state = .relaying(status: head.status, delimiting)
        // For texts.
        if head.status >= 400 { answer = head.statusAndReason.prefix(utf8Bytes: 200) }
        if delimiting == .byClosing { connection.closeAfterResponse() }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(head.message.count * 48 + 128)
        buffer.writeStaticString("HTTP/1.1 ")
        head.writeStatusAndReason(into: &buffer)
        head.writeFields(into: &buffer)
        if delimiting == .chunked || (request.isHead && head.framing == .chunked) {
            buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
        connection.writeConnectionField(into: &buffer)
        buffer.writeStaticString("\r\n")
        connection.writeLater(buffer)
    }

    private func complete(_ status: Int) {
        guard case .relaying = state else { return }
        state = .done
        connection.finish(status: status)
        dispatcher.responseEnded(request.id, status: status, answer: answer, bytes: sentBytes)
    }

    private func writeFailure(_ kind: FailureKind, _ detail: String) {
        switch state {
        case .done, .collecting: return
        case .relaying(let status, _):
            state = .done
            connection.abort(status: status)
        case .waiting:
            state = .done
            let why = kind.sentence(detail)
            let text = "\(why) (target \(request.targetWithoutQuery), scrape id \(request.id))"
            let status = kind.status ?? 504
            connection.respond(
                .text(
                    status, text, fields: status == 503 ? [("Retry-After", "1")] : [],
                    closes: kind == .shuttingDown))
        }
    }

    private static let chunkEnd = ByteBuffer(staticString: "\r\n")
    private static let lastChunk = ByteBuffer(staticString: "0\r\n\r\n")
    private static let chunkEndAndLastChunk = ByteBuffer(staticString: "\r\n0\r\n\r\n")

    private static func chunkHead(_ bytes: Int) -> ByteBuffer { ByteBuffer(string: String(bytes, radix: 16) + "\r\n") }
}
