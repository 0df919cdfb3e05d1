import Clients
import Logging
import NIOCore
import Wire

/// Keeps one poll for one name open at the proxy, and hands over the scrapes that it is answered with; their responses are pushed. Runs the actions of
/// a `PollLoop`, and owns its exchange and timers.
///
/// Confined to the client's event loop.
final class Poller: ExchangeDelegate {
    /// What else has to be known of polls.
    struct Observer {
        /// Whether the proxy answers them.
        let onReady: (Poller, Bool) -> Void
        /// Whether an outage is worth more than a line for who looks into it.
        let isNews: (Poller) -> Bool
        let onOutageEnd: () -> Void
        let onDenial: () -> Void
    }

    /// A larger answer is no scrape; bytes.
    static let maxAnswerBytes = 262_144

    private let client: OutboundClient
    private let endpoint: ProxyEndpoint
    private let dispatcher: ScrapeDispatcher
    private let metrics: ClientMetrics
    private let logger: Logger
    let fqdn: FQDN
    let declaration: Declaration
    private let observer: Observer
    private var loop: PollLoop
    private var exchange: OutboundExchange?
    private var head: ResponseHead?
    /// The proxy does not take this name from us.
    private var isDenied = false
    private var body = ByteBuffer()
    private var polledAt = NIODeadline.distantPast
    private var pauseTimer: Scheduled<Void>?
    private var heldTimer: Scheduled<Void>?
    private var limitTimer: Scheduled<Void>?

    init(
        client: OutboundClient, endpoint: ProxyEndpoint, dispatcher: ScrapeDispatcher, name: Offer.Name,
        loop: PollLoop, metrics: ClientMetrics, logger: Logger, observer: Observer
    ) {
        self.client = client
        self.endpoint = endpoint
        self.dispatcher = dispatcher
        fqdn = name.fqdn
        declaration = name.declaration
        self.metrics = metrics
        self.logger = logger
        self.observer = observer
        self.loop = loop
    }

    /// Whether nothing is open, and nothing will be before it is started.
    var isOff: Bool { loop.isOff }

    /// Polls from now on, or again.
    func start() { perform(loop.started(at: now, hasRoom: dispatcher.hasRoom)) }

    /// Begins no other poll. One that is open may still bring a scrape.
    func end() {
        pauseTimer?.cancel()
        perform(loop.ended())
    }

    func roomArose() { perform(loop.roomArose(at: now)) }

    func accessChanged() { perform(loop.accessChanged(at: now, hasRoom: dispatcher.hasRoom)) }

    /// Cuts the open poll; no other follows, for good.
    func stop() {
        perform(loop.stopped())
        pauseTimer?.cancel()
        endPoll()
    }

    // MARK: Events

    func exchangeOpened(_ exchange: OutboundExchange) {
        // An exchange that is repeated on another connection opens twice.
        heldTimer?.cancel()
        heldTimer = client.loop.assumeIsolated().scheduleTask(in: PollLoop.held) {
            self.perform(self.loop.pollHeld(at: self.now))
        }
    }

    func exchange(_ exchange: OutboundExchange, received head: ResponseHead) { self.head = head }

    func exchange(_ exchange: OutboundExchange, received body: ByteBuffer) {
        guard self.body.readableBytes + body.readableBytes <= Self.maxAnswerBytes else {
            endPoll()
            answered(.trouble("the poll's answer is larger than \(Self.maxAnswerBytes) bytes"))
            return
        }
        self.body.writeImmutableBuffer(body)
    }

    func exchangeReadBatchEnded(_ exchange: OutboundExchange) { exchange.read() }
    func exchangeBecameWritable(_ exchange: OutboundExchange) {}

    func exchangeEnded(_ exchange: OutboundExchange) {
        guard let head else { return answered(.trouble("the proxy's answer has no head")) }
        answered(PollAnswer(head, body: body, openFor: now - polledAt, hiding: endpoint.secrets))
    }

    func exchange(_ exchange: OutboundExchange, failed failure: OutboundFailure) {
        answered(PollAnswer(failure, openFor: now - polledAt))
    }

    // MARK: Actions

    private var now: NIODeadline { client.loop.now }

    private func answered(_ answer: PollAnswer) {
        endPoll()
        if case .denied = answer { isDenied = true } else { isDenied = false }
        perform(
            loop.answered(answer, at: now, hasRoom: dispatcher.hasRoom, random: Double.random(in: 0..<1)))
    }

    private func perform(_ actions: [PollLoop.Action]) {
        for action in actions {
            switch action {
            case .poll(let limit):
                pauseTimer?.cancel()
                poll(limit)
            case .readAccessAgain: observer.onDenial()
            case .pause(let time):
                pauseTimer?.cancel()
                pauseTimer = client.loop.assumeIsolated().scheduleTask(in: time) {
                    self.perform(self.loop.pauseEnded(at: self.now, hasRoom: self.dispatcher.hasRoom))
                }
            case .scrape(let request):
                dispatcher.scrape(
                    ReceivedScrape(
                        request: request, deadline: request.timeout.map { now + $0 }, sink: makeSink(id: request.id)))
            case .refuse(let id, let explanation): dispatcher.refuse(makeSink(id: id), explanation)
            case .note(let note): log(note)
            case .count(let result): metrics.count(result)
            case .setReady(let ready): observer.onReady(self, ready)
            }
        }
    }

    private func makeSink(id: String) -> PushSink {
        PushSink(client, endpoint: endpoint, id: id, metrics: metrics)
    }

    private func poll(_ limit: TimeAmount?) {
        polledAt = now
        head = nil
        body = ByteBuffer()
        let exchange = OutboundExchange(
            client, route: endpoint.route, requestHead: endpoint.poll(fqdn: fqdn.spelling, declaration), delegate: self)
        self.exchange = exchange
        if let limit {
            limitTimer = client.loop.assumeIsolated().scheduleTask(in: limit) { self.answered(.cutWhenIdle) }
        }
        exchange.start()
    }

    private func endPoll() {
        heldTimer?.cancel()
        limitTimer?.cancel()
        exchange?.cancel()
        exchange = nil
    }

    private func log(_ note: PollLoop.Note) {
        switch note {
        case .firstAnswer: logger.info("the proxy takes our polls", metadata: ["fqdn": "\(fqdn)"])
        case .outageBegan(let explanation):
            logger.log(
                level: isDenied || observer.isNews(self) ? .warning : .debug, "polling the proxy fails; trying on",
                metadata: ["fqdn": "\(fqdn)", "err": "\(explanation)"])
        case .outageEnded:
            logger.log(
                level: observer.isNews(self) ? .info : .debug, "the proxy takes our polls again",
                metadata: ["fqdn": "\(fqdn)"])
            observer.onOutageEnd()
        case .clashBegan:
            logger.warning(
                "another poll for this FQDN took the place of ours: is a second client running with the same --fqdn?",
                metadata: ["fqdn": "\(fqdn)"])
        case .clashEnded: logger.info("no other client polls for this FQDN any more", metadata: ["fqdn": "\(fqdn)"])
        }
    }
}
