import NIOCore
import NIOEmbedded
import Testing

@testable import Web

@Suite("What is written goes to TLS in pieces, while there is room") struct TLSConnectionTests {
    private static let piece = TLSConnection.pieceBytes

    private struct Rig {
        let channel = EmbeddedChannel()
        let connection = TLSConnection(PeerSecurity(version: "TLSv1.3"))

        init() throws {
            try channel.pipeline.syncOperations.addHandler(connection)
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        }

        func setWritable(_ isWritable: Bool) {
            channel.isWritable = isWritable
            channel.pipeline.fireChannelWritabilityChanged()
        }

        func written() throws -> [Int] {
            var sizes: [Int] = []
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { sizes.append(bytes.readableBytes) }
            return sizes
        }
    }

    private final class Flag {
        var isSet: Bool?
    }

    /// A socket that is full for a moment with each of its first writes, and takes all at once.
    private final class Flicker: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private let channel: EmbeddedChannel
        private var left: Int

        init(_ channel: EmbeddedChannel, times: Int) { (self.channel, left) = (channel, times) }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            context.write(data, promise: promise)
            guard left > 0 else { return }
            left -= 1
            for isWritable in [false, true] {
                channel.isWritable = isWritable
                context.fireChannelWritabilityChanged()
            }
        }
    }

    /// What those in front of TLS were last told.
    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var isWritable = true

        func channelWritabilityChanged(context: ChannelHandlerContext) { isWritable = context.channel.isWritable }
    }

    @Test("Whoever was told that there is no room is told that there is again, however soon", arguments: 1...4)
    func room(times: Int) throws {
        let channel = EmbeddedChannel()
        let listener = Listener()
        try channel.pipeline.syncOperations.addHandlers([
            Flicker(channel, times: times), TLSConnection(PeerSecurity(version: "TLSv1.3")), listener,
        ])
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        channel.writeAndFlush(ByteBuffer(repeating: 1, count: 3 * Self.piece), promise: nil)
        #expect(listener.isWritable)
        _ = try? channel.finish()
    }

    @Test("A large answer waits as it is until there is room, goes out in order, and is done with its last piece")
    func pieces() throws {
        let rig = try Rig()
        let done = Flag()
        rig.setWritable(false)
        let promise = rig.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { done.isSet = (try? $0.get()) != nil }
        rig.channel.write(ByteBuffer(repeating: 1, count: 2 * Self.piece + 1), promise: promise)
        rig.channel.write(ByteBuffer(repeating: 2, count: 5), promise: nil)
        rig.channel.flush()
        #expect(try rig.written() == [])
        #expect(rig.connection.waitingBytes == 2 * Self.piece + 6)
        rig.setWritable(true)
        #expect(try rig.written() == [Self.piece, Self.piece, 1, 5])
        #expect(done.isSet == true && rig.connection.waitingBytes == 0)
        // An answer in many small pieces is a large one.
        for _ in 1...4 { rig.channel.write(ByteBuffer(repeating: 4, count: Self.piece / 2), promise: nil) }
        #expect(rig.connection.waitingBytes == Self.piece)
        rig.channel.flush()
        #expect(try rig.written() == [Int](repeating: Self.piece / 2, count: 4))
        // Nothing that is small waits.
        rig.channel.writeAndFlush(ByteBuffer(repeating: 3, count: Self.piece), promise: nil)
        #expect(try rig.written() == [Self.piece])
        _ = try? rig.channel.finish()
    }

    @Test("What was not flushed stays")
    func unflushed() throws {
        let rig = try Rig()
        rig.channel.write(ByteBuffer(repeating: 1, count: Self.piece + 1), promise: nil)
        rig.setWritable(true)
        #expect(try rig.written() == [])
        rig.channel.flush()
        #expect(try rig.written() == [Self.piece, 1])
        _ = try? rig.channel.finish()
    }

    @Test(
        "Closing the output comes after what waits; closing, and a peer that goes, drops it and says so",
        arguments: [true, false])
    func closing(byPeer: Bool) throws {
        let rig = try Rig()
        rig.setWritable(false)
        let (wrote, closed) = (Flag(), Flag())
        let write = rig.channel.eventLoop.makePromise(of: Void.self)
        write.futureResult.assumeIsolated().whenComplete { wrote.isSet = (try? $0.get()) != nil }
        let output = rig.channel.eventLoop.makePromise(of: Void.self)
        output.futureResult.assumeIsolated().whenComplete { closed.isSet = (try? $0.get()) != nil }
        rig.channel.writeAndFlush(ByteBuffer(repeating: 1, count: Self.piece + 1), promise: write)
        rig.channel.close(mode: .output, promise: output)
        #expect(wrote.isSet == nil && closed.isSet == nil)
        if byPeer { rig.channel.pipeline.fireChannelInactive() } else { rig.channel.close(mode: .all, promise: nil) }
        #expect(wrote.isSet == false && closed.isSet == false && rig.connection.waitingBytes == 0)
        rig.channel.embeddedEventLoop.run()
        _ = try? rig.channel.finish()
    }
}
