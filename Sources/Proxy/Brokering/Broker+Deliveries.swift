import NIOCore
import Wire

/// How deliveries come to serve names, are handed what waits for them, and go.
///
/// At most one delivery serves a name: a newer one takes the older one's place. What it takes is bounded by its room; where there is
/// none, its names take turns at what comes free.
extension Broker {
    /// The name is served by this delivery from now on, in the place of the one that served it before; unless there are too many clients.
    mutating func serve(
        _ fqdn: FQDN, by index: Int, _ arrival: DeliveryArrival<Ports>, _ now: NIODeadline,
        _ actions: inout [Action]
    ) {
        let slot = names[fqdn.key] ?? claimSlot(fqdn, now)
        guard register(slot, fqdn, &actions) else { return actions.append(.note(.registrationRefused)) }
        if let older = slots[slot].delivery {
            // Named twice.
            guard older != index else { return }
            // Upstream's client does not say which process it is: two such polls may be one client's that came back.
            let clash = slots[slot].instance != arrival.instance
            if clash {
                let isNews = slots[slot].clashes.insert(slots[slot].instance, arrival.instance, at: now)
                actions.append(.note(.clash(slots[slot].id, fqdn, isNews: isNews)))
            }
            actions.append(.note(.deliverySuperseded))
            detach(slot, clash ? .clash : .superseded, &actions)
        }
        change(slot) {
            $0.instance = arrival.instance
            $0.agent = arrival.agent
            $0.address = arrival.address
            $0.delivery = index
            $0.holder = arrival.holder
        }
        touch(slot, now)
        deliveries[index].serve(slot)
    }

    /// A delivery that serves all its names by now is handed what waits for them, and their states are noted.
    mutating func enterService(_ index: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        let (first, others) = (deliveries[index].first, deliveries[index].others)
        for slot in others.isEmpty ? others : [first] + others { awaitTurn(slot) }
        handOut(index, besides: first, now, &actions)
        noteState(first, &actions)
        for slot in others { noteState(slot, &actions) }
    }

    /// The name has no delivery any more. A delivery that is left without a name is ended.
    mutating func detach(_ slot: Int, _ why: DeliveryEnd, _ actions: inout [Action]) {
        guard let index = slots[slot].delivery else { return }
        leave(slot)
        deliveries[index].leave()
        guard deliveries[index].served == 0, let port = takeOut(index)?.port else { return }
        actions.append(.endDelivery(port, why))
    }

    /// Takes a delivery out of service.
    ///
    /// - Parameter left: Is told of each slot that it still served.
    @discardableResult
    mutating func takeOut(
        _ index: Int, _ left: (inout Broker, Int) -> Void = { _, _ in }
    ) -> Delivery<Ports.Delivery>? {
        guard let delivery = deliveries.remove(index) else { return nil }
        if delivery.isSpentByOne { gauges.waitingPolls -= 1 }
        if delivery.endsIdle { endableDeliveries -= 1 }
        if delivery.first >= 0, slots[delivery.first].delivery == index {
            leave(delivery.first)
            left(&self, delivery.first)
        }
        for slot in delivery.others where slots[slot].delivery == index {
            leave(slot)
            left(&self, slot)
        }
        return delivery
    }

    /// The same, for one that may have left before: what it says then means nothing.
    @discardableResult
    mutating func takeOut(_ id: DeliveryID, _ now: NIODeadline, _ actions: inout [Action]) -> Delivery<Ports.Delivery>?
    {
        guard deliveries.contains(id) else { return nil }
        return takeOut(id.index) { broker, slot in
            broker.touch(slot, now)
            broker.settle(slot, now, &actions)
        }
    }

    private mutating func leave(_ slot: Int) {
        change(slot) {
            $0.delivery = nil
            $0.hasTurn = false
        }
    }

    /// Whether a scrape of this name would be handed out at once.
    func hasRoom(_ slot: Int) -> Bool {
        guard let index = slots[slot].delivery else { return false }
        return deliveries[index].room > 0
    }

    /// Something waits for the name: it is handed out, or the name waits for its turn.
    mutating func offer(_ slot: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        guard let index = slots[slot].delivery else { return }
        awaitTurn(slot)
        handOut(index, besides: slot, now, &actions)
    }

    /// A scrape that the delivery had taken has ended. One that has left, or is spent, has no use for the room.
    mutating func roomRegained(_ id: DeliveryID, besides slot: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        guard deliveries.contains(id) else { return }
        deliveries[id.index].room += 1
        handOut(id.index, besides: slot, now, &actions)
    }

    /// Hands a delivery what waits for it, as far as it has room; its names take turns.
    ///
    /// - Parameter besides: The slot whose state the event notes itself.
    mutating func handOut(_ index: Int, besides slot: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        guard !isShuttingDown else { return }
        while let next = nextTurn(index) {
            guard let (id, scrape) = popQueued(next, now) else { continue }
            deliver(id, scrape, to: index, now, &actions)
            awaitTurn(next)
            if next != slot { noteState(next, &actions) }
        }
    }

    /// The name whose turn it is; `nil` when nothing waits, or the delivery has no room.
    private mutating func nextTurn(_ index: Int) -> Int? {
        guard deliveries[index].room > 0 else { return nil }
        if !deliveries[index].hasSeveralNames {
            let slot = deliveries[index].first
            return slots[slot].delivery == index && !slots[slot].queue.isEmpty ? slot : nil
        }
        while let slot = deliveries[index].turns.popFirst() {
            guard slots[slot].delivery == index else { continue }
            slots[slot].hasTurn = false
            if !slots[slot].queue.isEmpty { return slot }
        }
        return nil
    }

    /// The name gets a turn, behind all that have one, when something waits for it.
    private mutating func awaitTurn(_ slot: Int) {
        guard let index = slots[slot].delivery, slots[slot].queuedCount > 0, !slots[slot].hasTurn,
            deliveries[index].hasSeveralNames
        else { return }
        slots[slot].hasTurn = true
        deliveries[index].turns.append(slot)
    }

    /// Takes the first scrape off a queue that waits still. One whose time is up stays for `timePassed` to end.
    private mutating func popQueued(_ slot: Int, _ now: NIODeadline) -> (ScrapeID, Scrape)? {
        while let id = slots[slot].queue.popFirst() {
            if let scrape = scrapes[id], case .queued = scrape.phase, scrape.deadline > now { return (id, scrape) }
        }
        return nil
    }

    private mutating func deliver(
        _ id: ScrapeID, _ scrape: Scrape, to index: Int, _ now: NIODeadline, _ actions: inout [Action]
    ) {
        guard let port = deliveries[index].port else { return }
        let delivery = DeliveryID(index: index, generation: deliveries[index].generation)
        if deliveries[index].isSpentByOne { takeOut(index) } else { deliveries[index].room -= 1 }
        scrapes[id]?.phase = .delivered(delivery, at: now)
        scrapes[id]?.client = slots[scrape.slot].holder
        gauges.queued -= 1
        gauges.inFlight += 1
        change(scrape.slot) {
            $0.queuedCount -= 1
            $0.inFlight += 1
        }
        touch(scrape.slot, now)
        actions.append(
            .deliver(
                Delivered(
                    scrape: id, scraper: scrape.scraper, delivery: delivery, port: port,
                    client: slots[scrape.slot].fqdn, waited: now - scrape.arrived)))
    }

    /// Back to the head of its queue: what the delivery had taken and not brought to the client.
    ///
    /// - Returns: Whether it was this delivery's still.
    mutating func queueAgain(
        _ id: ScrapeID, from delivery: DeliveryID, _ now: NIODeadline, _ actions: inout [Action]
    ) -> Bool {
        guard let entry = scrapes[id], case .delivered(delivery, _) = entry.phase else { return false }
        if isShuttingDown {
            // No delivery will come for it any more.
            fail(id, entry, .shuttingDown, now, &actions)
            return true
        }
        actions.append(.note(.redelivered))
        scrapes[id]?.phase = .queued
        scrapes[id]?.client = nil
        gauges.inFlight -= 1
        gauges.queued += 1
        change(entry.slot) {
            $0.inFlight -= 1
            $0.queuedCount += 1
            $0.queue.prepend(id)
        }
        return true
    }
}
