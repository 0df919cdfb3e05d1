import Clients
import NIOCore
import Wire

/// How deliveries come to serve names, are handed what waits for them, and go.
///
/// At most one delivery serves a name: a newer one takes the older one's place. What it takes is bounded by its room; where there is
/// none, its names take turns at what comes free.
extension Broker {
    /// What a delivery says of its client.
    struct Said {
        let holder: Ports.Holder?
        let instance: InstanceID?
        let agent: String?
        let address: String?
        private let declarations: [FQDN: Declaration]

        init(_ arrival: DeliveryArrival<Ports>) {
            (holder, instance, agent, address) = (arrival.holder, arrival.instance, arrival.agent, arrival.address)
            declarations = arrival.declarations
        }

        init(_ change: DeliveryChange<Ports.Holder>) {
            (holder, instance, agent, address) = (change.holder, change.instance, change.agent, change.address)
            declarations = change.declarations
        }

        func declaration(of name: FQDN) -> Declaration {
            declarations.isEmpty ? .none : declarations[name] ?? .none
        }
    }

    /// The name is served by this delivery from now on, in the place of the one that served it before; or what is said of the client that
    /// it serves already is so from now on.
    ///
    /// - Returns: Whether there was room for it among the clients.
    mutating func serve(
        _ fqdn: FQDN, by index: Int, _ said: Said, _ now: NIODeadline, _ actions: inout [Action]
    ) -> Bool {
        let slot = names[fqdn.key] ?? claimSlot(fqdn, now)
        guard register(slot, fqdn, &actions) else {
            actions.append(.note(.registrationRefused))
            return false
        }
        let isNew = slots[slot].delivery != index
        if isNew, slots[slot].delivery != nil {
            // Upstream's client does not say which process it is: two such polls may be one client's that came back.
            let clash = slots[slot].instance != said.instance
            if clash {
                let isNews = slots[slot].clashes.insert(slots[slot].instance, said.instance, at: now)
                actions.append(.note(.clash(slots[slot].id, fqdn, isNews: isNews)))
            }
            detach(slot, clash ? .clash : .superseded, &actions)
        }
        let transport = deliveries[index].transport
        let roundTrip = deliveries[index].roundTrip
        let declaration = said.declaration(of: fqdn)
        if !slots[slot].isListedConnected || slots[slot].agent != said.agent
            || slots[slot].declaration != declaration
        {
            listingChanged(slot)
        }
        change(slot) {
            $0.instance = said.instance
            $0.agent = said.agent
            $0.address = said.address
            $0.delivery = index
            $0.holder = said.holder
            $0.transport = transport
            $0.roundTrip = roundTrip
            $0.declaration = declaration
        }
        touch(slot, now)
        if isNew { deliveries[index].serve(slot) }
        if transport == .poll, slots[slot].queuedConnections > 0 { refuseConnections(slot, now, &actions) }
        return true
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
        guard deliveries[index].served == 0, let delivery = takeOut(index), let port = delivery.port else { return }
        if why == .superseded || why == .clash { actions.append(.note(.deliverySuperseded(delivery.transport))) }
        actions.append(.endDelivery(port, why))
    }

    /// Takes a delivery out of service. A tunnel that has taken something stays known, so that it can be told when that ends.
    ///
    /// - Parameter left: Is told of each slot that it still served.
    @discardableResult
    mutating func takeOut(
        _ index: Int, _ left: (inout Broker, Int) -> Void = { _, _ in }
    ) -> Delivery<Ports.Delivery>? {
        guard let delivery = deliveries.retire(index) else { return nil }
        switch delivery.transport {
        case .poll: gauges.waitingPolls -= 1
        case .tunnel: gauges.tunnels -= 1
        }
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

    mutating func leave(_ slot: Int) {
        change(slot) {
            $0.delivery = nil
            $0.hasTurn = false
        }
    }

    /// Whether a scrape of this name would be handed out at once.
    func hasRoom(_ slot: Int) -> Bool {
        guard let index = slots[slot].delivery else { return false }
        return deliveries[index].hasRoom
    }

    /// Something waits for the name: it is handed out, or the name waits for its turn.
    mutating func offer(_ slot: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        guard let index = slots[slot].delivery else { return }
        awaitTurn(slot)
        handOut(index, besides: slot, now, &actions)
    }

    /// A scrape that the delivery had taken has ended. One that has left, or is spent, has no use for the room.
    mutating func roomRegained(_ id: DeliveryID, besides slot: Int?, _ now: NIODeadline, _ actions: inout [Action]) {
        guard deliveries.contains(id) else { return }
        deliveries[id.index].taken -= 1
        gauges.streams -= 1
        if deliveries[id.index].isInService {
            handOut(id.index, besides: slot, now, &actions)
        } else if deliveries[id.index].taken == 0 {
            deliveries.remove(id.index)
        }
    }

    /// A delivery that is out of service has left: nothing that it had taken is its any more.
    mutating func forget(_ id: DeliveryID) {
        guard deliveries.contains(id) else { return }
        gauges.streams -= deliveries[id.index].taken
        deliveries.remove(id.index)
    }

    /// Hands a delivery what waits for it, as far as it has room; its names take turns.
    ///
    /// - Parameter besides: The slot whose state the event notes itself.
    mutating func handOut(_ index: Int, besides slot: Int?, _ now: NIODeadline, _ actions: inout [Action]) {
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
        guard deliveries[index].hasRoom else { return nil }
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
        let transport = deliveries[index].transport
        switch transport {
        case .poll: takeOut(index)
        case .tunnel:
            deliveries[index].taken += 1
            gauges.streams += 1
        }
        scrapes[id]?.phase = .delivered(delivery, at: now)
        scrapes[id]?.client = slots[scrape.slot].holder
        scrapes[id]?.transport = transport
        countQueued(scrape.kind, scrape.slot, by: -1)
        countTaken(id, scrape.kind, scrape.slot, by: 1)
        touch(scrape.slot, now)
        actions.append(
            .deliver(
                Delivered(
                    scrape: id, scraper: scrape.scraper, delivery: delivery, port: port, kind: scrape.kind,
                    client: slots[scrape.slot].fqdn, waited: now - scrape.arrived)))
    }
}
