import NIOCore
import Wire

/// One connection to the listener: splits its bytes into requests, one at a time, and writes what their exchanges answer.
///
/// Works on bytes, without NIO's codec and pipelining handlers: a parked poll then costs a handler, an exchange and no buffer.
/// Confined to its channel's event loop.
///
/// Phases: `.head` → (head complete) `.body` → (body complete) `.answering` → (answer complete) `.head`. An answer that is
/// complete while the body still comes leads to `.discarding` → `.head`. `.lingering`, from anywhere, is the end: the last answer
/// is out, the peer may still be sending, and closing at once could destroy what it has not read yet (RFC 9112 section 9.6).
public final class ServerConnection: ChannelInboundHandler {
    public typealias InboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    enum Phase {
        case head
        case body(BodyDecoder)
        case answering
        case discarding(BodyDecoder, bytes: Int)
        case lingering(bytes: Int)
        case closed
    }

    enum Idling {
        case no
        /// In one of the lists of `ConnectionClock`.
        case fresh, settled
    }

    let router: any Router
    let service: WebService
    let clock: ConnectionClock
    var context: ChannelHandlerContext?
    var phase = Phase.head
    var headParser: HeadParser
    var received = ByteBuffer()
    var exchange: (any Exchange)?
    var isProcessing = false
    var isOnClock = false
    var readingPaused = false
    var closesAfterResponse = false
    var awaitsContinue = false
    var headBegan = NIODeadline.distantPast
    /// As the channel last said; asking it costs more than a branch on every request should.
    var isWritable = true
    private var knownPeer: String?

    /// All that was ever written on this connection, modulo 2⁶⁴; bytes.
    var writtenBytes = 0
    /// Whether `ConnectionClock` watches that the peer reads.
    var isWatched = false
    /// What is known to wait for the peer, and how much of that is counted in `PendingBytes`; bytes.
    var heldBytes = 0
    var countedBytes = 0
    /// The place among `IdleConnections`, which alone change it together with `ConnectionClock`.
    var idling = Idling.no
    var idleSince = NIODeadline.distantPast
    var idleNext: ServerConnection?
    var idlePrevious: ServerConnection?

    /// When `ConnectionClock` gives this connection up, unless its request is here by then.
    var clockDeadline = NIODeadline.distantFuture
    /// Who is told when the current request ends; set by a `Router`.
    public var observer: (any RequestObserver)?
    /// 0 or 1: the version of the current request.
    public internal(set) var minorVersion = 1
    /// Whether the current request is HEAD: answers then go without a body.
    public internal(set) var isHeadRequest = false

    init(router: any Router, service: WebService, clock: ConnectionClock) {
        self.router = router
        self.service = service
        self.clock = clock
        self.headParser = HeadParser(.request, maxBytes: service.limits.maxHeaderBytes)
    }

    /// The channel's event loop; `nil` once the connection is gone.
    public var eventLoop: (any EventLoop)? { context?.eventLoop }

    /// The peer's address without its port.
    public var peerAddress: String? {
        if let knownPeer { return knownPeer }
        knownPeer = context?.remoteAddress?.ipAddress
        return knownPeer
    }

    /// When the current request's head was complete.
    public var requestBegan: NIODeadline { headBegan }

    // MARK: What exchanges do

    /// The current answer is complete; the connection goes on to the next request or ends.
    public func finish(status: Int) {
        guard exchange != nil || !isAnswered else { return }
        exchange = nil
        observe(status)
        switch phase {
        case .closed, .lingering: return
        case _ where closesAfterResponse:
            closeGently()
            return
        case .body(let decoder) where !decoder.hasEnded:
            phase = .discarding(decoder, bytes: 0)
            startClock()
        case .head, .body, .answering, .discarding:
            phase = .head
            stopClock()
        }
        setReading(paused: false)
        guard !isProcessing else { return }
        guard received.readableBytes > 0 else {
            restIfIdle()
            return
        }
        // Not at once: a scrape that is delivered here may come from another connection, whose next request is then answered
        // from inside this one's, and so on, as deep as there are connections.
        context?.eventLoop.assumeIsolated().execute { self.processLater() }
    }

    /// The exchange answers for its own time limit from here on.
    public func stopClock() {
        guard isOnClock else {
            clockDeadline = .distantFuture
            return
        }
        isOnClock = false
        clockDeadline = .distantFuture
        clock.remove(self)
    }

    /// The exchange waits for nothing more, so the rest of the request has to come soon again.
    public func resumeClock() { startClock() }

    /// Stops or resumes reading the peer's bytes, so that a slow receiver slows its sender.
    public func setReading(paused: Bool) {
        guard paused != readingPaused, let context else { return }
        readingPaused = paused
        try? context.channel.syncOptions?.setOption(.autoRead, value: !paused)
    }

    // MARK: ChannelHandler

    public func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { startClock() }
    }

    public func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    public func channelActive(context: ChannelHandlerContext) {
        startClock()
        context.fireChannelActive()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if idling != .no { clock.endIdling(self) }
        if case .lingering(let count) = phase {
            discardLingering(count + bytes.readableBytes)
            return
        }
        if received.readableBytes == 0 {
            received = bytes
        } else {
            received.writeBuffer(&bytes)
        }
        process()
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        exchange?.readBatchEnded()
        trimReceived()
        context.fireChannelReadComplete()
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { processLater() }
        context.fireChannelWritabilityChanged()
    }

    public func channelInactive(context: ChannelHandlerContext) {
        stopClock()
        clock.unwatchWrites(self)
        clock.endIdling(self)
        phase = .closed
        let lost = exchange
        exchange = nil
        observer = nil
        received = ByteBuffer()
        service.connectionClosed()
        lost?.connectionLost()
        context.fireChannelInactive()
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset or time-out of the socket; what was going on hears of it through `channelInactive`.
        service.logger.debug("connection failed", metadata: ["err": "\(error)"])
        context.close(promise: nil)
    }

    func clockExpired() {
        stopClock()
        switch phase {
        case .closed: return
        case .lingering:
            context?.close(promise: nil)
            return
        case .discarding:
            // It has its answer.
            service.metrics.slowRequests.increment()
            closeGently()
            return
        case .head, .body, .answering: break
        }
        service.metrics.slowRequests.increment()
        if case .head = phase, received.readableBytes == 0 {
            // Nothing has been asked, so there is nothing to answer.
            context?.close(promise: nil)
            return
        }
        closesAfterResponse = true
        let lost = exchange
        exchange = nil
        respond(.text(408, "the request did not arrive within \(service.limits.readHeaderTimeout)", closes: true))
        lost?.connectionLost()
    }
}
