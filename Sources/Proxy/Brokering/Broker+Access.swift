import Failures
import NIOCore
import Wire

/// A registered name, and whose it is.
struct HeldName<Ports: BrokerPorts>: Sendable {
    let slot: Int
    let client: ClientID
    let fqdn: FQDN
    let holder: Ports.Holder
}

/// A scrape under way, who asked for it, and who was handed it.
struct HeldScrape<Ports: BrokerPorts>: Sendable {
    let id: ScrapeID
    let fqdn: FQDN
    let scraper: Ports.Holder?
    /// `nil` while it is queued.
    let client: Ports.Holder?
}

/// What access was given to, for whoever judges it anew, in batches: the broker's lock is given back while that is thought about, so what is
/// taken away may be another's by then. That is left alone.
extension Broker {
    /// Of those names that somebody holds: of so many slots from `start` on; `nil` beyond the last.
    func heldNames(from start: Int) -> (names: [HeldName<Ports>], next: Int)? {
        guard slots.indices.contains(start) else { return nil }
        let next = min(start + limits.batch, slots.count)
        let names = (start..<next).compactMap { index -> HeldName<Ports>? in
            guard slots[index].isRegistered, let holder = slots[index].holder else { return nil }
            return HeldName(slot: index, client: slots[index].id, fqdn: slots[index].fqdn, holder: holder)
        }
        return (names, next)
    }

    /// Who holds a name may not be a client of it any more: its delivery is ended and it is not listed any more, unless scrapes of it are
    /// still under way.
    mutating func nameDenied(_ held: HeldName<Ports>, at now: NIODeadline) -> [Action] {
        guard slots[held.slot].id == held.client, slots[held.slot].holder == held.holder,
            slots[held.slot].isRegistered
        else { return [] }
        var actions: [Action] = []
        detach(held.slot, .denied, &actions)
        if slots[held.slot].isConnected {
            noteState(held.slot, &actions)
        } else {
            endRegistration(held.slot, &actions)
        }
        return actions
    }

    /// Of the scrapes that are under way all the while: a batch from `start` on; `nil` beyond the last.
    func heldScrapes(from start: Int) -> (scrapes: [HeldScrape<Ports>], next: Int)? {
        scrapes.batch(from: start, atLeast: limits.batch).map { batch in
            let held = batch.scrapes.map { id, scrape in
                HeldScrape<Ports>(
                    id: id, fqdn: slots[scrape.slot].fqdn, scraper: scrape.holder, client: scrape.client)
            }
            return (held, batch.next)
        }
    }

    /// Who asked for a scrape, or who was handed it, may not any more.
    ///
    /// - Parameter isClients: Another client may have it by now.
    mutating func scrapeDenied(_ held: HeldScrape<Ports>, isClients: Bool, at now: NIODeadline) -> [Action] {
        guard let entry = scrapes[held.id], !isClients || entry.client == held.client else { return [] }
        var actions: [Action] = []
        giveUp(entry, &actions)
        cutOff(held.id, entry, .accessDenied, now, &actions)
        return actions
    }
}
