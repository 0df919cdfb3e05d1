import DequeModule
import NIOCore

/// Stands behind the TLS handler since the handshake: knows the peer, and hands on what is written in pieces, each only when there is room.
///
/// swift-nio-ssl enciphers all that it is given at once, into a buffer that stays as large as the largest write. A large answer, which many
/// connections share, would become a private copy for each of them, and would be kept by those that read slowly. Pieces are made of slices: what
/// waits here is shared still.
final class TLSConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What a record of TLS holds at most (RFC 8446, section 5.1); bytes.
    static let pieceBytes = 16_384

    private enum Waiting {
        case bytes(ByteBuffer, EventLoopPromise<Void>?)
        case closeOutput(EventLoopPromise<Void>?)
    }

    let security: PeerSecurity
    private var waiting = Deque<Waiting>()
    /// How many of those that wait were flushed.
    private var flushed = 0
    private var isWriting = false
    /// There is room, and those in front have not heard of it: they do when nothing waits here.
    private var owesWord = false
    /// What was handed on since the last flush, and will be enciphered in one; bytes.
    private var passed = 0
    /// What waits here; bytes.
    private(set) var waitingBytes = 0

    init(_ security: PeerSecurity) { self.security = security }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = unwrapOutboundIn(data)
        if waiting.isEmpty, passed + bytes.readableBytes <= Self.pieceBytes {
            passed += bytes.readableBytes
            context.write(data, promise: promise)
        } else {
            waitingBytes += bytes.readableBytes
            waiting.append(.bytes(bytes, promise))
        }
    }

    func flush(context: ChannelHandlerContext) {
        flushed = waiting.count
        // What was passed on at once is part of it.
        passed = 0
        context.flush()
        writeOn(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // There is room for others when nothing waits here.
        if context.channel.isWritable {
            writeOn(context)
            if !waiting.isEmpty {
                owesWord = true
                return
            }
        }
        owesWord = false
        context.fireChannelWritabilityChanged()
    }

    private func writeOn(_ context: ChannelHandlerContext) {
        guard !isWriting else { return }
        isWriting = true
        defer {
            isWriting = false
            // A socket that takes a piece at once tells of room while this is writing, and says nothing after the last piece.
            if owesWord, waiting.isEmpty, context.channel.isWritable {
                owesWord = false
                context.fireChannelWritabilityChanged()
            }
        }
        while flushed > 0, context.channel.isWritable, let first = waiting.first {
            switch first {
            case .closeOutput(let promise):
                removeFirst()
                context.close(mode: .output, promise: promise)
            case .bytes(var bytes, let promise):
                let piece = bytes.readSlice(length: min(bytes.readableBytes, Self.pieceBytes)) ?? ByteBuffer()
                waitingBytes -= piece.readableBytes
                let isLast = bytes.readableBytes == 0
                // Before it is written: that may fail all that wait.
                if isLast { removeFirst() } else { waiting[0] = .bytes(bytes, promise) }
                context.writeAndFlush(wrapOutboundOut(piece), promise: isLast ? promise : nil)
            }
        }
    }

    private func removeFirst() {
        waiting.removeFirst()
        flushed -= 1
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output, !waiting.isEmpty {
            waiting.append(.closeOutput(promise))
            flushed = waiting.count
        } else {
            if mode == .all { drop() }
            context.close(mode: mode, promise: promise)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        drop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { drop() }

    private func drop() {
        let dropped = waiting
        waiting = []
        flushed = 0
        waitingBytes = 0
        for item in dropped {
            switch item {
            case .bytes(_, let promise), .closeOutput(let promise): promise?.fail(ChannelError.ioOnClosedChannel)
            }
        }
    }
}
