import Failures
import NIOCore
import Wire

/// What the events are made of: changes of a client's slot, each of which keeps the gauges and the deadlines right.
extension Broker {
    /// Changes a slot in place, and keeps the gauge of connected clients right.
    @discardableResult
    mutating func change<Result>(_ index: Int, _ body: (inout Slot) -> Result) -> Result {
        let wasConnected = slots[index].isConnected
        let result = body(&slots[index])
        let isConnected = slots[index].isConnected
        if wasConnected != isConnected { gauges.connectedClients += isConnected ? 1 : -1 }
        return result
    }

    /// One more waits for the client, or one less.
    mutating func countQueued(_ kind: ScrapeKind, _ index: Int, by count: Int) {
        gauges.queued += count
        slots[index].queuedCount += count
        guard kind == .connection else { return }
        gauges.queuedConnections += count
        slots[index].queuedConnections += count
    }

    /// One more is with the client, or one less.
    mutating func countTaken(_ id: ScrapeID, _ kind: ScrapeKind, _ index: Int, by count: Int) {
        guard kind == .connection else {
            gauges.inFlight += count
            change(index) { $0.inFlight += count }
            return
        }
        if count > 0 { connections.insert(id) } else { connections.remove(id) }
        gauges.connections += count
        change(index) { $0.connections += count }
    }

    mutating func claimSlot(_ fqdn: FQDN, _ now: NIODeadline) -> Int {
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
    mutating func release(_ index: Int) {
        guard slots[index].isUnused, names[slots[index].fqdn.key] == index else { return }
        names[slots[index].fqdn.key] = nil
        freeSlots.append(index)
    }

    mutating func touch(_ index: Int, _ now: NIODeadline) {
        slots[index].lastSeen = now
        slots[index].expires = now + limits.registrationTimeout
    }

    /// - Returns: Whether there is room for one more client; if not, nothing is left of the slot unless scrapes wait for it.
    mutating func register(_ index: Int, _ fqdn: FQDN, _ actions: inout [Action]) -> Bool {
        if !slots[index].isRegistered {
            guard gauges.liveClients < limits.maxClients else {
                release(index)
                return false
            }
            gauges.liveClients += 1
            change(index) { $0.isRegistered = true }
            listingChanged(index)
            actions.append(.note(.registered(fqdn, isBack: goneNames.remove(fqdn.key))))
        }
        if slots[index].fqdn.spelling != fqdn.spelling {
            slots[index].fqdn = fqdn
            listingChanged(index)
        }
        return true
    }

    /// Of a client that is not connected.
    mutating func endRegistration(_ index: Int, _ actions: inout [Action]) {
        change(index) { $0.isRegistered = false }
        listingChanged(index)
        gauges.liveClients -= 1
        goneNames.insert(slots[index].fqdn.key)
        actions.append(.note(.gone(slots[index].fqdn)))
        noteState(index, &actions)
        release(index)
    }

    /// Fails a scrape. A scraper that has been sent a part of a response is not sent the failure's status any more.
    mutating func fail(
        _ id: ScrapeID, _ entry: Scrape, _ kind: FailureKind, detail: String = "", sent: SentPart? = nil,
        _ now: NIODeadline, _ actions: inout [Action]
    ) {
        actions.append(.fail(entry.scraper, kind, detail: detail))
        end(
            id, failure: kind, detail: detail, status: sent?.status ?? kind.status, bytes: sent?.bytes ?? 0, now,
            &actions)
    }

    /// Tells whoever brings an answer, or is the other end of a connection, that nobody wants it any more. Who has only been handed the
    /// scrape is told when it ends.
    func giveUp(_ entry: Scrape, _ actions: inout [Action]) {
        switch entry.phase {
        case .queued, .delivered: break
        case .responding(let source, _, _, _): actions.append(.abandon(source))
        case .connected(let source, _, _): actions.append(.abort(source))
        }
    }

    /// Fails a scrape because of the time or the shutdown. The scraper has the status of a response that had begun, and how much of
    /// its body it knows itself.
    mutating func cutOff(
        _ id: ScrapeID, _ entry: Scrape, _ kind: FailureKind, _ now: NIODeadline, _ actions: inout [Action]
    ) {
        let status: Int
        switch entry.phase {
        case .responding(_, _, _, let begun?): status = begun
        case .connected: status = 200
        case .queued, .delivered, .responding: return fail(id, entry, kind, now, &actions)
        }
        actions.append(.fail(entry.scraper, kind, detail: ""))
        end(id, failure: kind, detail: "", status: status, bytes: nil, now, &actions)
    }

    mutating func end(
        _ id: ScrapeID, failure: FailureKind?, detail: String, status: Int?, bytes: Int?,
        _ now: NIODeadline, _ actions: inout [Action]
    ) {
        guard let entry = scrapes.removeValue(forKey: id) else { return }
        var atClient: TimeAmount?
        var freed: DeliveryID?
        var openSince: NIODeadline?
        switch entry.phase {
        case .queued:
            countQueued(entry.kind, entry.slot, by: -1)
            forgetEndedInQueue(entry.slot)
        case .delivered(let delivery, let at):
            freed = delivery
            atClient = now - at
            countTaken(id, entry.kind, entry.slot, by: -1)
            if deliveries.contains(delivery), let port = deliveries[delivery.index].port {
                actions.append(.withdraw(port, id))
            }
            // The client may have been away since it took the scrape: its registration counts from then.
            slots[entry.slot].expires = slots[entry.slot].lastSeen + limits.registrationTimeout
        case .responding(_, let delivery, let at, _):
            freed = delivery
            atClient = now - at
            countTaken(id, entry.kind, entry.slot, by: -1)
            touch(entry.slot, now)
        case .connected(_, let delivery, let since):
            freed = delivery
            openSince = since
            countTaken(id, entry.kind, entry.slot, by: -1)
            touch(entry.slot, now)
        }
        if entry.kind == .connection {
            actions.append(
                .note(connectionEnd(id, entry, failure, detail: detail, status: status, since: openSince, now)))
        } else {
            actions.append(
                .note(
                    .ended(
                        ScrapeEnd(
                            scrape: id, scraper: entry.scraper, client: registration(entry.slot), failure: failure,
                            detail: detail, duration: now - entry.arrived, atClient: atClient,
                            transport: entry.transport, status: status, bytes: bytes))))
        }
        if let freed { roomRegained(freed, besides: entry.slot, now, &actions) }
        settle(entry.slot, now, &actions)
    }

    /// Ids of ended scrapes stay in a queue until they outnumber the others, so that ending one costs no search.
    mutating func forgetEndedInQueue(_ index: Int) {
        if slots[index].queuedCount == 0 {
            slots[index].queue = []
        } else if slots[index].queue.count > 8 && slots[index].queue.count > 2 * slots[index].queuedCount {
            slots[index].queue.removeAll { [scrapes] in scrapes[$0] == nil }
        }
    }

    /// The state of a client, or of a name that scrapes wait for, as it is now.
    func state(of key: String) -> ClientSnapshot? { names[key].map { slots[$0].state } }

    func registration(_ index: Int) -> ClientID? { slots[index].isRegistered ? slots[index].id : nil }

    /// After something of a client ended: its registration begins to run out if it is not connected, its slot is given back if
    /// nothing is left of it, and its state is noted.
    mutating func settle(_ index: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        noteState(index, &actions)
        if !slots[index].isRegistered {
            release(index)
        } else if !slots[index].isConnected {
            addRegistrationEnd(index)
        }
    }

    mutating func addRegistrationEnd(_ index: Int) {
        // Every scrape that a client which is away misses comes past here.
        guard slots[index].registrationEnd != slots[index].expires else { return }
        slots[index].registrationEnd = slots[index].expires
        let entry = (slot: index, client: slots[index].id)
        // That of one who is connected now is kept as well: it is not set again if he is away once more since the same time.
        registrationEnds.add(entry, at: slots[index].expires, live: gauges.liveClients) { [slots] entry, deadline in
            slots[entry.slot].id == entry.client && slots[entry.slot].registrationEnd == deadline
        }
    }

    func noteState(_ index: Int, _ actions: inout [Action]) {
        actions.append(.note(.client(slots[index].state)))
    }

    /// The answer to a scrape that never got in.
    func refusal(
        _ id: ScrapeID, _ scraper: Ports.Scraper, _ fqdn: FQDN, _ kind: ScrapeKind, _ failure: FailureKind
    ) -> [Action] {
        let known = names[fqdn.key]
        let client = known.flatMap(registration)
        let end: BrokerFact<Ports> =
            if kind == .connection {
                .connectionEnded(
                    ConnectionEnd(
                        connection: id, scraper: scraper, client: client, failure: failure, detail: "",
                        duration: .zero, open: nil, status: failure.status))
            } else {
                .ended(
                    ScrapeEnd(
                        scrape: id, scraper: scraper, client: client, failure: failure, detail: "", duration: .zero,
                        atClient: nil, transport: nil, status: failure.status, bytes: 0))
            }
        var actions: [Action] = [.fail(scraper, failure, detail: ""), .note(end)]
        if let known { noteState(known, &actions) }
        return actions
    }
}
