import DequeModule
import NIOCore
import Tunnel
import Web
import Wire

/// One tunnel, at the proxy: a client that takes many scrapes at once. Carries out on its channel what `ProxyEnd` decides, and is what the
/// broker knows as a delivery.
///
/// States: greeting (the client has not said who it is, and is no delivery) → serving → leaving (nothing more is opened; what is under way may
/// finish) → over. What one read brings is handed on together at its end, and so is what goes out for it.
///
/// `@unchecked Sendable`: what changes is confined to the connection's event loop; what other threads may call (`deliver`, `withdraw`, `end`) hops
/// there first.
final class TunnelConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What is written at once before it is seen whether the peer takes it; bytes.
    private static let writeBytes = 65_536
    /// For a peer to read the last of what was written.
    private static let closeTime = TimeAmount.seconds(5)

    let service: TunnelService
    let loop: any EventLoop
    let visitor: Visitor?
    let address: String?
    /// As the request says it; a HELLO may say it better.
    let agent: String?
    var wire: ProxyEnd
    /// `nil` while the broker knows nothing of it, or does not any more.
    var delivery: DeliveryID?
    /// What it was the last time that something was handed over: it is that one's to give back.
    var lastDelivery: DeliveryID?
    var scrapes: [TunnelStreamID: TunnelScrape] = [:]
    var connections: [TunnelStreamID: TunnelConnect] = [:]
    /// Of what was handed over, by its id.
    var streams: [ScrapeID: TunnelStreamID] = [:]
    /// Handed over while an ended stream was still being ended: they are opened as that is done.
    var waiting = Deque<Delivered<LivePorts>>()
    /// What the client is told when no stream is left.
    var leaving: WebSocketClose?
    /// A HELLO is being answered: what the broker says meanwhile is carried out behind that.
    var isAnswering = false

    private var context: ChannelHandlerContext?
    /// What was read, until the read ends: nobody else holds it then, and it is changed where it lies.
    private var arrived: ByteBuffer?
    private var isReading = false
    /// As the channel last said.
    private var isWritable = true
    private var isSettling = false
    private var isClosing = false
    /// Those that the read under way brought bytes for.
    private var touched: [TunnelScrape] = []
    private let clock: TunnelClock
    /// When the clock comes; the distant future while it does not.
    private var timerDue = NIODeadline.distantFuture
    private var closing: Scheduled<Void>?

    init(_ service: TunnelService, on loop: any EventLoop, visitor: Visitor?, address: String?, agent: String?) {
        self.service = service
        self.loop = loop
        self.visitor = visitor
        self.address = address
        self.agent = agent
        clock = service.clocks.clock(of: loop)
        wire = ProxyEnd(service.settings, at: loop.now)
    }

    var dispatcher: Dispatcher { service.dispatcher }

    // MARK: ChannelHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isWritable = context.channel.isWritable
        settle()
    }

    /// Behind `channelInactive`, unless the channel was closed before this was added.
    func handlerRemoved(context: ChannelHandlerContext) { connectionEnded() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        takeArrived()
        arrived = unwrapInboundIn(data)
    }

    private func takeArrived() {
        guard let bytes = arrived.take() else { return }
        wire.received(consume bytes, at: loop.now)
        takeEvents()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        takeArrived()
        let scrapes = touched
        touched.removeAll(keepingCapacity: true)
        for scrape in scrapes {
            scrape.isTouched = false
            run(scrape.flow.batchEnded(), of: scrape)
        }
        isReading = false
        settle()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { settle() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset or time-out of the socket; what was going on hears of it through `channelInactive`.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connectionEnded()
        context.fireChannelInactive()
    }

    private func connectionEnded() {
        guard context != nil else { return }
        context = nil
        takeArrived()
        isReading = false
        wire.connectionLost()
        takeEvents()
        stopTimer()
        closing?.cancel()
        closing = nil
    }

    /// The read under way is to be handed on at its end.
    func touch(_ scrape: TunnelScrape) {
        guard !scrape.isTouched else { return }
        scrape.isTouched = true
        touched.append(scrape)
    }

    // MARK: After each event

    /// Hands on what has come of an event: what is to be written is, in as few writes as can be, and the timer is set.
    func settle() {
        // Whoever is on the stack already does it all.
        guard !isReading, !isSettling else { return }
        isSettling = true
        takeEvents()
        openWaiting()
        leaveIfDone()
        write()
        isSettling = false
        setTimer()
    }

    private func write() {
        guard let context else { return }
        var hasWritten = false
        // What a tunnel that is over has to say still goes out whole.
        while wire.isOver || isWritable, let bytes = wire.takeOutput(atMost: Self.writeBytes) {
            context.write(wrapOutboundOut(bytes), promise: nil)
            hasWritten = true
            takeEvents()
        }
        if hasWritten { context.flush() }
        if wire.isOver { close(context) }
    }

    /// Behind what is written, if the peer reads it soon.
    private func close(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        let written = loop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        stopTimer()
        closing = loop.assumeIsolated().scheduleTask(in: Self.closeTime) { context.close(promise: nil) }
    }

    /// The clock may come early: it is set anew then.
    private func setTimer() {
        guard context != nil, !isClosing, let next = wire.nextDeadline else { return }
        let due = clock.line(next)
        guard due < timerDue else { return }
        stopTimer()
        timerDue = due
        clock.add(self, at: due)
    }

    private func stopTimer() {
        if timerDue < .distantFuture { clock.remove(self, at: timerDue) }
        timerDue = .distantFuture
    }

    /// By the clock, which does not have this one at this line any more.
    func timeCame(at line: NIODeadline) {
        // Another one of this line may have moved it.
        guard timerDue == line else { return }
        timerDue = .distantFuture
        wire.timePassed(to: loop.now)
        settle()
    }
}
