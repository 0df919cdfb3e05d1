import DequeModule
import Store
import Wire

/// What the record has not been told yet, coalesced per client: a value that a flush takes and, if it fails, gives back.
///
/// Bounded whatever the disk does: clients by `--registration.max-clients`, each with at most `Ring.outcomes` outcomes; failures
/// and samples by what the record would keep of them anyway. What is left out is counted; counters never lose anything.
struct RecordBacklog {
    /// By `FQDN.key`: a client that goes and comes back is still one.
    private(set) var clients: [String: ClientChange] = [:]
    private(set) var failures = Deque<FailureRecord>()
    private(set) var seconds = Deque<SecondSample>()
    private(set) var scrapes = 0
    private(set) var failedScrapes = 0
    /// Single entries left out because of the bounds, since the last `takeDropped`.
    private var dropped = 0
    /// A registration waits, which has to be on disk within a second.
    private(set) var hasRegistrations = false

    /// Entries that wait.
    var count: Int { clients.count + failures.count }

    mutating func registered() { hasRegistrations = true }

    /// A client's newest state.
    mutating func clientChanged(_ state: ClientState, at now: Moment) {
        clients[state.fqdn.key, default: ClientChange(fqdn: state.fqdn.key, firstSeen: now.wall)].take(state, now)
    }

    /// Two processes claim the FQDN. Like the end of a scrape, this is followed by the client's state.
    mutating func clashed(_ fqdn: FQDN, at now: Moment) {
        clients[fqdn.key, default: ClientChange(fqdn: fqdn.key, firstSeen: now.wall)].conflict = now.wall
    }

    /// The end of a scrape: of a registered client, or of a name that none has (then it counts in the totals alone).
    mutating func scrapeEnded(_ outcome: Outcome, client: FQDN?, failure: FailureRecord?) {
        scrapes += 1
        if let failure {
            failedScrapes += 1
            failures.append(failure)
            boundFailures()
        }
        guard let client else { return }
        dropped += clients[client.key, default: ClientChange(fqdn: client.key, firstSeen: outcome.time)].add(
            outcome, failure)
    }

    /// A scrape that failed before it was anybody's: it counts in the totals alone.
    mutating func scrapeRefused() {
        scrapes += 1
        failedScrapes += 1
    }

    mutating func sampled(_ sample: SecondSample) {
        seconds.append(sample)
        while seconds.count > Ring.seconds {
            seconds.removeFirst()
            dropped += 1
        }
    }

    /// Everything, leaving nothing behind.
    mutating func take(at now: UnixMilliseconds) -> RecordBatch {
        var batch = RecordBatch(time: now)
        batch.clients = Array(clients.values)
        batch.failures = Array(failures)
        batch.seconds = Array(seconds)
        batch.scrapes = scrapes
        batch.failedScrapes = failedScrapes
        let lost = dropped
        self = RecordBacklog()
        dropped = lost
        return batch
    }

    /// What could not be written comes back, before what has come since.
    mutating func giveBack(_ taken: RecordBacklog) {
        let newer = self
        self = taken
        dropped = newer.dropped
        for (id, change) in newer.clients {
            if clients[id] == nil {
                clients[id] = change
            } else {
                dropped += clients[id]?.merge(newer: change) ?? 0
            }
        }
        failures.append(contentsOf: newer.failures)
        boundFailures()
        for sample in newer.seconds { sampled(sample) }
        scrapes += newer.scrapes
        failedScrapes += newer.failedScrapes
        hasRegistrations = hasRegistrations || newer.hasRegistrations
    }

    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }

    private mutating func boundFailures() {
        while failures.count > Ring.failures {
            failures.removeFirst()
            dropped += 1
        }
    }
}

extension ClientChange {
    /// Takes the client's state over.
    mutating func take(_ state: ClientState, _ now: Moment) {
        lastSeen = now.wall(of: state.lastSeen)
        expires = now.wall(of: state.expires)
        connected = state.isConnected
        queued = state.queued
        inFlight = state.inFlight
        instance = state.instance?.description
        agent = state.agent
        address = state.address
    }

    /// - Returns: How many older outcomes had to go.
    fileprivate mutating func add(_ outcome: Outcome, _ failure: FailureRecord?) -> Int {
        outcomes.append(outcome)
        scrapes += 1
        if let failure {
            failures[failure.kind, default: 0] += 1
            lastFailure = failure
        }
        return boundOutcomes()
    }

    fileprivate mutating func merge(newer: ClientChange) -> Int {
        let older = self
        self = newer
        firstSeen = min(older.firstSeen, newer.firstSeen)
        conflict = newer.conflict ?? older.conflict
        outcomes = older.outcomes + newer.outcomes
        scrapes += older.scrapes
        failures.merge(older.failures, uniquingKeysWith: +)
        lastFailure = newer.lastFailure ?? older.lastFailure
        return boundOutcomes()
    }

    private mutating func boundOutcomes() -> Int {
        let surplus = max(outcomes.count - Ring.outcomes, 0)
        outcomes.removeFirst(surplus)
        return surplus
    }
}
