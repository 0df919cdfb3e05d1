import NIOCore
import Tunnel

/// The tunnel of one simulated client: everything that it is asked goes through here, and so do its answers.
final class TunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// The proxy's answer to the upgrade, as far as it has come.
        case upgrading(ByteBuffer)
        case open(ClientEnd)
        case over
    }

    private static let maxHead = 8_192
    private static let endOfHead = ByteBuffer(staticString: "\r\n\r\n")

    private let client: FleetClient
    private let fleet: FleetCore
    private var state = State.upgrading(ByteBuffer())
    private var context: ChannelHandlerContext?

    init(client: FleetClient, fleet: FleetCore) {
        self.client = client
        self.fleet = fleet
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        fleet.opened(context.channel)
        fleet.pollConnected()
        fleet.counts.polls += 1
        context.writeAndFlush(wrapOutboundOut(client.upgrade), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch state {
        case .over: return
        case .upgrading(var head):
            head.writeBuffer(&bytes)
            guard let rest = Self.upgraded(&head) else {
                if head.readableBytes <= Self.maxHead,
                    head.readableBytesView.starts(with: "HTTP/1.1 101".utf8.prefix(head.readableBytes))
                {
                    state = .upgrading(head)
                } else {
                    fleet.counts.pollErrors += 1
                    context.close(promise: nil)
                }
                return
            }
            var end = ClientEnd(TunnelSettings(), hello: client.hello, at: .now())
            end.received(rest, at: .now())
            state = .open(end)
        case .open(var end):
            state = .over
            end.received(bytes, at: .now())
            state = .open(end)
        }
        takeEvents()
    }

    /// What follows the head of an answer 101; `nil` while that is not whole, or is another.
    private static func upgraded(_ head: inout ByteBuffer) -> ByteBuffer? {
        let view = head.readableBytesView
        guard view.starts(with: "HTTP/1.1 101".utf8), let range = view.firstRange(of: endOfHead.readableBytesView)
        else {
            return nil
        }
        head.moveReaderIndex(forwardBy: range.upperBound - view.startIndex)
        return head.slice()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        write()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        write()
        context.fireChannelWritabilityChanged()
    }

    private func takeEvents() {
        while let event = change({ $0.next(at: .now()) }) ?? nil {
            switch event {
            case .opened(let stream, let isConnection, _, let request):
                guard !isConnection, let scrape = request.withUnsafeReadableBytes({ PolledScrape($0) }) else {
                    fleet.counts.pollErrors += 1
                    change { $0.fail(stream, .targetRefused, "a simulated client is asked for scrapes alone") }
                    continue
                }
                fleet.counts.scrapes += 1
                fleet.answer(scrape, from: client) { head, rest in
                    self.change {
                        $0.send(stream, head)
                        $0.send(stream, rest)
                        $0.end(stream)
                    }
                    self.fleet.counts.pushesTaken += 1
                    self.write()
                }
            case .reset: fleet.counts.pushErrors += 1
            case .closed: context?.close(promise: nil)
            case .drained: context?.close(promise: nil)
            case .welcome, .data, .ended, .wantsMore, .roundTrip: break
            }
        }
    }

    /// Changes the open end in place.
    @discardableResult
    private func change<Result>(_ body: (inout ClientEnd) -> Result) -> Result? {
        guard case .open(var end) = state else { return nil }
        state = .over
        let result = body(&end)
        state = .open(end)
        return result
    }

    private func write() {
        guard let context else { return }
        var hasWritten = false
        while context.channel.isWritable, let bytes = change({ $0.takeOutput(atMost: 65_536) }) ?? nil {
            context.write(wrapOutboundOut(bytes), promise: nil)
            hasWritten = true
        }
        if hasWritten { context.flush() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        state = .over
        fleet.closed(context.channel)
        fleet.tunnelLost(client)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
