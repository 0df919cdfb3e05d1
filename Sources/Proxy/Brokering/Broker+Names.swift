import NIOCore
import Wire

/// What a tunnel says while it lives: its names, and how far away it is.
extension Broker {
    /// A delivery says anew what it said when it arrived; the new replaces the old whole. Names that it had and has still keep their queue
    /// and their turn; those that it has no more have no delivery from now on.
    ///
    /// - Returns: The names that there was no room for among the clients; when it serves none, it has been ended. `nil` for one that is out
    ///   of service, which this says nothing to.
    mutating func namesChanged(
        _ id: DeliveryID, _ change: DeliveryChange<Ports.Holder>, at now: NIODeadline
    ) -> (refused: [FQDN], actions: [Action])? {
        guard deliveries.contains(id), deliveries[id.index].isInService else { return nil }
        let index = id.index
        var actions: [Action] = []
        let before = ([deliveries[index].first] + deliveries[index].others).filter { slots[$0].delivery == index }
        let wanted = Set(change.names.map(\.key))
        deliveries[index].serveNone()
        var left: [Int] = []
        for slot in before {
            if wanted.contains(slots[slot].fqdn.key) {
                deliveries[index].serve(slot)
            } else {
                leave(slot)
                touch(slot, now)
                left.append(slot)
            }
        }
        // One that comes back gets a new turn.
        deliveries[index].turns.removeAll { [slots] in slots[$0].delivery != index }
        deliveries[index].capacity = change.capacity
        let said = Said(change)
        let refused = change.names.filter { !serve($0, by: index, said, now, &actions) }
        for slot in left { settle(slot, now, &actions) }
        if deliveries[index].served == 0 {
            let why = change.names.isEmpty ? DeliveryEnd.denied : .tooManyClients
            if let port = takeOut(index)?.port { actions.append(.endDelivery(port, why)) }
        } else {
            enterService(index, now, &actions)
        }
        return (refused, actions)
    }

    /// A ping went to a tunnel's client and back. It is noted when it is the first of a tunnel, or differs from the one noted before by
    /// more than a quarter of that and a millisecond: nobody looks at less.
    mutating func roundTripMeasured(_ id: DeliveryID, _ time: TimeAmount) -> [Action] {
        guard deliveries.contains(id), deliveries[id.index].isInService else { return [] }
        let time = max(time, .zero)
        if let before = deliveries[id.index].roundTrip {
            let difference = abs(before.nanoseconds - time.nanoseconds)
            guard difference > 1_000_000, difference > before.nanoseconds / 4 else { return [] }
        }
        deliveries[id.index].roundTrip = time
        var actions: [Action] = []
        for slot in [deliveries[id.index].first] + deliveries[id.index].others where slots[slot].delivery == id.index {
            slots[slot].roundTrip = time
            noteState(slot, &actions)
        }
        return actions
    }

    /// Whether a delivery can be handed something.
    func isServing(_ id: DeliveryID) -> Bool { deliveries.contains(id) && deliveries[id.index].isInService }

    /// Whether a scrape is this delivery's, and it has not begun to answer it. What a delivery is told comes to it from several threads: a
    /// withdrawal may overtake the scrape that it withdraws.
    func isWithDelivery(_ scrape: ScrapeID, _ delivery: DeliveryID) -> Bool {
        if case .delivered(delivery, _) = scrapes[scrape]?.phase { true } else { false }
    }
}
