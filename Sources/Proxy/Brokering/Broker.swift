import Failures
import NIOCore
import Wire

/// Decides which scrape goes to which client, and how each scrape ends. The one place that knows who waits for whom.
///
/// A pure state machine: events come in as calls, in the past tense, with the time as an argument; what is to be done comes out
/// as actions, to be carried out in their order after the call. Every event costs O(1), or O(log n) of the scrapes under way,
/// whatever the number of clients; what concerns many at once is done in batches. Nothing that a peer can cause traps.
///
/// A scrape's states: queued → delivered → responding → ended. Legal transitions besides: delivered → queued (the poll's
/// connection failed while the request was written: back to the head of its queue), and from each of them → ended (deadline,
/// scraper gone, push broken, shutdown). An ended scrape is forgotten, so whatever comes late for it finds nothing.
///
/// A client's states: unknown → (poll) parked → (scrape delivered) in flight → (push, poll) …; connected while a poll is parked
/// or a scrape in flight; else it stays registered until its registration runs out, then it is gone.
struct Broker<Ports: BrokerPorts>: Sendable {
    typealias Action = BrokerAction<Ports>
    typealias Slot = ClientSlot<Ports.Poll>

    enum Phase: Sendable {
        case queued
        case delivered(DeliveryID, at: NIODeadline)
        /// With the response's status, which the scraper is about to be sent; `nil` when the push only says why there is none.
        case responding(Ports.Push, deliveredAt: NIODeadline, status: Int?)
    }

    struct Scrape: Sendable {
        let slot: Int
        let scraper: Ports.Scraper
        let arrived: NIODeadline
        var phase = Phase.queued
    }

    let limits: BrokerLimits
    var gauges = BrokerGauges()
    var isShuttingDown: Bool { shutdown != nil }

    // For the extensions in Broker+….swift; nothing outside the broker may touch them.
    var names: [String: Int] = [:]
    var slots: [Slot] = []
    var freeSlots: [Int] = []
    var scrapes: [ScrapeID: Scrape] = [:]
    var scrapeDeadlines = DeadlineQueue<ScrapeID>()
    var pollEnds = DeadlineQueue<DeliveryID>()
    var endablePolls = 0
    var registrationEnds = DeadlineQueue<(slot: Int, client: ClientID)>()
    var goneNames = RecentNames(capacity: 10_000)
    var changedPages = ChangedPages()
    var shutdown: Shutdown?
    var serial: UInt64 = 0

    init(limits: BrokerLimits) { self.limits = limits }

    /// No scrape is under way.
    var isIdle: Bool { scrapes.isEmpty }

    /// When `timePassed` has something to do next, at the earliest.
    var nextDeadline: NIODeadline? {
        [scrapeDeadlines.earliest, pollEnds.earliest, registrationEnds.earliest].compactMap(\.self).min()
    }

    /// What the record needs of the registered clients, for a record that starts afresh: those of so many slots from `start` on;
    /// `nil` beyond the last.
    func clientStates(from start: Int) -> (states: [ClientSnapshot], next: Int)? {
        guard slots.indices.contains(start) else { return nil }
        let next = min(start + limits.batch, slots.count)
        return (slots[start..<next].compactMap { $0.isRegistered ? $0.state : nil }, next)
    }

    // MARK: Polls

    /// A client that an earlier process knew, not connected now; before the first event.
    mutating func clientRestored(_ fqdn: FQDN, instance: InstanceID?, lastSeen: NIODeadline, expires: NIODeadline) {
        guard names[fqdn.key] == nil, names.count < limits.maxClients else { return }
        let index = claimSlot(fqdn, lastSeen)
        change(index) {
            $0.isRegistered = true
            $0.lastSeen = lastSeen
            $0.expires = expires
            $0.instance = instance
        }
        gauges.liveClients += 1
        listingChanged(index)
        addRegistrationEnd(index)
    }

    /// A client asks for a scrape. The delivery's id is the port's to remember, for `pollLeft` and `deliveryFailed`.
    mutating func pollArrived(_ poll: PollArrival<Ports.Poll>, at now: NIODeadline) -> (DeliveryID, [Action]) {
        serial += 1
        var actions: [Action] = []
        if isShuttingDown {
            return (DeliveryID(slot: -1, generation: serial), [.endPoll(poll.port, .shuttingDown)])
        }
        guard let index = register(poll, now, &actions) else {
            actions.append(.note(.registrationRefused))
            actions.append(.endPoll(poll.port, .tooManyClients))
            return (DeliveryID(slot: -1, generation: serial), actions)
        }
        let delivery = DeliveryID(slot: index, generation: serial)
        if let older = unpark(index) {
            // Upstream's client does not say which process it is: two such polls may be one client's that came back.
            let clash = older.instance != poll.instance
            if clash {
                let isNews = slots[index].clashes.insert(older.instance, poll.instance, at: now)
                actions.append(.note(.clash(slots[index].id, poll.fqdn, isNews: isNews)))
            }
            actions.append(.note(.pollSuperseded))
            actions.append(.endPoll(older.port, clash ? .clash : .superseded))
        }
        park(Slot.Parked(id: delivery, port: poll.port, instance: poll.instance), index, now)
        deliverNext(index, now, &actions)
        noteState(index, &actions)
        return (delivery, actions)
    }

    /// A poll's peer disconnected.
    mutating func pollLeft(_ delivery: DeliveryID, at now: NIODeadline) -> [Action] {
        guard isParked(delivery) else { return [] }
        var actions: [Action] = [.note(.pollDropped)]
        _ = unpark(delivery.slot)
        touch(delivery.slot, now)
        settle(delivery.slot, now, &actions)
        return actions
    }

    /// The connection of a poll failed while the scrape was written to it: the scrape goes to the next poll, before all others.
    mutating func deliveryFailed(_ scrape: ScrapeID, _ delivery: DeliveryID, at now: NIODeadline) -> [Action] {
        guard let entry = scrapes[scrape], case .delivered(delivery, _) = entry.phase else { return [] }
        if isShuttingDown {
            // No poll will come for it any more.
            var actions: [Action] = []
            fail(scrape, entry, .shuttingDown, now, &actions)
            return actions
        }
        var actions: [Action] = [.note(.redelivered)]
        scrapes[scrape]?.phase = .queued
        gauges.inFlight -= 1
        gauges.queued += 1
        change(entry.slot) {
            $0.inFlight -= 1
            $0.queuedCount += 1
            $0.queue.prepend(scrape)
        }
        deliverNext(entry.slot, now, &actions)
        settle(entry.slot, now, &actions)
        return actions
    }

    // MARK: Scrapes

    /// A scrape asks for a client.
    ///
    /// - Parameter deadline: When it fails unless its response is complete.
    mutating func scrapeArrived(
        _ id: ScrapeID, for fqdn: FQDN, from scraper: Ports.Scraper, deadline: NIODeadline, at now: NIODeadline
    ) -> [Action] {
        if isShuttingDown { return refusal(id, scraper, fqdn, .shuttingDown) }
        let existing = names[fqdn.key]
        let mustQueue = existing.map { slots[$0].parked == nil } ?? true
        if mustQueue {
            var bound: QueueBound?
            if gauges.queued >= limits.maxQueued { bound = .total }
            if let existing, slots[existing].queuedCount >= limits.maxQueuedPerClient { bound = .client }
            if let bound { return [.note(.queueFull(bound))] + refusal(id, scraper, fqdn, .queueFull) }
        }
        let index = existing ?? claimSlot(fqdn, now)
        var actions: [Action] = []
        scrapes[id] = Scrape(slot: index, scraper: scraper, arrived: now)
        gauges.queued += 1
        change(index) {
            $0.queuedCount += 1
            $0.queue.append(id)
        }
        scrapeDeadlines.add(id, at: deadline, live: scrapes.count) { [scrapes] id, _ in scrapes[id] != nil }
        deliverNext(index, now, &actions)
        noteState(index, &actions)
        return actions
    }

    /// The scraper hung up.
    mutating func scraperLeft(_ id: ScrapeID, sent status: Int?, bytes: Int, at now: NIODeadline) -> [Action] {
        guard let entry = scrapes[id] else { return [] }
        var actions: [Action] = []
        if case .responding(let push, _, _) = entry.phase { actions.append(.abandonPush(push)) }
        end(id, failure: .scraperGone, detail: "", status: status, bytes: bytes, now, &actions)
        return actions
    }

    // MARK: Responses

    /// A push began to answer a scrape.
    ///
    /// - Parameter status: The response's; `nil` when the push only says why there is none.
    mutating func responseBegan(
        _ id: ScrapeID, status: Int?, push: Ports.Push, at now: NIODeadline
    ) -> PushReception<Ports> {
        guard let entry = scrapes[id], case .delivered(_, let deliveredAt) = entry.phase else { return .unknown }
        scrapes[id]?.phase = .responding(push, deliveredAt: deliveredAt, status: status)
        return .relay(entry.scraper)
    }

    /// The scraper has the whole response. To Prometheus one with an error status is a failed scrape, and so it is here.
    ///
    /// - Parameter answer: The status and reason of an error status, `503 Service Unavailable`.
    mutating func responseEnded(
        _ id: ScrapeID, status: Int, answer: String = "", bytes: Int, at now: NIODeadline
    ) -> [Action] {
        guard let entry = scrapes[id], case .responding = entry.phase else { return [] }
        var actions: [Action] = []
        let isError = status >= 400
        end(
            id, failure: isError ? .targetStatus : nil, detail: isError && answer.isEmpty ? "\(status)" : answer,
            status: status, bytes: bytes, now, &actions)
        return actions
    }

    /// What a push brought is no response, breaks off, or says that the client failed.
    ///
    /// - Parameter sent: What was handed on to the scraper before; `nil` when it can still be answered with the failure.
    mutating func responseBroke(
        _ id: ScrapeID, _ kind: FailureKind, detail: String, sent: SentPart?, at now: NIODeadline
    ) -> [Action] {
        guard let entry = scrapes[id], case .responding = entry.phase else { return [] }
        var actions: [Action] = []
        fail(id, entry, kind, detail: detail, sent: sent, now, &actions)
        return actions
    }
}
