import Failures
import NIOCore
import Wire

/// What comes back from a delivery that did not bring it to the client, or was lost before there was an answer.
extension Broker {
    static var clientLost: String { "the connection to the client was lost" }

    /// Back to the head of their queues, the first of them first, as far as they are this delivery's still. To be called when it is out
    /// of service.
    ///
    /// - Parameter isLost: The client may have got them, and done what they ask for.
    mutating func queueAgain(
        _ returned: [ScrapeID], from delivery: DeliveryID, isLost: Bool, _ now: NIODeadline, _ actions: inout [Action]
    ) {
        var changed: [Int] = []
        for id in returned.reversed() {
            guard let entry = scrapes[id], case .delivered(delivery, let at) = entry.phase else { continue }
            roomRegained(delivery, besides: entry.slot, now, &actions)
            if let (kind, detail) = end(of: entry, isLost: isLost) {
                // The delivery is not told: it is what says so.
                scrapes[id]?.phase = .delivered(.nobody, at: at)
                fail(id, entry, kind, detail: detail, now, &actions)
                continue
            }
            actions.append(.note(.redelivered))
            scrapes[id]?.phase = .queued
            scrapes[id]?.client = nil
            scrapes[id]?.transport = nil
            countTaken(id, entry.kind, entry.slot, by: -1)
            countQueued(entry.kind, entry.slot, by: 1)
            slots[entry.slot].queue.prepend(id)
            changed.append(entry.slot)
        }
        for slot in changed.reversed() {
            offer(slot, now, &actions)
            settle(slot, now, &actions)
        }
    }

    /// Why a scrape that comes back fails; `nil` when it waits for the next delivery.
    private func end(of entry: Scrape, isLost: Bool) -> (FailureKind, detail: String)? {
        // No delivery will come for it any more.
        if isShuttingDown { return (.shuttingDown, "") }
        switch entry.kind {
        case .repeatable: return nil
        case .once: return isLost ? (.pushBroken, Self.clientLost) : nil
        case .connection: return isServedByPoll(entry.slot) ? (.connectUnsupported, "") : nil
        }
    }
}
