import Store

/// What waits to be written of one name: how facts are taken in.
extension ClientChange {
    /// Of a name that scrapes ask for; of a client nothing is known yet.
    static func scraped(_ key: String, at now: UnixMilliseconds) -> ClientChange {
        var change = ClientChange(fqdn: key, firstSeen: now)
        change.polled = false
        return change
    }

    /// Takes the name's state over.
    mutating func take(_ state: ClientSnapshot, _ now: ClockReading) {
        queued = state.queued
        inFlight = state.inFlight
        connections = state.connections
        connected = state.isConnected
        roundTrip = state.isConnected ? state.roundTrip.map { $0.nanoseconds / 1000 } : nil
        guard state.isRegistered else {
            if !polled { seen(at: now.wall) }
            return
        }
        if !polled { firstSeen = now.wall }
        polled = true
        name = state.fqdn.spelling
        lastSeen = now.wall(of: state.lastSeen)
        expires = now.wall(of: state.expires)
        transport = state.transport
        instance = state.instance?.description
        agent = state.agent
        address = state.address
        declaration = state.declaration
    }

    /// The broker has forgotten the name: nothing waits for it any more.
    mutating func end() {
        queued = 0
        inFlight = 0
        connections = 0
        connected = false
        roundTrip = nil
    }

    private mutating func seen(at time: UnixMilliseconds) {
        lastSeen = max(lastSeen, time)
        expires = lastSeen
    }

    /// - Returns: How many older outcomes had to go.
    mutating func add(_ outcome: Outcome, _ failure: FailureRecord?) -> Int {
        if !polled { seen(at: outcome.time) }
        outcomes.append(outcome)
        scrapes += 1
        if let failure {
            failures[failure.kind, default: 0] += 1
            lastFailure = failure
        }
        return boundOutcomes()
    }

    mutating func add(_ counts: ConnectionCounts, _ failure: FailureRecord?, at time: UnixMilliseconds) {
        if !polled { seen(at: time) }
        connectionCounts += counts
        lastConnection = time
        guard let failure else { return }
        connectionFailures[failure.kind, default: 0] += 1
        lastFailure = failure
    }

    /// What came later, over this.
    ///
    /// - Returns: How many older outcomes had to go.
    mutating func merge(newer: ClientChange) -> Int {
        let older = self
        self = newer
        if older.polled && !newer.polled {
            // The client is gone since; what was known of it still holds.
            self = older
            queued = newer.queued
            inFlight = newer.inFlight
            connections = newer.connections
            connected = newer.connected
            roundTrip = newer.roundTrip
        }
        firstSeen = older.polled || !newer.polled ? min(older.firstSeen, newer.firstSeen) : newer.firstSeen
        conflict = newer.conflict ?? older.conflict
        outcomes = older.outcomes + newer.outcomes
        scrapes = older.scrapes + newer.scrapes
        failures = older.failures.merging(newer.failures, uniquingKeysWith: +)
        connectionCounts = older.connectionCounts
        connectionCounts += newer.connectionCounts
        connectionFailures = older.connectionFailures.merging(newer.connectionFailures, uniquingKeysWith: +)
        lastConnection = newer.lastConnection ?? older.lastConnection
        lastFailure = newer.lastFailure ?? older.lastFailure
        return boundOutcomes()
    }

    private mutating func boundOutcomes() -> Int {
        let surplus = max(outcomes.count - Ring.outcomes, 0)
        outcomes.removeFirst(surplus)
        return surplus
    }
}
