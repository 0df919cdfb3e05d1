import NIOCore
import NIOPosix

/// A port that a test listens on: it takes each connection and drives it byte by byte.
public final class RawListener: Sendable {
    /// On 127.0.0.1, chosen by the system.
    public let port: Int
    private let channel: any Channel
    private let backlog: Backlog

    private init(channel: any Channel, port: Int, backlog: Backlog) {
        self.channel = channel
        self.port = port
        self.backlog = backlog
    }

    /// - Parameter prepare: Adds what is to stand between the socket and the test, such as TLS.
    public static func open(
        prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws -> RawListener {
        let backlog = Backlog()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let inbox = Inbox(loop: channel.eventLoop)
                    try prepare(channel)
                    try channel.pipeline.syncOperations.addHandler(inbox.handler())
                    backlog.put(RawConnection(channel: channel, inbox: inbox))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return RawListener(channel: channel, port: channel.localAddress?.port ?? 0, backlog: backlog)
    }

    /// The connections, in the order in which they came; ends when the port is closed. For one reader.
    public var connections: AsyncStream<RawConnection> { backlog.stream }

    /// Refuses further connections; those that are open stay.
    public func close() async {
        try? await channel.close().get()
        backlog.finish()
    }

    private final class Backlog: Sendable {
        let stream: AsyncStream<RawConnection>
        private let source: AsyncStream<RawConnection>.Continuation

        init() { (stream, source) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096)) }

        func put(_ connection: RawConnection) { source.yield(connection) }
        func finish() { source.finish() }
    }
}
