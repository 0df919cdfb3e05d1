import NIOCore
import NIOPosix
import Synchronization

/// Stands between clients and a server, and can go black: it then takes what comes and passes nothing on, closes nothing and
/// says nothing, as a NAT does that has forgotten its connections.
public final class Relay: Sendable {
    /// On 127.0.0.1.
    public let port: Int
    /// The lines that clients sent, as far as they were passed on.
    public let sent: LineLog
    private let listener: any Channel
    private let generations: Generations

    private init(listener: any Channel, sent: LineLog, generations: Generations) {
        self.listener = listener
        self.port = listener.localAddress?.port ?? 0
        self.sent = sent
        self.generations = generations
    }

    /// - Parameter server: the port on 127.0.0.1 that connections are passed on to.
    public static func start(to server: Int) async throws -> Relay {
        let sent = LineLog()
        let generations = Generations()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { near in
                let dark = generations.current
                // On the same event loop as the near end, so that neither needs a lock.
                return ClientBootstrap(group: near.eventLoop)
                    .channelInitializer { far in
                        far.eventLoop.makeCompletedFuture {
                            try far.pipeline.syncOperations.addHandler(Wire(to: near, dark: dark, log: nil))
                        }
                    }
                    .connect(host: "127.0.0.1", port: server)
                    .flatMapThrowing { far in
                        try near.pipeline.syncOperations.addHandler(Wire(to: far, dark: dark, log: sent))
                        near.setOption(.autoRead, value: true).whenFailure { _ in near.close(promise: nil) }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Relay(listener: listener, sent: sent, generations: generations)
    }

    /// The connections that are open go black; new ones are passed on.
    public func goBlack() { generations.turn() }

    public func stop() async { try? await listener.close().get() }

    /// Which connections have gone black: all of the generations before the current one.
    private final class Generations: Sendable {
        private let number = Mutex(0)

        /// Says whether what began now has gone black since.
        var current: @Sendable () -> Bool {
            let mine = number.withLock { $0 }
            return { self.number.withLock { $0 } != mine }
        }

        func turn() { number.withLock { $0 += 1 } }
    }

    /// One direction of a connection.
    private final class Wire: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel
        private let dark: @Sendable () -> Bool
        private let log: LineLog?

        init(to other: any Channel, dark: @escaping @Sendable () -> Bool, log: LineLog?) {
            self.other = other
            self.dark = dark
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if dark() { return }
            let bytes = unwrapInboundIn(data)
            log?.arrived(bytes.readableBytesView)
            other.writeAndFlush(bytes, promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            if !dark() { other.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
