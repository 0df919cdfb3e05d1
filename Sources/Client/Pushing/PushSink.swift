import Failures
import NIOCore
import Wire

/// Takes a scrape's response to the proxy by a push: runs the actions of a `PushAssembly` on an exchange.
///
/// Confined to the client's event loop.
final class PushSink: ResponseSink, ExchangeDelegate {
    let scrapeID: String
    weak var delegate: (any ResponseSinkDelegate)?

    private let client: OutboundClient
    private let endpoint: ProxyEndpoint
    private let metrics: ClientMetrics
    private let writer: PushedResponseWriter
    private var assembly = PushAssembly()
    private var isChunked = false
    private var deadline = NIODeadline.distantPast
    private var push: OutboundExchange?
    private var pushBegan: NIODeadline?
    private var pushStatus = 0
    /// Whether the push itself is in chunked transfer coding, whatever the response inside is.
    private var outerChunks = false

    /// - Parameter id: as the poll's answer gave it.
    init(_ client: OutboundClient, endpoint: ProxyEndpoint, id: String, metrics: ClientMetrics) {
        self.client = client
        self.endpoint = endpoint
        self.metrics = metrics
        scrapeID = id
        writer = PushedResponseWriter(id: id)
    }

    var wantsMore: Bool { assembly.wantsMore(pushIsWritable: push?.isWritable ?? false) }

    func begin(_ head: ResponseHead, isChunked: Bool, deadline: NIODeadline) {
        self.isChunked = isChunked
        self.deadline = deadline
        perform(assembly.began(head))
    }

    func write(_ slice: ByteBuffer) { perform(assembly.bodyArrived(slice)) }
    func flush() { perform(assembly.batchEnded()) }
    func end() { perform(assembly.responseEnded()) }

    func fail(_ failure: FailureKind, _ text: String, deadline: NIODeadline) {
        self.deadline = deadline
        perform(assembly.scrapeFailed(failure, text))
    }

    func cancel() {
        delegate = nil
        perform(assembly.cancelled())
        observeDuration()
    }

    // MARK: Events of the push

    func exchangeOpened(_ exchange: OutboundExchange) { perform(assembly.pushOpened()) }
    func exchange(_ exchange: OutboundExchange, received head: ResponseHead) { pushStatus = head.status }
    func exchange(_ exchange: OutboundExchange, received body: ByteBuffer) {}
    /// A proxy that answers is heard at once, whether the push is complete or not.
    func exchangeReadBatchEnded(_ exchange: OutboundExchange) { exchange.read() }
    func exchangeBecameWritable(_ exchange: OutboundExchange) { perform(assembly.pushBecameWritable()) }

    func exchangeEnded(_ exchange: OutboundExchange) {
        push = nil
        perform(assembly.pushAnswered(status: pushStatus))
    }

    func exchange(_ exchange: OutboundExchange, failed failure: OutboundFailure) {
        push = nil
        perform(assembly.pushFailed(failure.explanation))
    }

    // MARK: Actions

    private func perform(_ actions: [PushAssembly.Action]) {
        for action in actions {
            switch action {
            case .pushWhole(let head, let parts): pushWhole(head, parts)
            case .open(let head): open(head)
            case .write(let bytes): writeBody(bytes)
            case .flush: push?.flush()
            case .finish:
                if outerChunks { push?.write(ByteBuffer(staticString: "0\r\n\r\n")) }
                push?.finish()
            case .report(let failure, let text): report(failure, text)
            case .cut:
                push?.cancel()
                push = nil
            case .tellBegan: delegate?.sinkBegan()
            case .tellWantsMore: delegate?.sinkWantsMore()
            case .tellClosed(let error):
                observeDuration()
                delegate?.sinkClosed(error: error)
            }
        }
    }

    private var timeLeft: TimeAmount { deadline - client.loop.now }

    private func innerHead(_ head: ResponseHead) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(1_024)
        writer.writeHead(head, isChunked: isChunked, timeLeft: timeLeft, into: &buffer)
        return buffer
    }

    private func pushWhole(_ head: ResponseHead, _ parts: [ByteBuffer]) {
        let inner = innerHead(head)
        start(parts: parts, inner: inner, length: parts.reduce(inner.readableBytes) { $0 + $1.readableBytes })
    }

    private func open(_ head: ResponseHead) {
        let inner = innerHead(head)
        var length: Int?
        if case .length(let count) = head.framing {
            // A length near the largest number leaves no room for the head: such a push goes without one.
            let (sum, isTooLarge) = inner.readableBytes.addingReportingOverflow(count)
            length = isTooLarge ? nil : sum
        }
        outerChunks = length == nil
        start(parts: nil, inner: inner, length: length)
    }

    private func report(_ failure: FailureKind, _ text: String) {
        var bytes = ByteBuffer()
        writer.writeFailure(failure, text: text, timeLeft: timeLeft, into: &bytes)
        outerChunks = false
        start(parts: [], inner: bytes, length: bytes.readableBytes)
    }

    /// - Parameter parts: the response's whole body; `nil` where it is streamed.
    private func start(parts: [ByteBuffer]?, inner: ByteBuffer, length: Int?) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(512 + inner.readableBytes)
        endpoint.writePushHead(length: length, into: &bytes)
        if outerChunks { bytes.writeString(String(inner.readableBytes, radix: 16) + "\r\n") }
        bytes.writeImmutableBuffer(inner)
        if outerChunks { bytes.writeStaticString("\r\n") }
        pushBegan = client.loop.now
        metrics.pushBytes.increment(by: (parts ?? []).reduce(inner.readableBytes) { $0 + $1.readableBytes })
        let exchange = OutboundExchange(
            client, route: endpoint.route, requestHead: bytes, requestBody: parts.map { .complete($0) } ?? .streamed,
            delegate: self)
        push = exchange
        exchange.start()
    }

    private func writeBody(_ bytes: ByteBuffer) {
        metrics.pushBytes.increment(by: bytes.readableBytes)
        guard outerChunks else {
            push?.write(bytes)
            return
        }
        push?.write(ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n"))
        push?.write(bytes)
        push?.write(ByteBuffer(staticString: "\r\n"))
    }

    private func observeDuration() {
        guard let pushBegan else { return }
        self.pushBegan = nil
        metrics.pushDuration.observe(nanoseconds: (client.loop.now - pushBegan).nanoseconds)
    }
}
