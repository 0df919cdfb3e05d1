import Failures
import NIOCore
import Wire

/// CONNECT: a scrape of a kind of its own, which only tunnels take, and which is not answered but opened.
///
/// It waits and is handed out like a scrape, and its deadline is that of being opened. Once open it lasts until one of its ends says that it
/// is over, or has gone, or the proxy ends it. Whoever does not say so himself is told: the client's end by `abort`, a client that has not
/// opened it yet by `withdraw`, the scraper's end by `fail`.
extension Broker {
    /// The client's end is open.
    ///
    /// - Parameter opener: Who brings it.
    mutating func connectionOpened(
        _ id: ScrapeID, source: Ports.Connection, of opener: Ports.Holder? = nil, at now: NIODeadline
    ) -> (ConnectReception<Ports>, [Action]) {
        guard let entry = scrapes[id], case .delivered(let delivery, _) = entry.phase, entry.kind == .connection,
            Ports.mayAnswer(opener, for: slots[entry.slot].fqdn, handedTo: entry.client)
        else { return (.unknown, []) }
        scrapes[id]?.phase = .connected(source, delivery, since: now)
        return (
            .open(entry.scraper),
            [.note(.connectionOpened(registration(entry.slot), slots[entry.slot].fqdn))]
        )
    }

    /// Both ends are done, and have what the other one sent.
    mutating func connectionEnded(_ id: ScrapeID, at now: NIODeadline) -> [Action] {
        guard let entry = scrapes[id], case .connected = entry.phase else { return [] }
        var actions: [Action] = []
        end(id, failure: nil, detail: "", status: 200, bytes: nil, now, &actions)
        return actions
    }

    /// Nothing passed for so long that the scraper's end has ended it.
    mutating func connectionIdle(_ id: ScrapeID, at now: NIODeadline) -> [Action] {
        guard let entry = scrapes[id], case .connected = entry.phase else { return [] }
        var actions: [Action] = [.note(.connectionIdle)]
        giveUp(entry, &actions)
        end(id, failure: nil, detail: "idle", status: 200, bytes: nil, now, &actions)
        return actions
    }

    /// The client could not open it, or its end broke off.
    mutating func connectionBroke(
        _ id: ScrapeID, _ kind: FailureKind, detail: String, of opener: Ports.Holder? = nil, at now: NIODeadline
    ) -> [Action] {
        guard let entry = scrapes[id], entry.kind == .connection,
            Ports.mayAnswer(opener, for: slots[entry.slot].fqdn, handedTo: entry.client)
        else { return [] }
        var actions: [Action] = []
        switch entry.phase {
        case .queued, .responding: break
        case .delivered(let delivery, let at):
            // It says so itself, and is not told.
            scrapes[id]?.phase = .delivered(.nobody, at: at)
            fail(id, entry, kind, detail: detail, now, &actions)
            roomRegained(delivery, besides: nil, now, &actions)
        case .connected:
            actions.append(.fail(entry.scraper, kind, detail: detail))
            end(id, failure: kind, detail: detail, status: 200, bytes: nil, now, &actions)
        }
        return actions
    }

    /// Why a CONNECT can't be taken in.
    func obstacle(_ slot: Int?) -> FailureKind? {
        if gauges.connections + gauges.queuedConnections >= limits.maxConnections { return .connectionLimit }
        guard let slot else { return nil }
        if isServedByPoll(slot) { return .connectUnsupported }
        let count = slots[slot].connections + slots[slot].queuedConnections
        return count >= limits.maxConnectionsPerClient ? .connectionLimit : nil
    }

    func isServedByPoll(_ slot: Int) -> Bool {
        guard let index = slots[slot].delivery else { return false }
        return deliveries[index].transport == .poll
    }

    /// A poll serves the name: its CONNECTs wait for nothing.
    mutating func refuseConnections(_ slot: Int, _ now: NIODeadline, _ actions: inout [Action]) {
        let waiting = slots[slot].queue.filter { [scrapes] in
            guard let entry = scrapes[$0], case .queued = entry.phase else { return false }
            return entry.kind == .connection
        }
        for id in waiting {
            guard let entry = scrapes[id] else { continue }
            fail(id, entry, .connectUnsupported, now, &actions)
        }
    }

    /// The end of a CONNECT, for who keeps count.
    func connectionEnd(
        _ id: ScrapeID, _ entry: Scrape, _ failure: FailureKind?, detail: String, status: Int?, since: NIODeadline?,
        _ now: NIODeadline
    ) -> BrokerFact<Ports> {
        .connectionEnded(
            ConnectionEnd(
                connection: id, scraper: entry.scraper, client: registration(entry.slot), failure: failure,
                detail: detail, duration: now - entry.arrived, open: since.map { now - $0 }, status: status))
    }
}
