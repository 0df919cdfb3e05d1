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
        /// Connections that stand, their handshake half done.
        var stalled = 0
        var connectErrors = 0
    }

    private let loop: any EventLoop
    private let core: NIOLoopBound<Core>

    private init(_ loop: any EventLoop, _ core: NIOLoopBound<Core>) {
        self.loop = loop
        self.core = core
    }

    static func start(
        _ proxy: ProxyAddress, peers: Int, stalls: Bool, on loop: any EventLoop
    ) async throws -> Flood {
        let address = try SocketAddress.makeAddressResolvingHost(proxy.host, port: proxy.port)
        let core = try await loop.submit {
            let core = Core(loop: loop, proxy: proxy, address: address, stalls: stalls)
            for _ in 0..<peers { core.connect() }
            return NIOLoopBound(core, eventLoop: loop)
        }.get()
        return Flood(loop, core)
    }

    /// Ends it, and says what came of it.
    func stop() async throws -> Counts {
        try await loop.submit {
            self.core.value.isOver = true
            return self.core.value.counts
        }.get()
    }

    private final class Core {
        let loop: any EventLoop
        let proxy: ProxyAddress
        let address: SocketAddress
        let stalls: Bool
        var counts = Counts()
        var isOver = false

        init(loop: any EventLoop, proxy: ProxyAddress, address: SocketAddress, stalls: Bool) {
            self.loop = loop
            self.proxy = proxy
            self.address = address
            self.stalls = stalls
        }

        func connect() {
            guard !isOver else { return }
            let peer = NIOLoopBound(Peer(self), eventLoop: loop)
            let (proxy, stalls) = (proxy, stalls)
            ClientBootstrap(group: loop)
                // Whoever does not read hears no answer to its hello.
                .channelOption(.autoRead, value: !stalls)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
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
    }

    private final class Peer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let core: Core
        private var isDone = false

        init(_ core: Core) { self.core = core }

        func channelActive(context: ChannelHandlerContext) {
            if core.stalls {
                core.counts.stalled += 1
                // A reset is noticed by who reads nothing, an end is not: it is looked for now and then.
                look(context)
            }
            context.fireChannelActive()
        }

        private func look(_ context: ChannelHandlerContext) {
            context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
                guard context.channel.isActive, !self.core.isOver else { return context.close(promise: nil) }
                self.look(context)
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case TLSUserEvent.handshakeCompleted = event {
                isDone = true
                core.counts.done += 1
                context.close(promise: nil)
            }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) {
            if core.stalls { core.counts.stalled -= 1 }
            if !isDone { core.counts.closed += 1 }
            core.connect()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
