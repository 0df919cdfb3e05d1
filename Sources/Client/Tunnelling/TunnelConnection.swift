import Failures
import NIOCore
import Tunnel
import Wire

/// What a tunnel tells whoever dialled it. Every call arrives on the client's event loop; after `tunnel(_:ended:)` no other comes.
protocol TunnelOwner: AnyObject {
    /// The proxy takes this client's name.
    func tunnelWelcomed(_ tunnel: TunnelConnection)
    /// The proxy opens nothing here any more.
    func tunnelDrained(_ tunnel: TunnelConnection)
    func tunnel(_ tunnel: TunnelConnection, ended failure: NoTunnel)
}

/// One tunnel, at the client: carries out on its channel what a `ClientEnd` decides, and gives its streams to whoever scrapes, or connects.
///
/// States: open → leaving (what is under way may finish, then it closes) → over. What one turn of the event loop brings, from the proxy and from
/// targets, goes out in one write at its end. Confined to the client's event loop.
final class TunnelConnection: ChannelInboundHandler, TunnelOutlet {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// From HELLO to WELCOME.
    static let patience = TimeAmount.seconds(10)
    /// What is taken at a time, before one looks again whether the peer takes it; bytes.
    private static let writeBytes = 65_536

    private let shared: TransportSwitch.Surroundings
    private weak var owner: (any TunnelOwner)?
    private var wire: ClientEnd
    private var context: ChannelHandlerContext?
    private var streams: [TunnelStreamID: any TunnelStream] = [:]
    private let began: NIODeadline
    private var isWelcome = false
    /// Why the proxy takes none of our names.
    private var refusal: String?
    /// Those that it did not take last.
    private var refused: [Welcome.Refused] = []
    private var isLeaving = false
    private var takesStreams = true
    /// Those that have said all and are not told yet that it is out.
    private var ending: [TunnelStreamID] = []
    private var isOver = false
    /// All goes out when what is being done is done.
    private var isBusy = false
    private var willFlush = false
    private var timer: Scheduled<Void>?
    private var timerDue: NIODeadline?
    private var patienceTimer: Scheduled<Void>?
    private var failure: (any Error)?

    init(_ shared: TransportSwitch.Surroundings, owner: any TunnelOwner) {
        self.shared = shared
        self.owner = owner
        began = shared.client.loop.now
        wire = ClientEnd(TunnelSettings(), hello: shared.hello, at: began)
    }

    /// Says HELLO on a channel that is a WebSocket from here on.
    ///
    /// - Parameter bytes: what has come on it.
    func begin(on channel: any Channel, with bytes: ByteBuffer) {
        patienceTimer = loop.assumeIsolated().scheduleTask(in: Self.patience) {
            let late = "the proxy did not answer within \(Self.patience.nanoseconds / 1_000_000_000) s"
            self.finish(self.refusal.map { .denied($0) } ?? .broken(late))
        }
        do {
            try channel.pipeline.syncOperations.addHandler(self)
        } catch {
            return finish(.broken(OutboundFailure.describe(error)))
        }
        wire.received(bytes, at: now)
        work()
    }

    /// Says HELLO again: what this client answers for is another now.
    func greetAgain() {
        guard !isOver, !isLeaving else { return }
        wire.hello(shared.hello)
        flushSoon()
    }

    /// What is under way may finish; then the tunnel closes.
    ///
    /// - Parameter isForGood: whether nothing may begin here any more. What the proxy opens all the same is left alone: when the tunnel has
    ///   closed, it goes to another one, or to a client that was restarted.
    func leave(isForGood: Bool) {
        isLeaving = true
        if isForGood { takesStreams = false }
        closeIfDone()
        flushSoon()
    }

    /// Ends what is left.
    func close() {
        guard !isOver else { return }
        wire.close(WebSocketClose(.goingAway), at: now)
        finish(.broken("closed"))
    }

    private var loop: any EventLoop { shared.client.loop }
    private var now: NIODeadline { loop.now }

    // MARK: What streams do

    func pendingBytes(of stream: TunnelStreamID) -> Int { wire.waiting(stream) }

    func send(_ bytes: ByteBuffer, on stream: TunnelStreamID) {
        wire.send(stream, bytes)
        flushSoon()
    }

    func connected(_ stream: TunnelStreamID) {
        wire.connected(stream)
        flushSoon()
    }

    func passedOn(_ count: Int, of stream: TunnelStreamID) {
        wire.passedOn(stream, count, at: now)
        flushSoon()
    }

    func end(_ stream: TunnelStreamID) {
        wire.end(stream)
        ending.append(stream)
        flushSoon()
    }

    func fail(_ stream: TunnelStreamID, _ failure: FailureKind, _ text: String) {
        guard streams[stream] != nil else { return }
        wire.fail(stream, failure, text)
        drop(stream)
        flushSoon()
    }

    // MARK: ChannelHandler

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isBusy = true
        wire.received(unwrapInboundIn(data), at: now)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        work()
        if !isOver { context.read() }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { work() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        wire.connectionLost()
        work()
        finish(.broken(failure.map(OutboundFailure.describe) ?? "the connection was closed"))
        context.fireChannelInactive()
    }

    // MARK: What happens

    /// Carries out all that has happened, and sends what is due.
    private func work() {
        isBusy = true
        repeat {
            while !isOver, let event = wire.next(at: now) { handle(event) }
        } while flush()
        isBusy = false
        setTimer()
    }

    private func handle(_ event: ClientEnd.Event) {
        switch event {
        case .welcome(let welcome): welcomed(welcome)
        case .opened(let stream, let isConnection, let milliseconds, let request):
            guard takesStreams else { return }
            let deadline = now + .milliseconds(Int64(milliseconds))
            if isConnection { connect(stream, request, deadline) } else { scrape(stream, request, deadline) }
        case .data(let stream, let bytes): streams[stream]?.received(bytes)
        case .ended(let stream): streams[stream]?.proxyEnded()
        case .reset(let stream): drop(stream)?.reset("the proxy has no more use for it")
        case .wantsMore(let stream): streams[stream]?.becameHungry()
        case .drained:
            guard isWelcome else { return finish(.busy(retryAfter: nil, "the proxy is shutting down")) }
            owner?.tunnelDrained(self)
        case .roundTrip(let time): shared.metrics.tunnel.measured(roundTrip: time)
        case .closed(let closing): finish(NoTunnel(closing, refusal: refusal))
        }
    }

    private func welcomed(_ welcome: Welcome) {
        let names = shared.offers.offer.names.map(\.fqdn)
        let refused = welcome.refused.filter { names.contains($0.name) }
        if let first = refused.first, names.allSatisfy({ name in refused.contains { $0.name == name } }) {
            // The close that follows says what kind of refusal it is.
            refusal = "the proxy does not take this client's name: \(first.reason)"
            return
        }
        if refused != self.refused {
            self.refused = refused
            for refusal in refused {
                shared.logger.warning(
                    "the proxy does not take one of this client's names",
                    metadata: ["fqdn": "\(refusal.name)", "err": "\(refusal.reason)"])
            }
        }
        patienceTimer?.cancel()
        guard !isWelcome else { return }
        isWelcome = true
        shared.metrics.tunnel.measured(roundTrip: now - began)
        owner?.tunnelWelcomed(self)
    }

    private func scrape(_ stream: TunnelStreamID, _ request: ByteBuffer, _ deadline: NIODeadline) {
        let sink = TunnelSink(stream, of: self)
        add(stream, sink)
        do throws(PolledRequest.Malformed) {
            let request = try PolledRequest(
                parsing: request, id: sink.scrapeID, maxHeadBytes: ResponseParser.maxHeadBytes)
            shared.dispatcher.scrape(ReceivedScrape(request: request, deadline: deadline, sink: sink))
        } catch {
            shared.dispatcher.refuse(sink, "the scrape can't be read: \(error.explanation)")
        }
    }

    private func connect(_ stream: TunnelStreamID, _ request: ByteBuffer, _ deadline: NIODeadline) {
        let run = ConnectRun(stream, of: self, desk: shared.connections)
        add(stream, run)
        run.start(request, deadline: deadline)
    }

    private func add(_ stream: TunnelStreamID, _ handler: any TunnelStream) {
        streams[stream] = handler
        shared.metrics.tunnel.streams.add(1)
    }

    @discardableResult private func drop(_ stream: TunnelStreamID) -> (any TunnelStream)? {
        guard let handler = streams.removeValue(forKey: stream) else { return nil }
        shared.metrics.tunnel.streams.add(-1)
        closeIfDone()
        return handler
    }

    private func closeIfDone() {
        guard isLeaving, streams.isEmpty, !isOver else { return }
        wire.close(WebSocketClose(.normal), at: now)
        flushSoon()
    }

    private func finish(_ failure: NoTunnel) {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        patienceTimer?.cancel()
        sayLast()
        let streams = streams
        self.streams = [:]
        shared.metrics.tunnel.streams.add(-streams.count)
        for stream in streams.values { stream.reset("the tunnel ended: \(failure.explanation)") }
        owner?.tunnel(self, ended: failure)
    }

    // MARK: What goes out

    /// Once, when all of this turn has happened.
    private func flushSoon() {
        guard !isBusy, !willFlush, !isOver else { return }
        willFlush = true
        loop.assumeIsolated().execute {
            self.willFlush = false
            self.work()
        }
    }

    /// - Returns: whether anything went out, and with it, perhaps, a stream came to its end.
    @discardableResult private func flush() -> Bool {
        guard let context, !isOver else { return false }
        var hasWritten = false
        while context.channel.isWritable, let bytes = wire.takeOutput(atMost: Self.writeBytes) {
            context.write(wrapOutboundOut(bytes), promise: nil)
            hasWritten = true
        }
        if hasWritten { context.flush() }
        tellEnded()
        return hasWritten
    }

    /// What is left to say, such as why the tunnel is closed; then the connection's end.
    private func sayLast() {
        guard let context else { return }
        while let bytes = wire.takeOutput(atMost: Self.writeBytes) {
            context.write(wrapOutboundOut(bytes), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    /// Tells streams that all they had to say is out.
    private func tellEnded() {
        var index = 0
        while index < ending.count {
            let stream = ending[index]
            guard !wire.isSending(stream) else {
                index += 1
                continue
            }
            ending.remove(at: index)
            guard let handler = streams[stream] else { continue }
            // Of a connection the proxy's half may go on.
            if !wire.isUnderWay(stream) { drop(stream) }
            handler.finished()
        }
    }

    /// One timer for the whole connection: where what it waits for has moved on meanwhile, it waits on.
    private func setTimer() {
        guard !isOver, let due = wire.nextDeadline else { return }
        if let timerDue, timerDue <= due { return }
        timer?.cancel()
        timerDue = due
        timer = loop.assumeIsolated().scheduleTask(deadline: due) {
            self.timerDue = nil
            self.wire.timePassed(to: self.now)
            self.work()
        }
    }
}
