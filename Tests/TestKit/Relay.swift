import NIOCore
import NIOPosix
import Synchronization

import struct Glibc.linger

/// Stands between clients and a server, and is the link between them: it may be long, and it can break in two ways.
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

    /// - Parameters:
    ///   - server: the port on 127.0.0.1 that connections are passed on to.
    ///   - port: 0 lets the system choose.
    ///   - delay: what the link adds to the time that bytes take, each way.
    public static func start(to server: Int, port: Int = 0, delay: TimeAmount = .zero) async throws -> Relay {
        let sent = LineLog()
        let generations = Generations()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { near in
                let dark = generations.current
                // On the same event loop as the near end, so that neither needs a lock.
                return ClientBootstrap(group: near.eventLoop)
                    .channelInitializer { far in
                        generations.add(far)
                        return far.eventLoop.makeCompletedFuture {
                            try far.pipeline.syncOperations.addHandler(
                                Wire(to: near, dark: dark, delay: delay, log: nil))
                        }
                    }
                    .connect(host: "127.0.0.1", port: server)
                    .flatMapThrowing { far in
                        generations.add(near)
                        try near.pipeline.syncOperations.addHandler(Wire(to: far, dark: dark, delay: delay, log: sent))
                        near.setOption(.autoRead, value: true).whenFailure { _ in near.close(promise: nil) }
                    }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return Relay(listener: listener, sent: sent, generations: generations)
    }

    /// The connections that are open go black: what comes is taken and not passed on, nothing is closed and nothing said, as a NAT does that has
    /// forgotten its connections. New ones are passed on.
    public func goBlack() { generations.turn() }

    /// The connections that are open are reset at both ends. New ones are passed on.
    public func cut() async {
        let channels = generations.takeAll()
        // All of them first: one that is closed closes the one at the other end.
        for case let channel as any SocketOptionProvider in channels {
            try? await channel.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        for channel in channels { try? await channel.close().get() }
    }

    /// Refuses further connections; those that are open stay.
    public func stop() async { try? await listener.close().get() }

    /// The connections, and which of them have gone black: all of the generations before the current one.
    private final class Generations: Sendable {
        private struct State {
            var number = 0
            var channels: [ObjectIdentifier: any Channel] = [:]
        }

        private let state = Mutex(State())

        /// Says whether what began now has gone black since.
        var current: @Sendable () -> Bool {
            let mine = state.withLock { $0.number }
            return { self.state.withLock { $0.number } != mine }
        }

        func turn() { state.withLock { $0.number += 1 } }

        func add(_ channel: any Channel) {
            state.withLock { $0.channels[ObjectIdentifier(channel)] = channel }
            channel.closeFuture.whenComplete { _ in
                self.state.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
            }
        }

        func takeAll() -> [any Channel] {
            state.withLock { state in
                defer { state.channels = [:] }
                return Array(state.channels.values)
            }
        }
    }

    /// One direction of a connection. Confined to its event loop.
    private final class Wire: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel
        private let dark: @Sendable () -> Bool
        private let delay: TimeAmount
        private let log: LineLog?
        /// What is on its way; `nil` is the end.
        private var underWay = CircularBuffer<ByteBuffer?>()

        init(to other: any Channel, dark: @escaping @Sendable () -> Bool, delay: TimeAmount, log: LineLog?) {
            self.other = other
            self.dark = dark
            self.delay = delay
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { take(unwrapInboundIn(data), context) }
        func channelInactive(context: ChannelHandlerContext) { take(nil, context) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func take(_ bytes: ByteBuffer?, _ context: ChannelHandlerContext) {
            guard delay > .zero else { return passOn(bytes) }
            underWay.append(bytes)
            // Of those that are due at the same moment any may come first: each passes on what is first.
            context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                if let next = self.underWay.popFirst() { self.passOn(next) }
            }
        }

        private func passOn(_ bytes: ByteBuffer?) {
            if dark() { return }
            guard let bytes else { return other.close(promise: nil) }
            log?.arrived(bytes.readableBytesView)
            other.writeAndFlush(bytes, promise: nil)
        }
    }
}
