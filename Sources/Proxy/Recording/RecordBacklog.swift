import DequeModule
import Store
import Wire

/// What the record has not been told yet, coalesced per name: a value that a flush takes and, if it fails, gives back.
///
/// Bounded whatever the disk does: clients that are registered by `--registration.max-clients`, other names that are scraped by
/// `maxAbsent`, each with at most `Ring.outcomes` outcomes; failures and samples by what the record would keep of them anyway. What
/// is left out is counted; the totals never lose anything, nor do the counters of registered clients.
struct RecordBacklog {
    /// By `FQDN.key`: a client that goes and comes back is still one.
    private(set) var clients: [String: ClientChange] = [:]
    private(set) var seconds = Deque<SecondSample>()
    private(set) var scrapes = 0
    private(set) var failedScrapes = 0
    private(set) var connectionCounts = ConnectionCounts()
    /// A registration waits, which has to be on disk within a second.
    private(set) var hasRegistrations = false

    private let maxClients: Int
    /// Those of `clients` that are not registered now: gone, or never heard of.
    private var absent = NameQueue()
    /// Failures of clients that were registered then, and of all other names, which share a bound of their own.
    private var failuresOfClients = FailureBacklog(capacity: Ring.failures)
    private var failuresOfOthers = FailureBacklog(capacity: Ring.failuresOfUnknown)
    private var nextFailure: UInt64 = 0
    /// What was left out because of the bounds, since the last `takeDropped`.
    private var dropped = 0

    init(maxClients: Int) { self.maxClients = maxClients }

    /// Names that are not registered whose changes may wait.
    private var maxAbsent: Int { max(Ring.unknownNames, maxClients / 10) }

    /// Entries that wait.
    var count: Int { clients.count + failuresOfClients.count + failuresOfOthers.count }

    /// Failures that wait, oldest first.
    var failures: [FailureRecord] {
        (failuresOfClients.entries + failuresOfOthers.entries).sorted { $0.number < $1.number }.map(\.failure)
    }

    mutating func registered() { hasRegistrations = true }

    /// The newest state of a client, or of a name that scrapes wait for.
    mutating func clientChanged(_ state: ClientSnapshot, at now: ClockReading) {
        let key = state.fqdn.key
        guard makeRoom(for: key, isRegistered: state.isRegistered) else { return }
        clients[key, default: .scraped(key, at: now.wall)].take(state, now)
    }

    /// Two processes claim the FQDN. Like the end of a scrape, this is followed by the client's state.
    mutating func clashed(_ fqdn: FQDN, at now: ClockReading) {
        guard makeRoom(for: fqdn.key, isRegistered: true) else { return }
        clients[fqdn.key, default: .scraped(fqdn.key, at: now.wall)].conflict = now.wall
    }

    /// The end of a scrape, of a registered client or of a name that none has.
    mutating func scrapeEnded(_ outcome: Outcome, of fqdn: FQDN, isRegistered: Bool, failure: FailureRecord?) {
        scrapes += 1
        if let failure {
            failedScrapes += 1
            append(failure, isRegistered: isRegistered)
        }
        guard makeRoom(for: fqdn.key, isRegistered: isRegistered) else { return }
        dropped += clients[fqdn.key, default: .scraped(fqdn.key, at: outcome.time)].add(outcome, failure)
    }

    /// The end of a scrape of what no client could be called: it counts in the totals alone.
    mutating func scrapeRefused() {
        scrapes += 1
        failedScrapes += 1
    }

    /// A client has connected to the target of a CONNECT.
    mutating func connectionOpened(_ fqdn: FQDN, isRegistered: Bool, at now: UnixMilliseconds) {
        count(ConnectionCounts(opened: 1), of: fqdn, isRegistered: isRegistered, nil, at: now)
    }

    /// The end of a CONNECT, opened or not, of a registered client or of a name that none has.
    ///
    /// - Parameter bytes: What has been passed on, each way.
    mutating func connectionEnded(
        _ fqdn: FQDN, bytes: (toTarget: Int, toScraper: Int), isRegistered: Bool, failure: FailureRecord?,
        at now: UnixMilliseconds
    ) {
        let counts = ConnectionCounts(
            failed: failure == nil ? 0 : 1, bytesToTarget: Int64(bytes.toTarget), bytesToScraper: Int64(bytes.toScraper)
        )
        if let failure { append(failure, isRegistered: isRegistered) }
        count(counts, of: fqdn, isRegistered: isRegistered, failure, at: now)
    }

    private mutating func count(
        _ counts: ConnectionCounts, of fqdn: FQDN, isRegistered: Bool, _ failure: FailureRecord?,
        at now: UnixMilliseconds
    ) {
        connectionCounts += counts
        guard makeRoom(for: fqdn.key, isRegistered: isRegistered) else { return }
        clients[fqdn.key, default: .scraped(fqdn.key, at: now)].add(counts, failure, at: now)
    }

    /// A CONNECT that never got to a client, and has no name to be recorded under: it counts in the totals alone.
    mutating func connectionRefused() { connectionCounts += ConnectionCounts(failed: 1) }

    /// Something of this name was not allowed. Whatever the name is: who is denied drives out no failure of a client that is served.
    mutating func denied(_ failure: FailureRecord) { append(failure, isRegistered: false) }

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
        batch.failures = failures
        batch.seconds = Array(seconds)
        batch.scrapes = scrapes
        batch.failedScrapes = failedScrapes
        batch.connectionCounts = connectionCounts
        let lost = dropped
        self = RecordBacklog(maxClients: maxClients)
        dropped = lost
        return batch
    }

    /// What could not be written comes back, before what has come since.
    mutating func giveBack(_ taken: RecordBacklog) {
        let newer = self
        self = taken
        dropped = newer.dropped
        for (key, change) in newer.clients {
            guard makeRoom(for: key, isRegistered: !newer.absent.contains(key)) else { continue }
            if clients[key] == nil {
                clients[key] = change
            } else {
                dropped += clients[key]?.merge(newer: change) ?? 0
            }
        }
        for entry in newer.failuresOfClients.sorted { append(entry, isRegistered: true) }
        for entry in newer.failuresOfOthers.sorted { append(entry, isRegistered: false) }
        for sample in newer.seconds { sampled(sample) }
        scrapes += newer.scrapes
        failedScrapes += newer.failedScrapes
        connectionCounts += newer.connectionCounts
        hasRegistrations = hasRegistrations || newer.hasRegistrations
    }

    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }

    private mutating func append(_ failure: FailureRecord, isRegistered: Bool) {
        nextFailure += 1
        dropped +=
            isRegistered
            ? failuresOfClients.append(failure, number: nextFailure)
            : failuresOfOthers.append(failure, number: nextFailure)
    }

    /// Sees to the bounds before a name's change is noted. Of the names that are not registered the one that has been so for
    /// longest makes room.
    ///
    /// - Returns: Whether there is room.
    private mutating func makeRoom(for key: String, isRegistered: Bool) -> Bool {
        guard isRegistered else {
            absent.insert(key)
            while absent.count > maxAbsent, let oldest = absent.popFirst() {
                if clients.removeValue(forKey: oldest) != nil { dropped += 1 }
            }
            return true
        }
        if absent.count > 0 { absent.remove(key) }
        // More than the broker lets register are only told of when states overtake each other on their way here.
        if clients.count - absent.count < maxClients || clients[key] != nil { return true }
        dropped += 1
        return false
    }
}
