import NIOCore
import Wire

/// One connection of the client under a soak to its proxy: takes its requests apart, and says what it is told to.
final class StageProxyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case head(HeadParser)
        case body(BodyDecoder)
        case answering
    }

    /// How much of a push's body is kept; what has no end is read and forgotten.
    private static let keepLimit = 2_000_000

    private let stage: ClientStage
    private var context: ChannelHandlerContext?
    private var state = State.head(HeadParser(.request, maxBytes: 65_536))
    private var path = ""
    private var pending = ByteBuffer()
    private var body = ByteBuffer()
    private var isClosedByUs = false

    init(stage: ClientStage) { self.stage = stage }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        stage.opened(self)
        if stage.mood == .gone { vanish(isReset: true) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        pending.writeBuffer(&bytes)
        do { try advance() } catch { close() }
        if pending.readableBytes == 0 { pending.clear() }
    }

    private func advance() throws {
        while true {
            switch state {
            case .head(var parser):
                guard let head = try RequestHead.parse(&pending, with: &parser) else {
                    state = .head(parser)
                    return
                }
                path = head.target
                state = .body(BodyDecoder(head.framing))
            case .body(var decoder):
                switch try decoder.next(&pending) {
                case .bytes(var slice):
                    if body.readableBytes < Self.keepLimit { body.writeBuffer(&slice) }
                    state = .body(decoder)
                    if stage.mood == .cutsPushes, path == "/push" {
                        stage.ledger.pushCut(id: PushedAnswer(body, ended: false).id)
                        return vanish(isReset: true)
                    }
                case .needsMore:
                    state = .body(decoder)
                    return
                case .end:
                    state = .answering
                    let whole = body
                    body = ByteBuffer()
                    switch path {
                    case "/poll": stage.polled(self)
                    // A proxy of version 1, which this stage is, has none.
                    case "/tunnel":
                        answer(ByteBuffer(string: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
                    default: stage.pushed(whole, on: self)
                    }
                }
            case .answering: return
            }
        }
    }

    /// Answers the request that came last.
    func answer(_ bytes: ByteBuffer, closes: Bool = false) {
        guard let context else { return }
        state = .head(HeadParser(.request, maxBytes: 65_536))
        isClosedByUs = isClosedByUs || closes
        let channel = context.channel
        let written = context.writeAndFlush(wrapOutboundOut(bytes))
        if closes { written.whenComplete { _ in channel.close(promise: nil) } }
    }

    func close() {
        isClosedByUs = true
        context?.close(promise: nil)
    }

    /// As a proxy that is killed, or whose machine is: with a FIN or a reset.
    func vanish(isReset: Bool) {
        isClosedByUs = true
        guard let context else { return }
        if isReset { context.channel.closeWithReset() } else { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        stage.closed(self)
        if case .body = state, path == "/push", !isClosedByUs {
            stage.ledger.pushBroke(PushedAnswer(body, ended: false))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
