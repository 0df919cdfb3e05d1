import Failures
import NIOCore
import Synchronization
import Wire

/// The shell around the broker: holds its lock, tells it the time, carries out what it decides, outside the lock, and tells the sinks.
///
/// Order inside the lock does not guarantee order outside it: a poll may be told to deliver after its connection was lost, a
/// scraper to relay after it hung up. The ports know whether they still live, and answer with the event that puts it right.
final class Dispatcher: Sendable {
    private let broker: Mutex<Broker<LivePorts>>
    private let sinks: [any FactSink]
    private let drained = Mutex<EventLoopPromise<Void>?>(nil)

    init(broker: Broker<LivePorts>, sinks: [any FactSink]) {
        self.broker = Mutex(broker)
        self.sinks = sinks
    }

    var gauges: BrokerGauges { broker.withLock { $0.gauges } }
    var isShuttingDown: Bool { broker.withLock { $0.isShuttingDown } }

    /// The states of all registered clients; the lock is given back every few hundred. One that registers meanwhile may be left out,
    /// but notes its state itself.
    func clientStates() -> [ClientSnapshot] {
        var states: [ClientSnapshot] = []
        var start = 0
        while let some = broker.withLock({ $0.clientStates(from: start) }) {
            states.append(contentsOf: some.states)
            start = some.next
        }
        return states
    }

    /// The states of these names, as they are now, as far as something is going on there; the lock is given back every few hundred.
    func clientStates(of keys: [String]) -> [ClientSnapshot?] {
        var states: [ClientSnapshot?] = []
        states.reserveCapacity(keys.count)
        for start in stride(from: 0, to: keys.count, by: 256) {
            let some = keys[start..<min(start + 256, keys.count)]
            broker.withLock { broker in for key in some { states.append(broker.state(of: key)) } }
        }
        return states
    }

    /// For the list of clients: a page of it that has changed.
    func nextChangedPage() -> ListingPage? { broker.withLock { $0.nextChangedPage() } }

    // MARK: Events

    func deliveryArrived(_ arrival: DeliveryArrival<any DeliveryPort>) -> DeliveryID {
        let (delivery, actions) = broker.withLock { $0.deliveryArrived(arrival, at: .now()) }
        run(actions)
        return delivery
    }

    func deliveryLeft(_ delivery: DeliveryID, returning returned: [ScrapeID] = []) {
        run(broker.withLock { $0.deliveryLeft(delivery, returning: returned, at: .now()) })
    }

    func deliveryFailed(_ scrape: ScrapeID, _ delivery: DeliveryID) {
        run(broker.withLock { $0.deliveryFailed(scrape, delivery, at: .now()) })
    }

    func scrapeArrived(_ scraper: any ScrapePort) {
        let now = NIODeadline.now()
        let (id, fqdn, deadline) = (scraper.id, scraper.fqdn, scraper.deadline)
        run(broker.withLock { $0.scrapeArrived(id, for: fqdn, from: scraper, deadline: deadline, at: now) })
    }

    /// A scrape of what no client could be called: it never gets to the broker. It is counted like any other that fails; in the record
    /// it is in the totals alone, so that who asks for nonsense drives no failure of a client out of it.
    func scrapeRefused() { for sink in sinks { sink.scrapeRefused() } }

    func scraperLeft(_ id: ScrapeID, sent status: Int?, bytes: Int) {
        run(broker.withLock { $0.scraperLeft(id, sent: status, bytes: bytes, at: .now()) })
    }

    func responseBegan(_ id: ScrapeID, status: Int?, source: any ResponseSource) -> Reception<LivePorts> {
        let reception = broker.withLock { $0.responseBegan(id, status: status, source: source, at: .now()) }
        if case .unknown = reception { for sink in sinks { sink.responseUnknown() } }
        return reception
    }

    func responseEnded(_ id: ScrapeID, status: Int, answer: String, bytes: Int) {
        run(broker.withLock { $0.responseEnded(id, status: status, answer: answer, bytes: bytes, at: .now()) })
    }

    func responseBroke(_ id: ScrapeID, _ kind: FailureKind, detail: String, sent: SentPart? = nil) {
        run(broker.withLock { $0.responseBroke(id, kind, detail: detail, sent: sent, at: .now()) })
    }

    /// Ends what is due, a batch of it at most.
    ///
    /// - Returns: When there is something to do next, at the earliest; and whether something is due still.
    func timePassed() -> (next: NIODeadline?, isDue: Bool) {
        let now = NIODeadline.now()
        let (actions, next, isDue) = broker.withLock { ($0.timePassed(to: now), $0.nextDeadline, $0.isDue(at: now)) }
        run(actions)
        for sink in sinks { sink.timePassed(to: now) }
        return (next, isDue)
    }

    /// Nothing happens any more: what the log left out is said.
    func stopped() { for sink in sinks { sink.timePassed(to: .distantFuture) } }

    /// Begins the shutdown; the future is done when no scrape is under way any more.
    func shutDown(on loop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        drained.withLock { $0 = promise }
        while let actions = broker.withLock({ $0.shutdownBegan(at: .now()) }) { run(actions) }
        completeIfDrained()
        return promise.futureResult
    }

    /// Fails what is still under way.
    func endGrace() {
        var isIdle = false
        while !isIdle {
            let actions: [BrokerAction<LivePorts>]
            (actions, isIdle) = broker.withLock { ($0.graceEnded(at: .now()), $0.isIdle) }
            run(actions)
        }
    }

    // MARK: Actions

    private func run(_ actions: [BrokerAction<LivePorts>]) {
        guard !actions.isEmpty else { return }
        var hasEnd = false
        for action in actions {
            switch action {
            case .deliver(let delivered): delivered.port.deliver(delivered)
            case .endDelivery(let delivery, let why): delivery.end(why)
            case .fail(let scraper, let kind, let detail): scraper.fail(kind, detail: detail)
            case .abandon(let source): source.abandon()
            case .note(.ended): hasEnd = true
            case .note: break
            }
        }
        let now = ClockReading.now()
        for sink in sinks { sink.note(actions, at: now) }
        if hasEnd { completeIfDrained() }
    }

    private func completeIfDrained() {
        let promise = drained.withLock { promise in broker.withLock { $0.isIdle } ? promise.take() : nil }
        promise?.succeed()
    }
}
