import NIOCore
import Wire

/// One connection to the listener: carries out what `RequestPhases` decides, on its channel, its exchange and its event loop's
/// `ConnectionClock`.
///
/// Works on bytes, without NIO's codec and pipelining handlers: a parked poll then costs a handler, an exchange and no buffer.
/// Confined to its channel's event loop.
///
/// Re-entrancy: an exchange may answer inside any call that it gets, and an answer may move other connections to do the same to this
/// one. That is safe because `phases` is never changed while one of its own methods is on the stack: each tells it one event or takes
/// one action out, and returns before anything outside is called. What an event has to follow it is done by `run`: by the one that is
/// on the stack already, which looks again after each action, or else by the one that the event's teller calls. So actions are carried
/// out one after the other, never inside one another, and none is forgotten.
public final class ServerConnection: ChannelInboundHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    enum Idling {
        case no
        /// In one of the lists of `ConnectionClock`.
        case fresh, settled
    }

    let listener: ListenerContext
    let clock: ConnectionClock
    var context: ChannelHandlerContext?
    var phases: RequestPhases
    var exchange: (any Exchange)?
    /// Who is told when the current request ends.
    var observer: (any RequestObserver)?
    /// Whether `run` is on the stack.
    var isRunning = false
    /// What the channel and the clock were last told of `phases.wantsReading` and `phases.deadline`.
    var isReading = true
    var isOnClock = false

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

    /// The channel that was handed over, until it closes.
    var left: (any Channel)?
    var isGone = false

    private var knownAddress: String?
    private var knownSecurity: PeerSecurity?
    /// As whom admission let the last request in.
    public internal(set) var identity: (any AdmittedIdentity)?

    init(listener: ListenerContext, clock: ConnectionClock) {
        self.listener = listener
        self.clock = clock
        let limits = listener.service.limits
        phases = RequestPhases(
            maxHeadBytes: limits.maxHeaderBytes, patience: .nanoseconds(limits.readHeaderTimeout.nanoseconds))
    }

    var service: WebService { listener.service }

    /// `nil` once it has closed.
    var channel: (any Channel)? { context?.channel ?? left }

    // MARK: What is known of the peer and its request

    public var eventLoop: any EventLoop { clock.loop }

    /// The peer's address without its port.
    public var peerAddress: String? {
        if let knownAddress { return knownAddress }
        knownAddress = channel?.remoteAddress?.ipAddress
        return knownAddress
    }

    /// Who the peer is, as far as is known now. TLS and its certificate are looked up when this is first asked.
    public var peer: Peer {
        if knownSecurity == nil, let channel {
            for step in listener.steps where knownSecurity == nil { knownSecurity = step.security(of: channel) }
        }
        return Peer(address: peerAddress, listener: listener.name, security: knownSecurity, identity: identity)
    }

    /// When the current request's head was complete.
    public var requestBegan: NIODeadline { phases.began }

    /// 0 or 1: the version of the current request.
    public var minorVersion: Int { Int(phases.minorVersion) }

    /// Whether the current request is HEAD: answers then go without a body.
    public var isHeadRequest: Bool { phases.isHead }

    // MARK: ChannelHandler

    public func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { opened() }
    }

    public func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    public func channelActive(context: ChannelHandlerContext) {
        opened()
        context.fireChannelActive()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if idling != .no { clock.endIdling(self) }
        phases.bytesArrived(unwrapInboundIn(data))
        run()
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        exchange?.readBatchEnded()
        phases.batchEnded()
        context.fireChannelReadComplete()
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        phases.writabilityChanged(isWritable)
        if isWritable { goOn() }
        context.fireChannelWritabilityChanged()
    }

    public func channelInactive(context: ChannelHandlerContext) {
        phases.lost()
        settle()
        gone()
        let lost = exchange
        exchange = nil
        observer = nil
        lost?.connectionLost()
        context.fireChannelInactive()
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset or time-out of the socket; what was going on hears of it through `channelInactive`.
        service.logger.debug("connection failed", metadata: ["err": "\(error)"])
        context.close(promise: nil)
    }

    private func opened() {
        phases.opened(clock.loop.now)
        settle()
    }
}
