import NIOCore
import Web
import Wire

/// One `POST /push`: finds the scrape that it answers and relays the response inside, as it comes, to the scraper. `PushFlow` decides,
/// this carries out.
///
/// What one read brings goes on in one piece. At most `PushFlow.highWater` bytes are on their way to the scraper's socket before
/// this side stops reading, so a slow scraper slows the client, whatever the size of the response.
///
/// `@unchecked Sendable`: what changes is confined to the connection's event loop; what other threads may call (`relayed`,
/// `abandon`) hops there first.
final class PushExchange: Exchange, ResponseSource, @unchecked Sendable {
    private let connection: ServerConnection
    private let loop: any EventLoop
    private let dispatcher: Dispatcher
    private var flow: PushFlow
    /// From the answer to the flow's question to the last part, or the failure.
    private var scraper: (any ScrapePort)?

    init(connection: ServerConnection, loop: any EventLoop, dispatcher: Dispatcher, maxHeadBytes: Int) {
        self.connection = connection
        self.loop = loop
        self.dispatcher = dispatcher
        self.flow = PushFlow(maxHeadBytes: maxHeadBytes)
    }

    // MARK: Exchange

    func bodyArrived(_ bytes: ByteBuffer) { run(flow.bytesArrived(bytes)) }

    func bodyEnded() { run(flow.bodyEnded()) }

    func readBatchEnded() { run(flow.batchEnded()) }

    func connectionLost() { run(flow.connectionLost()) }

    // MARK: ResponseSource

    func relayed(_ bytes: Int) {
        loop.nowOrLater { self.run(self.flow.relayed(bytes)) }
    }

    func abandon() {
        loop.nowOrLater { self.run(self.flow.abandoned()) }
    }

    // MARK: Carrying out

    private func run(_ first: PushFlow.Step) {
        var step = first
        if let scrape = step.question {
            if case .relay(let found) = began(scrape, status: flow.status) {
                scraper = found
                step = flow.scrapeFound(isHead: found.isHead)
            } else {
                step = flow.scrapeUnknown()
            }
        }
        if let runs = step.runsClock { runs ? connection.resumeClock() : connection.stopClock() }
        if let paused = step.pausesReading { connection.setReading(paused: paused) }
        if let part = step.part {
            let scraper = scraper
            if part.isLast { self.scraper = nil }
            scraper?.relay(part, from: self)
        }
        if let failure = step.failure { fail(failure) }
        if let answer = step.answer {
            scraper = nil
            connection.respond(Self.response(answer))
        }
    }

    private func began(_ scrape: ScrapeID, status: Int?) -> Reception<LivePorts> {
        dispatcher.responseBegan(
            scrape, status: status, source: self, of: connection.identity as? Visitor, at: connection.peerAddress)
    }

    private func fail(_ failure: PushFlow.Failure) {
        scraper = nil
        if failure.isSalvaged {
            guard case .relay = began(failure.scrape, status: nil) else { return }
        }
        dispatcher.responseBroke(failure.scrape, failure.kind, detail: failure.detail, sent: failure.sent)
    }

    private static func response(_ answer: PushFlow.Answer) -> Response {
        switch answer {
        case .accepted: Response(status: 200, contentType: nil, body: [])
        case .withoutID: .text(400, "the pushed response has no Id field")
        case .unknown:
            .text(404, "nobody waits for this scrape: it was given up, answered already, or never asked for")
        case .malformed(let explanation): .text(400, explanation)
        case .abandoned: .text(500, "the scrape was given up before its response was complete")
        }
    }
}
