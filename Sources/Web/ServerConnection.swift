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

    let router: any Router
    let service: WebService
    let clock: RequestClock
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
    private static let allocator = ByteBufferAllocator()
    /// The largest body that is copied behind its head, so that both are one write. Bytes.
    private static let maxCopiedBody = 4_096

    /// When `RequestClock` gives this connection up.
    var clockDeadline = NIODeadline.distantFuture
    /// Who is told when the current request ends; set by a `Router`.
    public var observer: (any RequestObserver)?
    /// 0 or 1: the version of the current request.
    public internal(set) var minorVersion = 1
    /// Whether the current request is HEAD: answers then go without a body.
    public internal(set) var isHeadRequest = false

    init(router: any Router, service: WebService, clock: RequestClock) {
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

    /// Writes a complete answer and finishes.
    public func respond(_ response: Response) {
        if response.closes { closesAfterResponse = true }
        let bodyBytes = response.bodyBytes
        let isSmall = bodyBytes <= Self.maxCopiedBody
        var buffer = beginBuffer(status: response.status, reserving: (isSmall ? bodyBytes : 0) + 256)
        if let type = response.contentType {
            buffer.writeStaticString("Content-Type: ")
            buffer.writeString(type)
            buffer.writeStaticString("\r\n")
        }
        for field in response.fields { buffer.writeString("\(field.name): \(field.value)\r\n") }
        if response.status != 204 {
            buffer.writeStaticString("Content-Length: ")
            buffer.writeString(String(bodyBytes))
            buffer.writeStaticString("\r\n")
        }
        writeConnectionField(into: &buffer)
        buffer.writeStaticString("\r\n")
        if isHeadRequest || isSmall {
            if !isHeadRequest { for piece in response.body { buffer.writeImmutableBuffer(piece) } }
            write(buffer)
        } else {
            writeLater(buffer)
            for piece in response.body.dropLast() { writeLater(piece) }
            write(response.body.last ?? ByteBuffer())
        }
        finish(status: response.status)
    }

    /// A buffer that begins with a status line; fields and the empty line are the caller's to add.
    public func beginBuffer(status: Int, reserving capacity: Int) -> ByteBuffer {
        var buffer = Self.allocator.buffer(capacity: capacity)
        if status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            buffer.writeString("HTTP/1.1 \(status) \(ResponseStatus.reason(status))\r\n")
        }
        return buffer
    }

    /// Adds the `Connection` field that the current request's persistence asks for, if any.
    public func writeConnectionField(into buffer: inout ByteBuffer) {
        // The peer holds a body back for a 100 that did not come: whether it will still send it is anybody's guess.
        if awaitsContinue { closesAfterResponse = true }
        if closesAfterResponse {
            buffer.writeStaticString("Connection: close\r\n")
        } else if minorVersion == 0 {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
    }

    /// The response can only end with the connection: call it before `writeConnectionField`.
    public func closeAfterResponse() { closesAfterResponse = true }

    /// Writes bytes of the current answer at once.
    public func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
    }

    /// Writes bytes that the next `write` sends along.
    public func writeLater(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

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
        // Not at once: a scrape that is delivered here may come from another connection, whose next request is then answered
        // from inside this one's, and so on, as deep as there are connections.
        if !isProcessing && received.readableBytes > 0 {
            context?.eventLoop.assumeIsolated().execute { self.processLater() }
        }
    }

    /// Ends the connection in a way that can't be taken for the end of a response: with a reset.
    public func abort(status: Int) {
        exchange = nil
        observe(status)
        guard let context, case let channel = context.channel else { return }
        phase = .closed
        if let provider = channel as? any SocketOptionProvider {
            // A reset instead of an orderly close; the option can fail only on a socket that is gone already.
            provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
                context.close(promise: nil)
            }
        } else {
            context.close(promise: nil)
        }
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

#if canImport(Glibc)
    import struct Glibc.linger
#elseif canImport(Musl)
    import struct Musl.linger
#else
    import struct Darwin.linger
#endif
