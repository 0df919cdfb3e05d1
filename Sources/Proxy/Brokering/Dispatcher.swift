import Failures
import Logging
import NIOCore
import Store
import Synchronization
import Wire

/// The ends that the broker of the running program hands around.
enum LivePorts: BrokerPorts {
    typealias Scraper = ScrapeExchange
    typealias Poll = PollExchange
    typealias Push = PushExchange
}

/// The shell around the broker: holds its lock, tells it the time, and carries out what it decides, outside the lock.
///
/// Order inside the lock does not guarantee order outside it: a poll may be told to deliver after its connection was lost, a
/// scraper to relay after it hung up. The ports know whether they still live, and answer with the event that puts it right.
final class Dispatcher: Sendable {
    private let broker: Mutex<Broker<LivePorts>>
    private let metrics: ProxyMetrics
    private let logger: Logger
    private let fleetLog: FleetLog
    private let recorder = Mutex<Recorder?>(nil)
    private let drained = Mutex<EventLoopPromise<Void>?>(nil)

    init(broker: Broker<LivePorts>, metrics: ProxyMetrics, logger: Logger) {
        self.broker = Mutex(broker)
        self.metrics = metrics
        self.logger = logger
        self.fleetLog = FleetLog(logger: logger, suppressed: metrics.suppressedLines)
    }

    /// Facts go there from now on; without a record they are only counted and logged.
    func record(in recorder: Recorder) { self.recorder.withLock { $0 = recorder } }

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

    /// A scrape of what no client could be called: it never gets to the broker. It is counted like any other that fails; in the record
    /// it is in the totals alone, so that who asks for nonsense drives no failure of a client out of it.
    func scrapeRefused() {
        metrics.scrapes.increment()
        metrics.failures[.badTarget]?.increment()
        recorder.withLock { $0 }?.note { $0.scrapeRefused() }
    }

    /// For `ClientDirectory`: a page of the listing that has changed.
    func nextChangedPage() -> ListingPage? { broker.withLock { $0.nextChangedPage() } }

    // MARK: Events

    func pollArrived(_ poll: PollArrival<PollExchange>) -> DeliveryID {
        let (delivery, actions) = broker.withLock { $0.pollArrived(poll, at: .now()) }
        run(actions)
        return delivery
    }

    func pollLeft(_ delivery: DeliveryID) { run(broker.withLock { $0.pollLeft(delivery, at: .now()) }) }

    func deliveryFailed(_ scrape: ScrapeID, _ delivery: DeliveryID) {
        run(broker.withLock { $0.deliveryFailed(scrape, delivery, at: .now()) })
    }

    func scrapeArrived(_ scraper: ScrapeExchange) {
        let now = NIODeadline.now()
        let request = scraper.request
        let deadline = scraper.began + request.timeout
        run(
            broker.withLock {
                $0.scrapeArrived(request.id, for: request.fqdn, from: scraper, deadline: deadline, at: now)
            })
    }

    func scraperLeft(_ id: ScrapeID, sent status: Int?, bytes: Int) {
        run(broker.withLock { $0.scraperLeft(id, sent: status, bytes: bytes, at: .now()) })
    }

    func responseBegan(_ id: ScrapeID, status: Int?, push: PushExchange) -> PushReception<LivePorts> {
        let reception = broker.withLock { $0.responseBegan(id, status: status, push: push, at: .now()) }
        if case .unknown = reception { metrics.unknownPushes.increment() }
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
        fleetLog.timePassed(to: now)
        return (next, isDue)
    }

    /// Nothing happens any more: what the log left out is said.
    func stopped() { fleetLog.timePassed(to: .distantFuture) }

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
        for action in actions {
            switch action {
            case .deliver(let delivered):
                metrics.pollWait.observe(nanoseconds: delivered.waited.nanoseconds)
                delivered.poll.deliver(delivered)
            case .endPoll(let poll, let why): poll.end(why)
            case .fail(let scraper, let kind, let detail): scraper.fail(kind, detail: detail)
            case .abandonPush(let push): push.abandon()
            case .note: break
            }
        }
        note(actions)
    }

    private func note(_ actions: [BrokerAction<LivePorts>]) {
        let now = ClockReading.now()
        var hasEnd = false
        let recorder = recorder.withLock { $0 }
        for case .note(let fact) in actions {
            count(fact, now.deadline)
            if case .ended = fact { hasEnd = true }
        }
        recorder?.note { backlog in
            for case .note(let fact) in actions { Self.record(fact, in: &backlog, now) }
        }
        if hasEnd { completeIfDrained() }
    }

    private func completeIfDrained() {
        let promise = drained.withLock { promise in broker.withLock { $0.isIdle } ? promise.take() : nil }
        promise?.succeed()
    }

    private static func record(_ fact: BrokerFact<LivePorts>, in backlog: inout RecordBacklog, _ now: ClockReading) {
        switch fact {
        case .registered: backlog.registered()
        case .client(let state): backlog.clientChanged(state, at: now)
        case .clash(_, let fqdn, _): backlog.clashed(fqdn, at: now)
        case .ended(let end):
            let outcome = Outcome(
                time: now.wall, duration: end.duration.nanoseconds / 1000, status: end.status,
                bytes: Int64(end.bytes ?? end.scraper.sentBytes), failure: end.failure)
            backlog.scrapeEnded(
                outcome, of: end.scraper.request.fqdn, isRegistered: end.client != nil,
                failure: end.failureRecord(at: now.wall))
        case .gone, .queueFull, .pollSuperseded, .pollIdle, .pollDropped, .redelivered, .registrationRefused: break
        }
    }

    /// Metrics and log.
    private func count(_ fact: BrokerFact<LivePorts>, _ now: NIODeadline) {
        switch fact {
        case .registered(let fqdn, let isBack): fleetLog.write(isBack ? .back : .registered, fqdn, at: now)
        case .gone(let fqdn): fleetLog.write(.gone, fqdn, at: now)
        case .clash(_, let fqdn, let isNews):
            metrics.clashes.increment()
            if isNews { fleetLog.write(.clash, fqdn, at: now) }
        case .client: break
        case .ended(let end): count(end)
        case .queueFull(let bound): metrics.queueFull[bound]?.increment()
        case .pollSuperseded: metrics.pollsSuperseded.increment()
        case .pollIdle: metrics.pollsIdle.increment()
        case .pollDropped: metrics.pollsDropped.increment()
        case .redelivered: metrics.redelivered.increment()
        case .registrationRefused: metrics.registrationsRefused.increment()
        }
    }

    private func count(_ end: ScrapeEnd<LivePorts>) {
        metrics.scrapes.increment()
        if let atClient = end.atClient { metrics.clientTime.observe(nanoseconds: atClient.nanoseconds) }
        guard let kind = end.failure else {
            logger.debug(
                "scrape done",
                metadata: [
                    "scrape_id": "\(end.scrape)", "target": "\(end.scraper.request.targetWithoutQuery)",
                    "status": "\(end.status ?? 0)", "bytes": "\(end.bytes ?? 0)",
                    "duration_ms": "\(end.duration.nanoseconds / 1_000_000)",
                ])
            return
        }
        metrics.failures[kind]?.increment()
        logger.debug(
            "scrape failed",
            metadata: [
                "scrape_id": "\(end.scrape)", "target": "\(end.scraper.request.targetWithoutQuery)",
                "kind": "\(kind.rawValue)", "err": "\(kind.summary)", "detail": "\(end.detail)",
                "duration_ms": "\(end.duration.nanoseconds / 1_000_000)",
            ])
    }
}

extension ScrapeEnd where Ports == LivePorts {
    fileprivate func failureRecord(at now: UnixMilliseconds) -> FailureRecord? {
        guard let kind = failure else { return nil }
        let request = scraper.request
        return FailureRecord(
            time: now, fqdn: request.fqdn.key, kind: kind,
            text: kind.sentence(detail).prefix(utf8Bytes: 500),
            scrapeID: scrape.description, target: request.targetWithoutQuery.prefix(utf8Bytes: 300),
            duration: duration.nanoseconds / 1000)
    }
}
