import NIOCore

/// The poll connection of one simulated client: polls, and polls again the moment it is answered, as upstream's client does.
final class PollHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let client: FleetClient
    private let pushes: PushPool
    private let fleet: FleetCore
    private var scanner = ResponseScanner(keeping: 64 * 1_024)

    init(client: FleetClient, pushes: PushPool, fleet: FleetCore) {
        self.client = client
        self.pushes = pushes
        self.fleet = fleet
    }

    func channelActive(context: ChannelHandlerContext) {
        fleet.opened(context.channel)
        fleet.pollConnected()
        poll(context)
    }

    private func poll(_ context: ChannelHandlerContext) {
        fleet.counts.polls += 1
        context.writeAndFlush(wrapOutboundOut(client.poll), promise: nil)
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
            fleet.counts.pollErrors += 1
            context.close(promise: nil)
        case .complete: answered(context)
        }
    }

    private func answered(_ context: ChannelHandlerContext) {
        let status = scanner.status
        let request = status == 200 ? scanner.kept.withUnsafeBytes { PolledScrape($0) } : nil
        let closes = scanner.closes
        scanner.reset()
        switch status {
        case 200 where request != nil: fleet.counts.scrapes += 1
        case 204: fleet.counts.idleAnswers += 1
        case 408: fleet.counts.superseded += 1
        default: fleet.counts.pollErrors += 1
        }
        if closes {
            context.close(promise: nil)
        } else if request != nil || status == 204 {
            poll(context)
        } else {
            // Upstream's client waits as long after an answer that it cannot use.
            let again = context.channel
            fleet.after(.seconds(1)) { if again.isActive { self.poll(context) } }
        }
        if let request { fleet.answer(request, from: client, on: pushes) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fleet.closed(context.channel)
        fleet.pollConnectionLost(client, pushes)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
