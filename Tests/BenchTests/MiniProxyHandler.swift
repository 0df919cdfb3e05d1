import NIOCore
import NIOHTTP1

/// One connection to `MiniProxy`.
final class MiniProxyHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let state: MiniProxyState
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(state: MiniProxyState) { self.state = state }

    func channelActive(context: ChannelHandlerContext) { self.context = context }
    func channelInactive(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var part): body.writeBuffer(&part)
        case .end: if let head { state.arrived(head, body, on: self) }
        }
    }

    /// `missing` bytes are announced and not sent; the connection then ends.
    func answer(_ status: HTTPResponseStatus, _ body: ByteBuffer, missing: Int = 0) {
        guard let context else { return }
        let head = HTTPResponseHead(
            version: .http1_1, status: status, headers: ["content-length": "\(body.readableBytes)"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let sent = body.getSlice(at: body.readerIndex, length: body.readableBytes - missing) ?? body
        context.write(wrapOutboundOut(.body(.byteBuffer(sent))), promise: nil)
        if missing > 0 {
            context.flush()
            context.close(promise: nil)
        } else {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
