import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Peers that shake hands and leave, or that stall in the middle, and come again. May be used from any thread.
final class Flood: Sendable {
    struct Counts: Sendable {
        /// Handshakes that were completed.
        var done = 0
        /// Connections that ended before that.
        var closed = 0
        /// Connections that stand now, their handshake half done.
        var stalled = 0
        var connectErrors = 0
    }

    private let loop: any EventLoop
    private let core: NIOLoopBound<Core>

    private init(_ loop: any EventLoop, _ core: NIOLoopBound<Core>) {
        self.loop = loop
        self.core = core
    }

    /// - Parameter source: The address that all come from; `nil` leaves it to the system.
    static func start(
        _ proxy: ProxyAddress, peers: Int, stalls: Bool, from source: String? = nil, on loop: any EventLoop
    ) async throws -> Flood {
        let address = try SocketAddress.makeAddressResolvingHost(proxy.host, port: proxy.port)
        let own = try source.map { try SocketAddress(ipAddress: $0, port: 0) }
        let core = try await loop.submit {
            let core = Core(loop: loop, proxy: proxy, address: address, own: own, stalls: stalls)
            for _ in 0..<peers { core.connect() }
            return NIOLoopBound(core, eventLoop: loop)
        }.get()
        return Flood(loop, core)
    }

    /// What has come of it since it began.
    func counts() async throws -> Counts { try await loop.submit { self.core.value.counts }.get() }

    /// Ends it: nobody comes again, and whoever is there leaves.
    func stop() async throws { try await loop.submit { self.core.value.stop() }.get() }

    private final class Core {
        let loop: any EventLoop
        let proxy: ProxyAddress
        let address: SocketAddress
        let own: SocketAddress?
        let stalls: Bool
        var counts = Counts()
        private var channels: [ObjectIdentifier: any Channel] = [:]
        private var isOver = false

        init(
            loop: any EventLoop, proxy: ProxyAddress, address: SocketAddress, own: SocketAddress?, stalls: Bool
        ) {
            self.loop = loop
            self.proxy = proxy
            self.address = address
            self.own = own
            self.stalls = stalls
        }

        func connect() {
            guard !isOver else { return }
            let peer = NIOLoopBound(Peer(self), eventLoop: loop)
            let (proxy, stalls) = (proxy, stalls)
            var bootstrap = ClientBootstrap(group: loop)
            if let own { bootstrap = bootstrap.bind(to: own) }
            bootstrap
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        // Whoever hears no answer to its hello goes no further.
                        if stalls { try channel.pipeline.syncOperations.addHandler(Deafness()) }
                        try LoadTLS.addHandler(to: channel, for: proxy)
                        try channel.pipeline.syncOperations.addHandler(peer.value)
                    }
                }
                .connect(to: address)
                .assumeIsolated().whenFailure { _ in
                    self.counts.connectErrors += 1
                    self.loop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { self.connect() }
                }
        }

        func opened(_ channel: any Channel) {
            guard !isOver else { return channel.close(promise: nil) }
            channels[ObjectIdentifier(channel)] = channel
            if stalls { counts.stalled += 1 }
        }

        func closed(_ channel: any Channel, isDone: Bool) {
            guard channels.removeValue(forKey: ObjectIdentifier(channel)) != nil, !isOver else { return }
            if stalls { counts.stalled -= 1 }
            if !isDone { counts.closed += 1 }
            connect()
        }

        func stop() {
            isOver = true
            for channel in channels.values { channel.close(promise: nil) }
        }
    }

    private final class Deafness: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
    }

    private final class Peer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let core: Core
        private var isDone = false

        init(_ core: Core) { self.core = core }

        func channelActive(context: ChannelHandlerContext) {
            core.opened(context.channel)
            context.fireChannelActive()
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case TLSUserEvent.handshakeCompleted = event {
                isDone = true
                core.counts.done += 1
                context.close(promise: nil)
            }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) { core.closed(context.channel, isDone: isDone) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
