import Failures
import NIOCore
import Wire

/// Time and shutdown: events that may concern everybody at once. Each call ends at most a batch (`BrokerLimits.batch`), so that the
/// broker's lock is held for a moment, and says whether there is more to do.
extension Broker {
    /// How far the shutdown has got.
    struct Shutdown: Sendable {
        /// Slots before this one have neither deliveries nor queued scrapes.
        var slot = 0
        /// CONNECTs that are to be told still; `nil` while there are slots to be seen to.
        var connections: Set<ScrapeID>?
    }

    /// Ends what is due: scrapes past their deadline, idle deliveries, registrations. More is due while `isDue` says so.
    mutating func timePassed(to now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        var room = limits.batch
        while room > 0, let (id, _) = scrapeDeadlines.popPassed(at: now) {
            room -= 1
            guard let entry = scrapes[id] else { continue }
            let kind: FailureKind
            switch entry.phase {
            case .queued: kind = .noPoll
            case .delivered: kind = .noPush
            case .responding: kind = .responseTimeout
            // Open in time: it may last.
            case .connected: continue
            }
            giveUp(entry, &actions)
            cutOff(id, entry, kind, now, &actions)
        }
        while room > 0, let (delivery, _) = deliveryEnds.popPassed(at: now) {
            room -= 1
            guard let port = takeOut(delivery, now, &actions)?.port else { continue }
            actions.append(.note(.deliveryIdle))
            actions.append(.endDelivery(port, .idle))
        }
        while room > 0, let (entry, deadline) = registrationEnds.popPassed(at: now) {
            room -= 1
            guard slots[entry.slot].id == entry.client else { continue }
            if slots[entry.slot].registrationEnd == deadline { slots[entry.slot].registrationEnd = nil }
            guard slots[entry.slot].awaitsEnd(deadline) else { continue }
            endRegistration(entry.slot, &actions)
        }
        return actions
    }

    /// Whether something ends now.
    func isDue(at now: NIODeadline) -> Bool { nextDeadline.map { $0 <= now } ?? false }

    /// Deliveries and queued scrapes are sent away, new ones will be; what a client has already taken may still finish. To be told again
    /// until it answers with `nil`.
    mutating func shutdownBegan(at now: NIODeadline) -> [Action]? {
        var progress = shutdown ?? Shutdown()
        guard slots.indices.contains(progress.slot) else {
            shutdown = progress
            return windUp()
        }
        var actions: [Action] = []
        var room = limits.batch
        // Scrapes that end now and deliveries that fail are told that the proxy shuts down.
        shutdown = progress
        while room > 0, progress.slot < slots.count {
            room -= 1
            let index = progress.slot
            if slots[index].delivery != nil {
                detach(index, .shuttingDown, &actions)
                touch(index, now)
                noteState(index, &actions)
            }
            while room > 0, slots[index].queuedCount > 0, let id = slots[index].queue.popFirst() {
                room -= 1
                guard let entry = scrapes[id], case .queued = entry.phase else { continue }
                fail(id, entry, .shuttingDown, now, &actions)
            }
            if slots[index].queue.isEmpty || slots[index].queuedCount == 0 { progress.slot += 1 }
        }
        shutdown = progress
        return actions
    }

    /// CONNECTs last as long as their ends like: those that a client has taken are told that it is time. No new ones come.
    private mutating func windUp() -> [Action]? {
        var waiting = shutdown?.connections ?? connections
        let some = Array(waiting.prefix(limits.batch))
        waiting.subtract(some)
        shutdown?.connections = waiting
        return some.isEmpty ? nil : some.compactMap { id in scrapes[id].map { Action.windUp($0.scraper) } }
    }

    /// The grace is over: whatever is still under way fails. To be told again until the broker is idle.
    mutating func graceEnded(at now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        for id in scrapes.some(limits.batch) {
            guard let entry = scrapes[id] else { continue }
            giveUp(entry, &actions)
            cutOff(id, entry, .shuttingDown, now, &actions)
        }
        return actions
    }
}
