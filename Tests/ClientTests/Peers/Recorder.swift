import NIOCore

/// Hands what a connection brings to its `Peer`.
final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let events: Inbox<Peer.Event>
    private var wasCut = false

    init(_ events: Inbox<Peer.Event>) { self.events = events }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { events.put(.bytes(unwrapInboundIn(data))) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        wasCut = true
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        events.put(.end(wasCut ? .cut : .closed))
        events.end()
    }
}
