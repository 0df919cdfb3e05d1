import NIOCore

/// A scraper's connection through the proxy, by CONNECT: sends a pattern, and looks whether what comes back is that.
final class ChaosConnect: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Way: CaseIterable {
        /// Opens it, sends a little, and does nothing more.
        case idles
        /// Ends its half behind what it sends, and waits for the other.
        case halfCloses
        case aborts
        /// Sends much and reads nothing.
        case neverReads
        /// Before there is an answer.
        case leavesEarly
        /// Sends before there is an answer, as one may not.
        case sendsEarly
    }

    private static let endOfHead = ByteBuffer(staticString: "\r\n\r\n")
    private static let period = 251
    static let longest = 400_000
    /// Bytes 1 to 251, again and again: no zeros, which say that there is no echo.
    private static let pattern = ByteBuffer(bytes: (0..<(period + longest)).map { UInt8(1 + $0 % period) })

    private let chaos: ChaosCore
    private let way: Way
    private let request: ByteBuffer
    /// Where in the pattern this one begins, and how much it sends.
    private let offset: Int
    private let amount: Int
    private let ended: () -> Void

    private var head: ByteBuffer? = ByteBuffer()
    private var isOpen = false
    private var received = 0
    private var isEcho = true
    private var hasFailed = false
    private(set) var isAnswered = false
    private(set) var hasEnded = false
    /// It was this end that did not wait for an answer.
    private var hasLeft = false

    init(
        chaos: ChaosCore, way: Way, target: String, offset: Int, amount: Int, ended: @escaping () -> Void
    ) {
        self.chaos = chaos
        self.way = way
        self.offset = offset % Self.period
        self.amount = min(amount, Self.longest)
        self.ended = ended
        request = ByteBuffer(string: "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\r\n")
    }

    private var sent: ByteBuffer { Self.pattern.getSlice(at: offset, length: amount) ?? ByteBuffer() }

    func leave(_ channel: any Channel, byReset: Bool) {
        hasLeft = true
        if byReset { channel.closeWithReset() } else { channel.close(promise: nil) }
    }

    func channelActive(context: ChannelHandlerContext) {
        chaos.opened(context.channel)
        chaos.counts.connects += 1
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        if way == .sendsEarly { context.writeAndFlush(wrapOutboundOut(sent), promise: watched(context)) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if head != nil {
            head?.writeBuffer(&bytes)
            guard var answer = head,
                let range = answer.readableBytesView.firstRange(of: Self.endOfHead.readableBytesView)
            else { return }
            head = nil
            isAnswered = true
            guard answer.readableBytesView.starts(with: "HTTP/1.1 200".utf8) else {
                chaos.counts.connectsRefused += 1
                context.close(promise: nil)
                return
            }
            chaos.counts.connectsOpened += 1
            isOpen = true
            answer.moveReaderIndex(to: range.upperBound)
            bytes = answer
            go(context)
        }
        if isOpen, bytes.readableBytes > 0 { compare(bytes) }
    }

    private func go(_ context: ChannelHandlerContext) {
        if way != .sendsEarly { context.writeAndFlush(wrapOutboundOut(sent), promise: watched(context)) }
        switch way {
        case .halfCloses, .sendsEarly: context.close(mode: .output, promise: watched(context))
        case .neverReads: context.channel.setOption(.autoRead, value: false).whenComplete { _ in }
        case .aborts:
            let channel = context.channel
            chaos.after(milliseconds: 0...500) { channel.closeWithReset() }
        case .idles, .leavesEarly: break
        }
    }

    /// A reset that is met in writing is told to whoever wrote, and to nobody else; the channel may be closed for it before the call that
    /// writes returns.
    private func watched(_ context: ChannelHandlerContext) -> EventLoopPromise<Void> {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenFailure { _ in self.hasFailed = true }
        return promise
    }

    private func compare(_ bytes: ByteBuffer) {
        guard isEcho else { return }
        if bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) == 0 {
            isEcho = false
            return
        }
        let expected = Self.pattern.getSlice(at: offset + received, length: bytes.readableBytes)
        received += bytes.readableBytes
        if received > amount || bytes != expected {
            chaos.counts.connectsMismatched += 1
            isEcho = false
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasFailed = true
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        chaos.closed(context.channel)
        hasEnded = true
        // A write that met a reset may be told of it only behind this: what can still be read is read first.
        context.eventLoop.assumeIsolated().execute { self.judge() }
    }

    private func judge() {
        let waits = way == .halfCloses || way == .sendsEarly
        if isOpen, waits, isEcho, !hasFailed, !hasLeft, !chaos.stopped, received < amount {
            chaos.counts.connectsCut += 1
        }
        if !isAnswered, !hasLeft, !chaos.stopped { chaos.counts.connectsUnanswered += 1 }
        ended()
    }
}

extension ChaosCore {
    /// A scraper's act: a connection to a client that has a tunnel, as a rule.
    func connect() {
        let name = Int.random(in: 0..<8, using: &random) == 0 ? nil : tunnelledName()
        let way = ChaosConnect.Way.allCases.randomElement(using: &random) ?? .idles
        let ended = { self.actEnded() }
        let handler = ChaosConnect(
            chaos: self, way: way, target: "\(name ?? client().fqdn):9100",
            offset: Int.random(in: 0..<251, using: &random),
            amount: way == .neverReads ? ChaosConnect.longest : Int.random(in: 1...100_000, using: &random),
            ended: ended)
        open(handler, halves: true, failed: ended) { channel in
            if way == .leavesEarly {
                self.after(milliseconds: 0...300) { handler.leave(channel, byReset: Bool.random(using: &self.random)) }
            } else if way == .neverReads {
                self.after(milliseconds: 5_000...20_000) { handler.leave(channel, byReset: true) }
            }
            self.after(milliseconds: 40_000...40_000) {
                guard !handler.hasEnded else { return }
                if !handler.isAnswered { self.counts.connectsUnanswered += 1 }
                handler.leave(channel, byReset: true)
            }
        }
    }
}
