import Clients
import Failures
import NIOCore
import Synchronization
import Wire

/// The shell around the broker: holds its lock, tells it the time, carries out what it decides, outside the lock, and tells the sinks.
///
/// Order inside the lock does not guarantee order outside it: a poll may be told to deliver after its connection was lost, a
/// scraper to relay after it hung up. The ports know whether they still live, and answer with the event that puts it right.
final class Dispatcher: Sendable {
    // For the extension in Dispatcher+Access.swift; nothing outside the dispatcher may touch them.
    let broker: Mutex<Broker<LivePorts>>
    let sinks: [any FactSink]
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
    func nextChangedPage() -> ListingPage? { broker.withLock { $0.nextChangedPage(at: .now()) } }

    /// Whether there is one.
    var hasChangedPages: Bool { broker.withLock { $0.changedPages.count > 0 } }

    /// For the list of clients: marks the pages on which somebody is away by now who is listed as connected. The lock is given back after
    /// each page.
    func lookForAway() {
        var page = 0
        while broker.withLock({ $0.lookForAway(onPage: page, at: .now()) }) { page += 1 }
    }

    // MARK: Events

    /// - Parameters:
    ///   - pass: For being a client of a name: that one it is.
    ///   - declaration: What it says of that name.
    ///   - instance: Of our own client.
    /// - Returns: Its id; `nil` when the pass is not good any more, which the port has been told.
    func deliveryArrived(
        _ port: any DeliveryPort, by pass: Pass, capacity: DeliveryCapacity = .one, declaration: Declaration = .none,
        instance: InstanceID? = nil, agent: String? = nil, address: String? = nil
    ) -> DeliveryID? {
        guard let fqdn = pass.permit.name, pass.permit.action == .register else { return nil }
        let arrival = DeliveryArrival<LivePorts>(
            fqdn: fqdn, declarations: declaration.isNone ? [:] : [fqdn: declaration], port: port, holder: pass.holder,
            capacity: capacity, instance: instance, agent: agent, address: address)
        let arrived = whileCurrent(pass) { $0.deliveryArrived(arrival, at: .now()) }
        guard let (delivery, _, actions) = arrived else {
            port.end(.denied)
            return nil
        }
        run(actions)
        return delivery
    }

    func deliveryLeft(_ delivery: DeliveryID, returning returned: [ScrapeID] = []) {
        run(broker.withLock { $0.deliveryLeft(delivery, returning: returned, at: .now()) })
    }

    func deliveryFailed(_ scrape: ScrapeID, _ delivery: DeliveryID) {
        run(broker.withLock { $0.deliveryFailed(scrape, delivery, at: .now()) })
    }

    /// - Parameter pass: For scraping a name: that one it is.
    func scrapeArrived(_ scraper: any ScrapePort, by pass: Pass) {
        guard let fqdn = pass.permit.name, pass.permit.action == .scrape else { return }
        let now = NIODeadline.now()
        let (id, kind, deadline) = (scraper.id, scraper.kind, scraper.deadline)
        let actions = whileCurrent(pass, .asked(kind, id, target: scraper.targetWithoutQuery)) {
            $0.scrapeArrived(id, for: fqdn, from: scraper, of: pass.holder, kind, deadline: deadline, at: now)
        }
        guard let actions else { return scraper.fail(.accessDenied, detail: "") }
        run(actions)
    }

    /// A scrape of what no client could be called: it never gets to the broker. It is counted like any other that fails; in the record
    /// it is in the totals alone, so that who asks for nonsense drives no failure of a client out of it.
    func scrapeRefused() { for sink in sinks { sink.scrapeRefused() } }

    /// A CONNECT of what no client could be called.
    func connectionRefused() { for sink in sinks { sink.connectionRefused() } }

    func scraperLeft(_ id: ScrapeID, sent status: Int?, bytes: Int) {
        run(broker.withLock { $0.scraperLeft(id, sent: status, bytes: bytes, at: .now()) })
    }

    /// - Parameters:
    ///   - pusher: Who brings it; `nil` where nobody is told apart.
    ///   - address: The pusher's, should it be asked for.
    func responseBegan(
        _ id: ScrapeID, status: Int?, source: any ResponseSource, of pusher: Visitor?,
        at address: @autoclosure () -> String? = nil
    ) -> Reception<LivePorts> {
        let reception = broker.withLock {
            $0.responseBegan(id, status: status, source: source, of: pusher, at: .now())
        }
        switch reception {
        case .relay: break
        case .unknown: for sink in sinks { sink.responseUnknown() }
        case .ofAnother(let name):
            for sink in sinks { sink.responseUnknown() }
            denied(DeniedRequest(.handedToAnother(pusher?.caller.identity, name), address: address()))
        }
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

    func run(_ actions: [BrokerAction<LivePorts>]) {
        guard !actions.isEmpty else { return }
        var hasEnd = false
        for action in actions {
            switch action {
            case .deliver(let delivered): delivered.port.deliver(delivered)
            case .endDelivery(let delivery, let why): delivery.end(why)
            case .fail(let scraper, let kind, let detail): scraper.fail(kind, detail: detail)
            case .abandon(let source): source.abandon()
            case .withdraw(let delivery, let scrape): delivery.withdraw(scrape)
            case .abort(let source): source.abort()
            case .windUp(let scraper): (scraper as? any ConnectPort)?.windUp()
            case .note(.ended), .note(.connectionEnded): hasEnd = true
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
