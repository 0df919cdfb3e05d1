import NIOCore
import Store
import Wire

/// Decides which scrape goes to which client, and how each scrape ends. The one place that knows who waits for whom.
///
/// A pure state machine: events come in as calls, in the past tense, with the time as an argument; what is to be done comes out
/// as actions, to be carried out in their order after the call. Every event costs O(1), or O(log n) of the scrapes under way,
/// whatever the number of clients. Nothing that a peer can cause traps.
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

    private enum Phase: Sendable {
        case queued
        case delivered(DeliveryID, at: NIODeadline)
        case responding(Ports.Push, deliveredAt: NIODeadline)
    }

    private struct Scrape: Sendable {
        let slot: Int
        let scraper: Ports.Scraper
        let arrived: NIODeadline
        var phase = Phase.queued
    }

    let limits: BrokerLimits
    private(set) var gauges = BrokerGauges()
    private(set) var isShuttingDown = false

    private var names: [String: Int] = [:]
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var scrapes: [ScrapeID: Scrape] = [:]
    private var scrapeDeadlines = DeadlineQueue<ScrapeID>()
    private var pollEnds = DeadlineQueue<DeliveryID>()
    private var endablePolls = 0
    private var registrationEnds = DeadlineQueue<(slot: Int, client: ClientID)>()
    private var goneNames = RecentNames(capacity: 10_000)
    private var serial: UInt64 = 0

    init(limits: BrokerLimits) { self.limits = limits }

    /// No scrape is under way.
    var isIdle: Bool { scrapes.isEmpty }

    /// When `timePassed` has something to do next, at the earliest.
    var nextDeadline: NIODeadline? {
        [scrapeDeadlines.earliest, pollEnds.earliest, registrationEnds.earliest].compactMap(\.self).min()
    }

    /// The names that `/clients` lists: connected, or registration not run out.
    func listedClients(at now: NIODeadline) -> [String] {
        var names: [String] = []
        names.reserveCapacity(gauges.liveClients)
        for slot in slots where slot.isRegistered && (slot.isConnected || slot.expires > now) {
            names.append(slot.fqdn.spelling)
        }
        return names
    }

    /// What the record needs of every registered client: for a record that starts afresh.
    func clientStates() -> [ClientState] { slots.compactMap { $0.isRegistered ? $0.state : nil } }

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
            let clash = older.instance != nil && poll.instance != nil && older.instance != poll.instance
            if clash { reportClash(index, older, poll, &actions) }
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
        if case .responding(let push, _) = entry.phase { actions.append(.abandonPush(push)) }
        end(id, failure: .scraperGone, detail: "", status: status, bytes: bytes, now, &actions)
        return actions
    }

    // MARK: Responses

    /// A push began to answer a scrape.
    mutating func responseBegan(_ id: ScrapeID, push: Ports.Push, at now: NIODeadline) -> PushReception<Ports> {
        guard let entry = scrapes[id], case .delivered(_, let deliveredAt) = entry.phase else { return .unknown }
        scrapes[id]?.phase = .responding(push, deliveredAt: deliveredAt)
        return .relay(entry.scraper)
    }

    /// The scraper has the whole response.
    mutating func responseEnded(_ id: ScrapeID, status: Int, bytes: Int, at now: NIODeadline) -> [Action] {
        guard let entry = scrapes[id], case .responding = entry.phase else { return [] }
        var actions: [Action] = []
        end(id, failure: nil, detail: "", status: status, bytes: bytes, now, &actions)
        return actions
    }

    /// What a push brought is no response, breaks off, or says that the client failed.
    mutating func responseBroke(
        _ id: ScrapeID, _ kind: FailureKind, detail: String, at now: NIODeadline
    ) -> [Action] {
        guard let entry = scrapes[id], case .responding = entry.phase else { return [] }
        var actions: [Action] = [.fail(entry.scraper, kind, detail: detail)]
        end(id, failure: kind, detail: detail, status: kind.status, bytes: 0, now, &actions)
        return actions
    }

    // MARK: Time and shutdown

    /// Ends what is due: scrapes past their deadline, idle polls, registrations.
    mutating func timePassed(to now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        while let (id, _) = scrapeDeadlines.popPassed(at: now) {
            guard let entry = scrapes[id] else { continue }
            let kind: FailureKind
            switch entry.phase {
            case .queued: kind = .noPoll
            case .delivered: kind = .noPush
            case .responding(let push, _):
                kind = .responseTimeout
                actions.append(.abandonPush(push))
            }
            actions.append(.fail(entry.scraper, kind, detail: ""))
            end(id, failure: kind, detail: "", status: kind.status, bytes: 0, now, &actions)
        }
        while let (delivery, _) = pollEnds.popPassed(at: now) {
            guard isParked(delivery), let poll = unpark(delivery.slot) else { continue }
            actions.append(.note(.pollIdle))
            actions.append(.endPoll(poll.port, .idle))
            touch(delivery.slot, now)
            settle(delivery.slot, now, &actions)
        }
        while let (entry, deadline) = registrationEnds.popPassed(at: now) {
            guard slots[entry.slot].awaitsEnd(entry.client, deadline) else { continue }
            change(entry.slot) { $0.isRegistered = false }
            gauges.liveClients -= 1
            goneNames.insert(slots[entry.slot].fqdn.key)
            actions.append(.note(.gone(slots[entry.slot].fqdn)))
            actions.append(.note(.client(slots[entry.slot].state)))
            release(entry.slot)
        }
        return actions
    }

    /// Polls and queued scrapes are sent away, new ones will be; what a client has already taken may still finish.
    mutating func shutdownBegan(at now: NIODeadline) -> [Action] {
        guard !isShuttingDown else { return [] }
        isShuttingDown = true
        var actions: [Action] = []
        for index in slots.indices {
            guard let poll = unpark(index) else { continue }
            actions.append(.endPoll(poll.port, .shuttingDown))
            touch(index, now)
            noteState(index, &actions)
        }
        for (id, entry) in scrapes {
            guard case .queued = entry.phase else { continue }
            actions.append(.fail(entry.scraper, .shuttingDown, detail: ""))
            end(
                id, failure: .shuttingDown, detail: "", status: FailureKind.shuttingDown.status, bytes: 0, now, &actions
            )
        }
        return actions
    }

    /// The grace is over: whatever is still under way fails.
    mutating func graceEnded(at now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        for (id, entry) in scrapes {
            if case .responding(let push, _) = entry.phase { actions.append(.abandonPush(push)) }
            actions.append(.fail(entry.scraper, .shuttingDown, detail: ""))
            end(
                id, failure: .shuttingDown, detail: "", status: FailureKind.shuttingDown.status, bytes: 0, now, &actions
            )
        }
        return actions
    }
}

extension Broker {
    private func isParked(_ delivery: DeliveryID) -> Bool {
        slots.indices.contains(delivery.slot) && slots[delivery.slot].parked?.id == delivery
    }

    /// Changes a slot in place, and keeps the gauge of connected clients right.
    @discardableResult
    private mutating func change<Result>(_ index: Int, _ body: (inout Slot) -> Result) -> Result {
        let wasConnected = slots[index].isConnected
        let result = body(&slots[index])
        let isConnected = slots[index].isConnected
        if wasConnected != isConnected { gauges.connectedClients += isConnected ? 1 : -1 }
        return result
    }

    private mutating func claimSlot(_ fqdn: FQDN, _ now: NIODeadline) -> Int {
        serial += 1
        let slot = Slot(id: ClientID(serial: serial), fqdn: fqdn, now: now)
        let index: Int
        if let free = freeSlots.popLast() {
            index = free
            slots[index] = slot
        } else {
            index = slots.count
            slots.append(slot)
        }
        names[fqdn.key] = index
        return index
    }

    /// Gives an unused slot back; its next owner has another id.
    private mutating func release(_ index: Int) {
        guard slots[index].isUnused, names[slots[index].fqdn.key] == index else { return }
        names[slots[index].fqdn.key] = nil
        freeSlots.append(index)
    }

    private mutating func touch(_ index: Int, _ now: NIODeadline) {
        slots[index].lastSeen = now
        slots[index].expires = now + limits.registrationTimeout
    }

    private mutating func register(
        _ poll: PollArrival<Ports.Poll>, _ now: NIODeadline, _ actions: inout [Action]
    ) -> Int? {
        let index = names[poll.fqdn.key] ?? claimSlot(poll.fqdn, now)
        if !slots[index].isRegistered {
            guard gauges.liveClients < limits.maxClients else {
                release(index)
                return nil
            }
            gauges.liveClients += 1
            actions.append(.note(.registered(poll.fqdn, isBack: goneNames.remove(poll.fqdn.key))))
        }
        change(index) {
            $0.isRegistered = true
            if $0.fqdn.spelling != poll.fqdn.spelling { $0.fqdn = poll.fqdn }
            $0.instance = poll.instance
            $0.agent = poll.agent
            $0.address = poll.address
        }
        touch(index, now)
        return index
    }

    private mutating func reportClash(
        _ index: Int, _ older: Slot.Parked, _ poll: PollArrival<Ports.Poll>, _ actions: inout [Action]
    ) {
        guard let first = older.instance, let second = poll.instance else { return }
        let isNews = slots[index].clashing.map { $0 != (first, second) && $0 != (second, first) } ?? true
        slots[index].clashing = (first, second)
        actions.append(.note(.clash(slots[index].id, poll.fqdn, isNews: isNews)))
    }

    private mutating func park(_ poll: Slot.Parked, _ index: Int, _ now: NIODeadline) {
        change(index) { $0.parked = poll }
        gauges.waitingPolls += 1
        // Only our own client knows what an idle end is.
        guard poll.instance != nil else { return }
        endablePolls += 1
        pollEnds.add(poll.id, at: now + limits.pollMaxWait, live: endablePolls) { [slots] id, _ in
            slots[id.slot].parked?.id == id
        }
    }

    private mutating func unpark(_ index: Int) -> Slot.Parked? {
        guard let parked = change(index, { $0.parked.take() }) else { return nil }
        gauges.waitingPolls -= 1
        if parked.instance != nil { endablePolls -= 1 }
        return parked
    }

    /// Hands the scrape at the head of the queue to the parked poll, when there are both.
    private mutating func deliverNext(_ index: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        guard slots[index].queuedCount > 0, slots[index].parked != nil else { return }
        var next: (id: ScrapeID, scrape: Scrape)?
        while next == nil, let id = slots[index].queue.popFirst() {
            if let scrape = scrapes[id], case .queued = scrape.phase { next = (id, scrape) }
        }
        guard let next, let poll = unpark(index) else { return }
        scrapes[next.id]?.phase = .delivered(poll.id, at: now)
        gauges.queued -= 1
        gauges.inFlight += 1
        change(index) {
            $0.queuedCount -= 1
            $0.inFlight += 1
        }
        touch(index, now)
        actions.append(
            .deliver(
                Delivered(
                    scrape: next.id, scraper: next.scrape.scraper, delivery: poll.id, poll: poll.port,
                    client: slots[index].fqdn, waited: now - next.scrape.arrived)))
    }

    private mutating func end(
        _ id: ScrapeID, failure: FailureKind?, detail: String, status: Int?, bytes: Int, _ now: NIODeadline,
        _ actions: inout [Action]
    ) {
        guard let entry = scrapes.removeValue(forKey: id) else { return }
        var atClient: TimeAmount?
        switch entry.phase {
        case .queued:
            gauges.queued -= 1
            change(entry.slot) { $0.queuedCount -= 1 }
            forgetEndedInQueue(entry.slot)
        case .delivered(_, let at):
            gauges.inFlight -= 1
            atClient = now - at
            change(entry.slot) { $0.inFlight -= 1 }
            // The client may have been away since it took the scrape: its registration counts from then.
            slots[entry.slot].expires = slots[entry.slot].lastSeen + limits.registrationTimeout
        case .responding(_, let at):
            gauges.inFlight -= 1
            atClient = now - at
            change(entry.slot) { $0.inFlight -= 1 }
            touch(entry.slot, now)
        }
        actions.append(
            .note(
                .ended(
                    ScrapeEnd(
                        scrape: id, scraper: entry.scraper, client: registration(entry.slot), failure: failure,
                        detail: detail, duration: now - entry.arrived, atClient: atClient, status: status, bytes: bytes
                    ))))
        settle(entry.slot, now, &actions)
    }

    /// Ids of ended scrapes stay in a queue until they outnumber the others, so that ending one costs no search.
    private mutating func forgetEndedInQueue(_ index: Int) {
        if slots[index].queuedCount == 0 {
            slots[index].queue = []
        } else if slots[index].queue.count > 8 && slots[index].queue.count > 2 * slots[index].queuedCount {
            slots[index].queue.removeAll { [scrapes] in scrapes[$0] == nil }
        }
    }

    private func registration(_ index: Int) -> ClientID? { slots[index].isRegistered ? slots[index].id : nil }

    /// After something of a client ended: its registration begins to run out if it is not connected, its slot is given back if
    /// nothing is left of it, and its state is noted.
    private mutating func settle(_ index: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        noteState(index, &actions)
        if !slots[index].isRegistered {
            release(index)
        } else if !slots[index].isConnected {
            addRegistrationEnd(index)
        }
    }

    private mutating func addRegistrationEnd(_ index: Int) {
        let idle = gauges.liveClients - gauges.connectedClients
        let entry = (slot: index, client: slots[index].id)
        registrationEnds.add(entry, at: slots[index].expires, live: idle) { [slots] entry, deadline in
            slots[entry.slot].awaitsEnd(entry.client, deadline)
        }
    }

    private func noteState(_ index: Int, _ actions: inout [Action]) {
        if slots[index].isRegistered { actions.append(.note(.client(slots[index].state))) }
    }

    /// The answer to a scrape that never got in.
    private func refusal(_ id: ScrapeID, _ scraper: Ports.Scraper, _ fqdn: FQDN, _ kind: FailureKind) -> [Action] {
        let known = names[fqdn.key]
        let end = ScrapeEnd<Ports>(
            scrape: id, scraper: scraper, client: known.flatMap(registration), failure: kind, detail: "",
            duration: .zero, atClient: nil, status: kind.status, bytes: 0)
        var actions: [Action] = [.fail(scraper, kind, detail: ""), .note(.ended(end))]
        if let known { noteState(known, &actions) }
        return actions
    }
}
