import NIOCore
import Wire

/// What an exchange tells whoever started it. Every call arrives on the client's event loop; after `exchangeEnded` or `failed`
/// no other comes.
protocol ExchangeDelegate: AnyObject {
    /// A connection is there, and the request's head is on its way: a streamed body can follow.
    func exchangeOpened(_ exchange: OutboundExchange)
    func exchange(_ exchange: OutboundExchange, received head: ResponseHead)
    func exchange(_ exchange: OutboundExchange, received body: ByteBuffer)
    /// All that one read from the socket brought has been handed over; nothing more comes before `read()` is called.
    func exchangeReadBatchEnded(_ exchange: OutboundExchange)
    /// More of a streamed body may be written.
    func exchangeBecameWritable(_ exchange: OutboundExchange)
    /// The answer is complete.
    func exchangeEnded(_ exchange: OutboundExchange)
    func exchange(_ exchange: OutboundExchange, failed failure: OutboundFailure)
}

/// One request of ours and its answer.
///
/// States: `.waiting` (for a connection) → `.running` → `.over`. A request that was complete when it was sent on a connection
/// which had been idle, and that found this connection dead before any byte of an answer, goes back to `.waiting` once: an
/// idle connection can be closed by its peer at any moment, and that says nothing about the peer.
/// Confined to the client's event loop.
final class OutboundExchange {
    enum Body {
        /// Known from the start, so that it can be sent twice.
        case complete([ByteBuffer])
        /// Written by and by once the exchange has opened.
        case streamed
    }

    private enum State {
        case waiting
        case running(OutboundConnection)
        case over
    }

    let route: OutboundRoute
    let isHead: Bool
    let chunks: BodyDecoder.ChunkTreatment
    let requestHead: ByteBuffer
    let requestBody: Body

    private let isRepeatable: Bool
    private let client: OutboundClient
    private var delegate: (any ExchangeDelegate)?
    private var state = State.waiting
    private var isOnIdleConnection = false
    private var wasRepeated = false

    /// - Parameters:
    ///   - requestHead: The head's bytes, the empty line included.
    ///   - isRepeatable: Whether sending the request twice does no harm.
    ///   - delegate: Held until the exchange is over.
    init(
        _ client: OutboundClient, route: OutboundRoute, requestHead: ByteBuffer, requestBody: Body = .complete([]),
        isHead: Bool = false, isRepeatable: Bool = true, chunks: BodyDecoder.ChunkTreatment = .removed,
        delegate: any ExchangeDelegate
    ) {
        self.client = client
        self.route = route
        self.requestHead = requestHead
        self.requestBody = requestBody
        self.isHead = isHead
        self.isRepeatable = isRepeatable
        self.chunks = chunks
        self.delegate = delegate
    }

    /// Finds a connection and sends the request.
    func start() { client.findConnection(for: self) }

    /// Asks for the next bytes of the answer.
    func read() {
        if case .running(let connection) = state { connection.read() }
    }

    /// Adds to a streamed body; `flush` or `finish` sends it.
    func write(_ bytes: ByteBuffer) {
        if case .running(let connection) = state { connection.write(bytes) }
    }

    func flush() {
        if case .running(let connection) = state { connection.flush() }
    }

    /// The streamed body is complete.
    func finish() {
        if case .running(let connection) = state { connection.finishRequest() }
    }

    /// Whether a streamed body may be written on without piling up.
    var isWritable: Bool {
        if case .running(let connection) = state { connection.isWritable } else { false }
    }

    /// Ends the exchange; the delegate hears no more. A request or an answer under way is cut with a reset, so that nobody takes
    /// it for complete.
    func cancel() {
        let state = state
        self.state = .over
        delegate = nil
        if case .running(let connection) = state { connection.abort() }
    }

    var isOver: Bool {
        if case .over = state { true } else { false }
    }

    // MARK: What the connection reports

    func connectionBegan(_ connection: OutboundConnection, wasIdle: Bool) {
        state = .running(connection)
        isOnIdleConnection = wasIdle
    }

    func opened() { delegate?.exchangeOpened(self) }
    func received(_ head: ResponseHead) { delegate?.exchange(self, received: head) }
    func received(_ body: ByteBuffer) { delegate?.exchange(self, received: body) }
    func readBatchEnded() { delegate?.exchangeReadBatchEnded(self) }
    func becameWritable() { delegate?.exchangeBecameWritable(self) }

    func ended() {
        let delegate = delegate
        self.delegate = nil
        state = .over
        delegate?.exchangeEnded(self)
    }

    /// - Parameter answerBegan: whether any byte of an answer had come.
    func failed(_ failure: OutboundFailure, answerBegan: Bool = false) {
        if case .over = state { return }
        if case .complete = requestBody, isRepeatable, isOnIdleConnection, !answerBegan, !wasRepeated,
            failure.kind == .broken
        {
            wasRepeated = true
            state = .waiting
            client.findNewConnection(for: self)
            return
        }
        let delegate = delegate
        self.delegate = nil
        state = .over
        delegate?.exchange(self, failed: failure)
    }
}
