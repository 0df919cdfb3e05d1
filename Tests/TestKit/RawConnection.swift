import NIOCore
import NIOPosix

import struct Glibc.linger

/// A TCP connection that a test drives byte by byte.
public final class RawConnection: Sendable {
    /// What a wait ended with instead of what it waited for.
    public enum Ended: Error, Equatable {
        /// The peer closed in good order, with these bytes unread.
        case closed(String)
        /// The peer reset the connection, with these bytes unread.
        case reset(String)
        /// Nothing came for far longer than anything here takes; only a hang gets here.
        case hung(String)
    }

    private let channel: any Channel
    private let inbox: Inbox

    init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameters:
    ///   - receiveBuffer: The socket's receive buffer in bytes, for peers that are to be slow; `nil` for the system's.
    ///   - prepare: Adds what is to stand between the socket and the test, such as TLS.
    public static func open(
        port: Int, receiveBuffer: Int? = nil, prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws -> RawConnection {
        let inbox = Inbox(loop: MultiThreadedEventLoopGroup.singleton.next())
        var bootstrap = bootstrap(inbox, prepare: prepare)
        if let receiveBuffer { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer) }
        return RawConnection(channel: try await bootstrap.connect(host: "127.0.0.1", port: port).get(), inbox: inbox)
    }

    /// - Parameter path: Of a Unix domain socket.
    public static func open(path: String) async throws -> RawConnection {
        let inbox = Inbox(loop: MultiThreadedEventLoopGroup.singleton.next())
        let channel = try await bootstrap(inbox) { _ in }.connect(unixDomainSocketPath: path).get()
        return RawConnection(channel: channel, inbox: inbox)
    }

    private static func bootstrap(
        _ inbox: Inbox, prepare: @escaping @Sendable (any Channel) throws -> Void
    ) -> ClientBootstrap {
        ClientBootstrap(group: inbox.loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try prepare(channel)
                try channel.pipeline.syncOperations.addHandler(inbox.handler())
            }
        }
    }

    public func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }

    public func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }

    /// Waits until `take` makes something of the bytes received and not yet taken; it removes what it uses.
    public func wait<Value: Sendable>(
        for take: @escaping @Sendable (inout ByteBuffer) throws -> Value?
    ) async throws -> Value {
        try await inbox.wait { buffer, _ in try take(&buffer) }.get()
    }

    /// Waits for the next whole response.
    public func response(toHead: Bool = false) async throws -> RawResponse {
        try await inbox.wait { try RawResponse.take(&$0, toHead: toHead, atEnd: $1) }.get()
    }

    /// Waits for text, and takes everything up to its end.
    public func text(upTo end: String) async throws -> String {
        try await wait { buffer in
            let text = String(buffer: buffer)
            guard let range = text.firstRange(of: end) else { return nil }
            return buffer.readString(length: text[..<range.upperBound].utf8.count)
        }
    }

    /// Waits until the peer has closed; gives what it had sent before.
    public func closed() async -> Ended {
        do {
            return try await inbox.wait { _, _ -> Ended? in nil }.get()
        } catch {
            return error as? Ended ?? .closed("")
        }
    }

    /// Passes on what the peers of two connections send, each to the other, until one of them has gone; then the other goes as well.
    public static func join(_ near: RawConnection, _ far: RawConnection) async {
        @Sendable func carry(_ from: RawConnection, _ to: RawConnection) async {
            while let bytes = try? await from.wait(for: takeAll) {
                guard (try? await to.send(bytes)) != nil else { break }
            }
            await from.close()
            await to.close()
        }
        async let there: Void = carry(near, far)
        await carry(far, near)
        await there
    }

    @Sendable private static func takeAll(_ buffer: inout ByteBuffer) -> ByteBuffer? {
        buffer.readableBytes == 0 ? nil : buffer.readSlice(length: buffer.readableBytes)
    }

    public func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    public func resumeReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// Sends nothing more, and goes on reading.
    public func endSending() async throws { try await channel.close(mode: .output).get() }

    /// Closes in good order.
    public func close() async { try? await channel.close().get() }

    /// Closes with a reset, as a process that was killed with unread data does.
    public func reset() async {
        if let options = channel as? any SocketOptionProvider {
            try? await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        await close()
    }
}

/// The bytes of one connection, and who waits for them.
///
/// `@unchecked Sendable`: confined to `loop`.
final class Inbox: @unchecked Sendable {
    private struct Waiter {
        /// Whether the wait is over.
        let attempt: (inout ByteBuffer, _ atEnd: Bool) -> Bool
        let fail: (RawConnection.Ended) -> Void
    }

    let loop: any EventLoop
    private var buffer = ByteBuffer()
    /// How the connection ended: `nil` while it is open.
    private var endedWithReset: Bool?
    private var waiter: Waiter?

    init(loop: any EventLoop) { self.loop = loop }

    func handler() -> some ChannelInboundHandler { Handler(self) }

    func wait<Value: Sendable>(
        for take: @escaping @Sendable (inout ByteBuffer, _ atEnd: Bool) throws -> Value?
    ) -> EventLoopFuture<Value> {
        let promise = loop.makePromise(of: Value.self)
        loop.execute {
            let hang = self.loop.scheduleTask(in: .seconds(60)) {
                self.waiter = nil
                promise.fail(RawConnection.Ended.hung(String(buffer: self.buffer)))
            }
            self.waiter = Waiter { buffer, atEnd in
                do {
                    guard let value = try take(&buffer, atEnd) else { return false }
                    promise.succeed(value)
                } catch {
                    promise.fail(error)
                }
                hang.cancel()
                return true
            } fail: {
                hang.cancel()
                promise.fail($0)
            }
            self.look()
        }
        return promise.futureResult
    }

    private func look() {
        guard let waiter else { return }
        if waiter.attempt(&buffer, endedWithReset != nil) {
            self.waiter = nil
        } else if let endedWithReset {
            self.waiter = nil
            let unread = String(buffer: buffer)
            waiter.fail(endedWithReset ? .reset(unread) : .closed(unread))
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let inbox: Inbox
        private var wasReset = false

        init(_ inbox: Inbox) { self.inbox = inbox }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            inbox.buffer.writeBuffer(&bytes)
            inbox.look()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            wasReset = true
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            inbox.endedWithReset = wasReset
            inbox.look()
        }
    }
}
