import Clients
import Failures
import NIOCore
import Wire

/// Decides which scrape goes to which client, and how each scrape ends. The one place that knows who waits for whom.
///
/// A pure state machine: events come in as calls, in the past tense, with the time as an argument; what is to be done comes out
/// as actions, to be carried out in their order after the call. Every event costs O(1), or O(log n) of the scrapes under way,
/// whatever the number of clients; that a delivery comes or goes, O(its names); what concerns many at once is done in batches. Nothing that a peer can cause traps.
///
/// A scrape's states: queued → delivered → responding → ended; a CONNECT's: queued → delivered → connected → ended. Legal transitions
/// besides: delivered → queued (its delivery did not bring it to the client, or was lost before there was an answer: back to the head of
/// its queue), and from each of them → ended (deadline, scraper gone, response broken, denied, shutdown; time does not end what is connected).
/// An ended scrape is forgotten, so whatever comes late for it finds nothing.
///
/// A delivery's states: serving, with room or without → out of service: spent, left, superseded for each of its names, idle too long,
/// or sent away at shutdown. What it has taken goes on after that; a tunnel is known until the last of it has ended.
///
/// A client's states: unknown → registered; connected while a delivery serves it or a scrape is in flight; else it stays registered
/// until its registration runs out, then it is gone.
struct Broker<Ports: BrokerPorts>: Sendable {
    typealias Action = BrokerAction<Ports>
    typealias Slot = ClientSlot<Ports.Holder>

    enum Phase: Sendable {
        case queued
        case delivered(DeliveryID, at: NIODeadline)
        /// With the response's status, which the scraper is about to be sent; `nil` when there is none to come.
        case responding(Ports.Source, DeliveryID, deliveredAt: NIODeadline, status: Int?)
        /// A CONNECT alone.
        case connected(Ports.Connection, DeliveryID, since: NIODeadline)
    }

    struct Scrape: Sendable {
        let slot: Int
        let scraper: Ports.Scraper
        let arrived: NIODeadline
        let deadline: NIODeadline
        /// Who asked.
        let holder: Ports.Holder?
        /// To whom it was handed.
        var client: Ports.Holder?
        let kind: ScrapeKind
        /// What took it to the client; `nil` while it is queued.
        var transport: Transport?
        var phase = Phase.queued
    }

    let limits: BrokerLimits
    var gauges = BrokerGauges()
    var isShuttingDown: Bool { shutdown != nil }

    // For the extensions in Broker+….swift; nothing outside the broker may touch them.
    var names: [String: Int] = [:]
    var slots: [Slot] = []
    var freeSlots: [Int] = []
    var scrapes = ScrapeTable<Scrape>()
    /// CONNECTs that a client has taken.
    var connections: Set<ScrapeID> = []
    var scrapeDeadlines = DeadlineQueue<ScrapeID>()
    var deliveries = DeliveryTable<Ports.Delivery>()
    var deliveryEnds = DeadlineQueue<DeliveryID>()
    var endableDeliveries = 0
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
        [scrapeDeadlines.earliest, deliveryEnds.earliest, registrationEnds.earliest].compactMap(\.self).min()
    }

    /// What the record needs of the registered clients, for a record that starts afresh: those of so many slots from `start` on;
    /// `nil` beyond the last.
    func clientStates(from start: Int) -> (states: [ClientSnapshot], next: Int)? {
        guard slots.indices.contains(start) else { return nil }
        let next = min(start + limits.batch, slots.count)
        return (slots[start..<next].compactMap { $0.isRegistered ? $0.state : nil }, next)
    }

    // MARK: Deliveries

    /// A client that an earlier process knew, not connected now; before the first event.
    mutating func clientRestored(
        _ fqdn: FQDN, declaration: Declaration = .none, instance: InstanceID?, agent: String? = nil,
        lastSeen: NIODeadline, expires: NIODeadline
    ) {
        guard names[fqdn.key] == nil, names.count < limits.maxClients else { return }
        let index = claimSlot(fqdn, lastSeen)
        change(index) {
            $0.isRegistered = true
            $0.lastSeen = lastSeen
            $0.expires = expires
            $0.instance = instance
            $0.agent = agent
            $0.declaration = declaration
        }
        gauges.liveClients += 1
        listingChanged(index)
        addRegistrationEnd(index)
    }

    /// Something comes that takes scrapes to a client. The id is the port's to remember, for what it says later.
    ///
    /// - Returns: Also the names that there was no room for among the clients. When it serves none, it has been ended.
    mutating func deliveryArrived(
        _ arrival: DeliveryArrival<Ports>, at now: NIODeadline
    ) -> (id: DeliveryID, refused: [FQDN], actions: [Action]) {
        serial += 1
        let generation = serial
        if isShuttingDown {
            return (
                DeliveryID(index: -1, generation: generation), [], [.endDelivery(arrival.port, .shuttingDown)]
            )
        }
        // Only our own client knows what an idle end is.
        let endsIdle = arrival.capacity == .one && arrival.instance != nil
        let index = deliveries.insert(
            Delivery(generation: generation, port: arrival.port, capacity: arrival.capacity, endsIdle: endsIdle))
        let delivery = DeliveryID(index: index, generation: generation)
        if arrival.capacity == .one { gauges.waitingPolls += 1 } else { gauges.tunnels += 1 }
        if endsIdle { endableDeliveries += 1 }
        var actions: [Action] = []
        var refused: [FQDN] = []
        let said = Said(arrival)
        if !serve(arrival.fqdn, by: index, said, now, &actions) { refused.append(arrival.fqdn) }
        for fqdn in arrival.others where !serve(fqdn, by: index, said, now, &actions) { refused.append(fqdn) }
        if deliveries[index].served == 0 {
            takeOut(index)
            actions.append(.endDelivery(arrival.port, .tooManyClients))
            return (delivery, refused, actions)
        }
        if endsIdle {
            deliveryEnds.add(delivery, at: now + limits.pollMaxWait, live: endableDeliveries) { [deliveries] id, _ in
                deliveries.contains(id)
            }
        }
        enterService(index, now, &actions)
        return (delivery, refused, actions)
    }

    /// A delivery's peer disconnected.
    ///
    /// - Parameter returned: What it had taken and had no byte of an answer to: each goes back to the head of its queue, the first of
    ///   them first, or fails if the client may have done what it must not do twice. What has a part of an answer is its source's to end
    ///   (`responseBroke`, `connectionBroke`). A poll is spent by what it takes, and returns nothing.
    mutating func deliveryLeft(
        _ delivery: DeliveryID, returning returned: [ScrapeID] = [], at now: NIODeadline
    ) -> [Action] {
        var actions: [Action] = []
        if deliveries.contains(delivery) {
            if deliveries[delivery.index].isInService {
                actions.append(.note(.deliveryDropped(deliveries[delivery.index].transport)))
                takeOut(delivery, now, &actions)
            }
            // What it had taken and does not return is none of its any more either.
            forget(delivery)
        }
        queueAgain(returned, from: delivery, isLost: true, now, &actions)
        return actions
    }

    /// A delivery could not bring a scrape to its client, as a poll whose connection failed while the scrape was written to it, or a tunnel
    /// that takes nothing any more: the scrape goes to the next delivery, before all others. This one gets no other; what it has besides
    /// goes on.
    mutating func deliveryFailed(_ scrape: ScrapeID, _ delivery: DeliveryID, at now: NIODeadline) -> [Action] {
        guard let entry = scrapes[scrape], case .delivered(delivery, _) = entry.phase else { return [] }
        var actions: [Action] = []
        if deliveries.contains(delivery), deliveries[delivery.index].isInService {
            actions.append(.note(.deliveryDropped(deliveries[delivery.index].transport)))
            takeOut(delivery, now, &actions)
        }
        queueAgain([scrape], from: delivery, isLost: false, now, &actions)
        return actions
    }

    // MARK: Scrapes

    /// A scrape asks for a client.
    ///
    /// - Parameters:
    ///   - holder: Who asks.
    ///   - kind: What for.
    ///   - deadline: When it fails unless its response is complete.
    mutating func scrapeArrived(
        _ id: ScrapeID, for fqdn: FQDN, from scraper: Ports.Scraper, of holder: Ports.Holder? = nil,
        _ kind: ScrapeKind = .repeatable, deadline: NIODeadline, at now: NIODeadline
    ) -> [Action] {
        if isShuttingDown { return refusal(id, scraper, fqdn, kind, .shuttingDown) }
        let existing = names[fqdn.key]
        if kind == .connection, let why = obstacle(existing) { return refusal(id, scraper, fqdn, kind, why) }
        if existing.map({ hasRoom($0) }) != true {
            var bound: QueueBound?
            if gauges.queued >= limits.maxQueued { bound = .total }
            if let existing, slots[existing].queuedCount >= limits.maxQueuedPerClient { bound = .client }
            if let bound { return [.note(.queueFull(bound))] + refusal(id, scraper, fqdn, kind, .queueFull) }
        }
        let index = existing ?? claimSlot(fqdn, now)
        var actions: [Action] = []
        scrapes[id] = Scrape(
            slot: index, scraper: scraper, arrived: now, deadline: deadline, holder: holder, kind: kind)
        countQueued(kind, index, by: 1)
        slots[index].queue.append(id)
        scrapeDeadlines.add(id, at: deadline, live: scrapes.count) { [scrapes] id, _ in scrapes[id] != nil }
        offer(index, now, &actions)
        noteState(index, &actions)
        return actions
    }

    /// The scraper hung up.
    mutating func scraperLeft(_ id: ScrapeID, sent status: Int?, bytes: Int, at now: NIODeadline) -> [Action] {
        guard let entry = scrapes[id] else { return [] }
        var actions: [Action] = []
        giveUp(entry, &actions)
        end(id, failure: .scraperGone, detail: "", status: status, bytes: bytes, now, &actions)
        return actions
    }

    // MARK: Responses

    /// A source began to answer a scrape.
    ///
    /// - Parameters:
    ///   - status: The response's; `nil` when the source only says why there is none.
    ///   - pusher: Who brings it.
    mutating func responseBegan(
        _ id: ScrapeID, status: Int?, source: Ports.Source, of pusher: Ports.Holder? = nil, at now: NIODeadline
    ) -> Reception<Ports> {
        guard let entry = scrapes[id], case .delivered(let delivery, let deliveredAt) = entry.phase,
            entry.kind != .connection
        else { return .unknown }
        guard Ports.mayAnswer(pusher, for: slots[entry.slot].fqdn, handedTo: entry.client) else {
            return .ofAnother(slots[entry.slot].fqdn)
        }
        scrapes[id]?.phase = .responding(source, delivery, deliveredAt: deliveredAt, status: status)
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

    /// What a source brought is no response, breaks off, or says that the client failed.
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
