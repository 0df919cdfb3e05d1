import NIOCore

/// One tunnel of a misbehaving client, on raw frames: asks for it, says who it is, and does with what comes what its maker says.
final class ChaosTunnel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Script {
        /// The request for the tunnel.
        var upgrade: ByteBuffer
        /// Written when the proxy has answered it: a HELLO, as a rule.
        var greeting: ByteBuffer
        /// Under this name.
        var name: String
        /// Answers no pings.
        var isMute = false
        var act: (ChaosTunnel, Event) -> Void
        /// Called once when the connection is over, whoever ended it.
        var ended: () -> Void
    }

    enum Event {
        /// The first WELCOME.
        case welcomed
        /// - Parameter scrape: `nil` for a connection.
        case opened(UInt32, scrape: PolledScrape?)
        case data(UInt32, ByteBuffer)
        case ended(UInt32)
        case reset(UInt32)
    }

    /// What a stream may send, and what waits until it may.
    private struct Outgoing {
        var credit = 65_536
        var waiting = ByteBuffer()
        var isLast = false
    }

    private static let endOfHead = ByteBuffer(staticString: "\r\n\r\n")
    private static let maxPiece = 16_384

    private let chaos: ChaosCore
    private let script: Script
    /// The answer to the request, as far as it has come; `nil` behind it.
    private var head: ByteBuffer? = ByteBuffer()
    private var reader = RawFrameReader()
    private var isWelcome = false
    private var streams: [UInt32: Outgoing] = [:]
    private var context: ChannelHandlerContext?

    init(chaos: ChaosCore, script: Script) {
        self.chaos = chaos
        self.script = script
    }

    var channel: (any Channel)? { context?.channel }
    var isOpen: Bool { context != nil }

    // MARK: Out

    func write(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }

    /// Sends bytes of a stream as far as its window allows, the rest later.
    func send(_ stream: UInt32, _ bytes: ByteBuffer, isLast: Bool = false) {
        streams[stream]?.waiting.writeImmutableBuffer(bytes)
        if isLast { streams[stream]?.isLast = true }
        pump(stream)
    }

    /// Says that a connection stands.
    func greet(_ stream: UInt32) { write(RawFrames.message(RawFrames.data, stream)) }

    func grant(_ stream: UInt32, _ bytes: Int) {
        if bytes > 0 { write(RawFrames.credit(stream, UInt32(clamping: bytes))) }
    }

    private func pump(_ stream: UInt32) {
        guard var outgoing = streams[stream] else { return }
        while outgoing.credit > 0,
            let piece = outgoing.waiting.readSlice(
                length: min(outgoing.credit, outgoing.waiting.readableBytes, Self.maxPiece)), piece.readableBytes > 0
        {
            outgoing.credit -= piece.readableBytes
            write(RawFrames.message(RawFrames.data, stream, piece))
        }
        if outgoing.waiting.readableBytes == 0 {
            outgoing.waiting = ByteBuffer()
            if outgoing.isLast { write(RawFrames.message(RawFrames.end, stream)) }
        }
        streams[stream] = outgoing.isLast && outgoing.waiting.readableBytes == 0 ? nil : outgoing
    }

    // MARK: In

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        chaos.opened(context.channel)
        write(script.upgrade)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if head != nil {
            head?.writeBuffer(&bytes)
            guard let rest = opened() else { return }
            bytes = rest
        }
        reader.receive(bytes)
        while isOpen, let message = reader.next() { take(message) }
    }

    /// What follows the answer that opens the tunnel; closes where it is another.
    private func opened() -> ByteBuffer? {
        guard var answer = head,
            let range = answer.readableBytesView.firstRange(of: Self.endOfHead.readableBytesView)
        else { return nil }
        guard answer.readableBytesView.starts(with: "HTTP/1.1 101".utf8) else {
            context?.close(promise: nil)
            return nil
        }
        answer.moveReaderIndex(to: range.upperBound)
        head = nil
        chaos.counts.tunnels += 1
        write(script.greeting)
        return answer
    }

    private func take(_ message: RawFrameReader.Message) {
        switch message {
        case .tunnel(let type, let stream, let payload): take(type, stream, payload)
        case .ping(let payload): if !script.isMute { write(RawFrames.frame(RawFrames.pong, payload)) }
        case .close:
            write(RawFrames.frame(RawFrames.close, ByteBuffer(integer: UInt16(1_000))))
            context?.close(promise: nil)
        case .other: break
        }
    }

    private func take(_ type: UInt8, _ stream: UInt32, _ payload: ByteBuffer) {
        switch type {
        case RawFrames.welcome:
            guard !isWelcome else { return }
            isWelcome = true
            if let channel { chaos.hasTunnel(channel, script.name) }
            script.act(self, .welcomed)
        case RawFrames.open:
            streams[stream] = Outgoing()
            let request = payload.getSlice(at: payload.readerIndex + 4, length: payload.readableBytes - 4)
            let scrape = request.flatMap { $0.withUnsafeReadableBytes { PolledScrape($0) } }
            if scrape == nil { chaos.counts.tunnelConnects += 1 } else { chaos.counts.tunnelScrapes += 1 }
            script.act(self, .opened(stream, scrape: scrape))
        case RawFrames.data: script.act(self, .data(stream, payload))
        case RawFrames.end:
            if payload.readableBytes > 0 { script.act(self, .data(stream, payload)) }
            script.act(self, .ended(stream))
        case RawFrames.reset:
            streams[stream] = nil
            script.act(self, .reset(stream))
        case RawFrames.window:
            streams[stream]?.credit += Int(payload.getInteger(at: payload.readerIndex, as: UInt32.self) ?? 0)
            pump(stream)
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        chaos.closed(context.channel)
        script.ended()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
