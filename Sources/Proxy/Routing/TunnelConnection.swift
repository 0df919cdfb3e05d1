import Clients
import Failures
import NIOCore
import Tunnel
import Web
import Wire

/// One tunnel, at the proxy: a client that takes many scrapes at once. Carries out on its channel what `ProxyEnd` decides, and is what the
/// broker knows as a delivery.
///
/// States: open (until the client's HELLO it is no delivery; then it is one, until the broker or the client ends that) → leaving (nothing more is
/// opened; what is under way may finish) → over. Bytes that come in one read are handed on together at its end, and so is what goes out for them.
///
/// `@unchecked Sendable`: what changes is confined to the connection's event loop; what other threads may call (`deliver`, `withdraw`, `end`) hops
/// there first.
final class TunnelConnection: ChannelInboundHandler, DeliveryPort, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What one turn writes at most before it looks whether the peer takes it; bytes.
    private static let writeBytes = 65_536

    let service: TunnelService
    let loop: any EventLoop
    private let identity: (any AdmittedIdentity)?
    private let address: String?
    private let agent: String?
    private var wire: ProxyEnd
    private var context: ChannelHandlerContext?
    private var delivery: DeliveryID?
    private var streams: [TunnelStreamID: any TunnelStream] = [:]
    private var numbers: [ScrapeID: TunnelStreamID] = [:]
    /// Those that this read brought bytes for.
    private var touched: [any TunnelStream] = []
    private var isReading = false
    /// Closes when no stream is left.
    private var leaving: WebSocketClose?
    private var timer: Scheduled<Void>?
    private var timerDue: NIODeadline?

    init(
        _ service: TunnelService, on loop: any EventLoop, identity: (any AdmittedIdentity)?, address: String?,
        agent: String?
    ) {
        self.service = service
        self.loop = loop
        self.identity = identity
        self.address = address
        self.agent = agent
        wire = ProxyEnd(service.settings, at: loop.now)
    }

    var visitor: Visitor? { identity as? Visitor }
    private var dispatcher: Dispatcher { service.dispatcher }
}

// MARK: ChannelHandler

extension TunnelConnection {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        settle()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        wire.received(unwrapInboundIn(data), at: loop.now)
        takeEvents()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        handOn()
        settle()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { settle() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset or time-out of the socket; what was going on hears of it through `channelInactive`.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        wire.connectionLost(at: loop.now)
        takeEvents()
        timer?.cancel()
        self.context = nil
        context.fireChannelInactive()
    }
}
