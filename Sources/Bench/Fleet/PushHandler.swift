import NIOCore

/// One connection for pushes. Writes a push, reads its answer, then offers itself to its pool again.
final class PushHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let pool: PushPool
    private let fleet: FleetCore
    private var context: ChannelHandlerContext?
    private var scanner = ResponseScanner(keeping: 0)
    /// Under way, its answer awaited.
    private var current: Push?
    private var wasUsed = false

    init(pool: PushPool, fleet: FleetCore) {
        self.pool = pool
        self.fleet = fleet
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        fleet.opened(context.channel)
        pool.becameFree(self)
    }

    func write(_ push: Push) {
        guard let context else { return }
        current = push
        if !push.isRepeat { fleet.counts.pushes += 1 }
        if push.rest.readableBytes > 0 {
            context.write(wrapOutboundOut(push.head), promise: nil)
            context.writeAndFlush(wrapOutboundOut(push.rest), promise: nil)
        } else {
            context.writeAndFlush(wrapOutboundOut(push.head), promise: nil)
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
        case .malformed:
            context.close(promise: nil)
        case .complete:
            guard current != nil else {
                context.close(promise: nil)
                return
            }
            current = nil
            wasUsed = true
            if scanner.status == 200 { fleet.counts.pushesTaken += 1 } else { fleet.counts.pushErrors += 1 }
            let closes = scanner.closes
            scanner.reset()
            if closes { context.close(promise: nil) } else { pool.becameFree(self) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fleet.closed(context.channel)
        let unanswered = current
        current = nil
        self.context = nil
        pool.closed(self)
        guard var push = unanswered, !fleet.stopped else { return }
        // A connection may be closed while it is idle, just when a push is written; clients then push once more on another.
        if wasUsed, !push.isRepeat, !scanner.isUnderWay {
            push.isRepeat = true
            pool.push(push)
        } else {
            fleet.counts.pushErrors += 1
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func close() { context?.close(promise: nil) }
}
