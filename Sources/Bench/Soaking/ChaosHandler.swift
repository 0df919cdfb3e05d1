import NIOCore

/// One connection of a misbehaving client: writes bytes when it opens, then does with the answer, or the lack of one, what its maker
/// says.
final class ChaosHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What happens on the connection. Answers are whole responses; their bodies are kept up to 64 KiB.
    struct Script {
        /// Written at once; may be empty.
        var opening: ByteBuffer
        /// Called for every answer; what it returns is written.
        var answered: (_ status: Int, _ body: [UInt8]) -> ByteBuffer?
        /// Called once when the connection is over, whoever ended it.
        var ended: () -> Void
    }

    private let chaos: ChaosCore
    private let script: Script
    private var scanner = ResponseScanner(keeping: 64 * 1_024)

    init(chaos: ChaosCore, script: Script) {
        self.chaos = chaos
        self.script = script
    }

    func channelActive(context: ChannelHandlerContext) {
        chaos.opened(context.channel)
        if script.opening.readableBytes > 0 {
            context.writeAndFlush(wrapOutboundOut(script.opening), promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        let progress = buffer.withUnsafeReadableBytes { bytes in
            var offset = 0
            return scanner.bytesArrived(bytes, offset: &offset)
        }
        switch progress {
        case .needsMore: return
        case .malformed: context.close(promise: nil)
        case .complete:
            let next = script.answered(scanner.status, scanner.kept)
            let closes = scanner.closes
            scanner.reset()
            if closes {
                context.close(promise: nil)
            } else if let next {
                context.writeAndFlush(wrapOutboundOut(next), promise: nil)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        chaos.closed(context.channel)
        script.ended()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
