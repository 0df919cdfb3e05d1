import DequeModule
import NIOCore
import NIOPosix

/// A TCP relay that hands everything on after a while, in order, each way: a link with a long round trip.
final class DelayRelay: Sendable {
    let port: Int
    private let listener: any Channel

    /// - Parameter delay: Of each way.
    static func start(to proxy: ProxyAddress, delay: TimeAmount, on loop: any EventLoop) async throws -> DelayRelay {
        let address = try SocketAddress.makeAddressResolvingHost(proxy.host, port: proxy.port)
        let listener = try await ServerBootstrap(group: loop, childGroup: loop)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { near in
                ClientBootstrap(group: near.eventLoop)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .channelInitializer { far in
                        far.eventLoop.makeCompletedFuture {
                            try far.pipeline.syncOperations.addHandler(End(other: near, delay: delay))
                        }
                    }
                    .connect(to: address)
                    .flatMapThrowing { far in
                        // It is read from when this is done, not before: reading one that is not registered yet would be its last.
                        try near.pipeline.syncOperations.addHandler(End(other: far, delay: delay))
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return DelayRelay(listener)
    }

    private init(_ listener: any Channel) {
        self.listener = listener
        port = listener.localAddress?.port ?? 0
    }

    func stop() async { try? await listener.close().get() }

    private final class End: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel
        private let delay: TimeAmount

        init(other: any Channel, delay: TimeAmount) {
            self.other = other
            self.delay = delay
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                self.other.writeAndFlush(bytes, promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.other.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
