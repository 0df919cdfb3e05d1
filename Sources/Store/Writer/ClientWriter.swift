/// Writes what changed about names. Five statements for a client with outcomes, three without.
///
/// What a flush costs is mostly the pages it touches, each of which is read, logged and written back. Clients are
/// therefore written in the order of their rows, whatever the batch's order: each page once, and few in memory at a time.
struct ClientWriter {
    private let connection: SQLiteConnection
    private let find: Statement
    private let readHistory: Statement
    private let insert: Statement
    private let update: Statement
    private let updateScraped: Statement
    private let insertHistory: Statement
    private let updateHistory: Statement
    private let countFailures: Statement
    private let forgetUnknown: Statement
    private let declarations: DeclarationWriter
    private var ring = HistoryRing()

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        find = try connection.cached("SELECT id FROM client WHERE fqdn = ?1")
        readHistory = try connection.cached("SELECT outcomes, durations_us FROM client_history WHERE client_id = ?1")
        insert = try connection.cached(
            """
            INSERT INTO client (\(Value.columns), sort_key) VALUES (\(Value.parameters), natural_key(\(Value.fqdn)))
            """)
        // A value that brings no news is NULL and leaves the column alone. A last scrape without a status is news, which
        // is why status and bytes follow the time's lead.
        let counted = """
              connected = \(Value.connected), queued = \(Value.queued), in_flight = \(Value.inFlight),
              connections = \(Value.connections), round_trip_us = \(Value.roundTrip),
              \(Value.sums),
              median_duration_us = ifnull(\(Value.medianDuration), median_duration_us),
              last_scrape_ms = ifnull(\(Value.lastScrape), last_scrape_ms),
              last_duration_us = ifnull(\(Value.lastDuration), last_duration_us),
              last_status = iif(\(Value.lastScrape) IS NULL, last_status, \(Value.lastStatus)),
              last_bytes = iif(\(Value.lastScrape) IS NULL, last_bytes, \(Value.lastBytes)),
              last_connection_ms = ifnull(\(Value.lastConnection), last_connection_ms),
              last_failure_ms = ifnull(\(Value.lastFailure), last_failure_ms),
              last_failure_kind = ifnull(\(Value.lastFailureKind), last_failure_kind),
              last_failure_text = ifnull(\(Value.lastFailureText), last_failure_text)
            """
        // What a delivery says of the client is news when there was one.
        update = try connection.cached(
            """
            UPDATE client SET last_seen_ms = \(Value.lastSeen), expires_ms = \(Value.expires), \(counted),
              transport = ifnull(\(Value.transport), transport),
              instance = iif(\(Value.transport) IS NULL, instance, \(Value.instance)),
              agent = iif(\(Value.transport) IS NULL, agent, \(Value.agent)),
              address = iif(\(Value.transport) IS NULL, address, \(Value.address)),
              conflict_ms = ifnull(\(Value.conflict), conflict_ms),
              first_seen_ms = iif(polled = 0, \(Value.firstSeen), min(first_seen_ms, \(Value.firstSeen))),
              name = \(Value.name), declaration = \(Value.declaration), polled = 1
            WHERE id = \(Value.key)
            """)
        updateScraped = try connection.cached(
            """
            UPDATE client SET \(counted), last_seen_ms = iif(polled = 0, \(Value.lastSeen), last_seen_ms),
              expires_ms = iif(polled = 0, \(Value.expires), expires_ms)
            WHERE id = \(Value.key)
            """)
        insertHistory = try connection.cached(
            "INSERT OR REPLACE INTO client_history (outcomes, durations_us, client_id) VALUES (?1, ?2, ?3)")
        updateHistory = try connection.cached(
            "UPDATE client_history SET outcomes = ?1, durations_us = ?2 WHERE client_id = ?3")
        countFailures = try connection.cached(
            """
            INSERT INTO client_failures (client_id, kind, count, connections) VALUES (?1, ?2, ?3, ?4)
              ON CONFLICT DO UPDATE SET count = \(Meaning.sum("count", "excluded.count")),
                connections = \(Meaning.sum("connections", "excluded.connections"))
            """)
        forgetUnknown = try connection.cached(
            """
            DELETE FROM client WHERE id IN
              (SELECT id FROM client WHERE polled = 0 ORDER BY last_seen_ms DESC LIMIT -1 OFFSET \(Ring.unknownNames))
            """)
        declarations = try DeclarationWriter(connection)
    }

    /// - Returns: Whether rows have been added.
    mutating func write(_ changes: [ClientChange]) throws(StoreError) -> Bool {
        var known: [(id: Int64, index: Int)] = []
        var unknown: [Int] = []
        known.reserveCapacity(changes.count)
        for (index, change) in changes.enumerated() {
            find.bind(1, change.fqdn, atMost: Limit.fqdn)
            if try find.next() { known.append((find.integer(0), index)) } else { unknown.append(index) }
            find.reset()
        }
        known.sort { $0.id < $1.id }
        for (id, index) in known { try write(changes[index], to: id) }
        for index in unknown { try add(changes[index]) }
        if unknown.contains(where: { !changes[$0].polled }) { try forgetUnknown.run() }
        return !unknown.isEmpty
    }

    private mutating func write(_ change: ClientChange, to id: Int64) throws(StoreError) {
        let hadHistory = change.outcomes.isEmpty ? true : try extendHistory(of: id, by: change.outcomes)
        let statement = change.polled ? update : updateScraped
        let digest = change.polled ? change.declaration.digest : nil
        if change.polled, try declarations.digest(of: id) != digest {
            try declarations.replace(change.declaration, of: id)
        }
        bind(change, digest, to: statement)
        statement.bind(Value.key.rawValue, id)
        try statement.run()
        try writeDetails(of: change, id, with: hadHistory ? updateHistory : insertHistory)
    }

    private mutating func add(_ change: ClientChange) throws(StoreError) {
        // The same new name twice in one batch: the second is a change of the first.
        find.bind(1, change.fqdn, atMost: Limit.fqdn)
        let twin = try find.next() ? find.integer(0) : nil
        find.reset()
        if let twin { return try write(change, to: twin) }
        ring.clear()
        ring.append(change.outcomes)
        bind(change, change.polled ? change.declaration.digest : nil, to: insert)
        insert.bind(Value.polled.rawValue, change.polled)
        insert.bind(Value.fqdn.rawValue, change.fqdn, atMost: Limit.fqdn)
        try insert.run()
        let id = connection.lastInsertedRow
        if change.polled { try declarations.add(change.declaration, to: id) }
        try writeDetails(of: change, id, with: insertHistory)
    }

    /// Loads the client's ring and appends to it.
    /// - Returns: whether there was one.
    private mutating func extendHistory(of id: Int64, by outcomes: [Outcome]) throws(StoreError) -> Bool {
        readHistory.bind(1, id)
        defer { readHistory.reset() }
        let exists = try readHistory.next()
        if exists {
            ring.load(symbols: readHistory.bytes(0), durations: readHistory.bytes(1))
        } else {
            ring.clear()
        }
        ring.append(outcomes)
        return exists
    }

    private func writeDetails(
        of change: ClientChange, _ id: Int64, with statement: Statement
    ) throws(StoreError) {
        if !change.outcomes.isEmpty { try writeHistory(of: id, with: statement) }
        for kind in Set(change.failures.keys).union(change.connectionFailures.keys) {
            countFailures.bind(1, id)
            countFailures.bind(2, kind.rawValue)
            countFailures.bind(3, change.failures[kind] ?? 0)
            countFailures.bind(4, change.connectionFailures[kind] ?? 0)
            try countFailures.run()
        }
    }

    /// Binds all but the key. The ring holds the client's outcomes when the change has any.
    private mutating func bind(_ change: ClientChange, _ digest: Int64?, to statement: Statement) {
        func bind(_ value: Value, _ integer: Int) { statement.bind(value.rawValue, integer) }
        func bind(_ value: Value, _ integer: Int64?) { statement.bind(value.rawValue, integer) }
        func bind(_ value: Value, _ text: String?, atMost limit: Int) {
            statement.bind(value.rawValue, text, atMost: limit)
        }
        bind(.lastSeen, change.lastSeen)
        bind(.expires, change.expires)
        bind(.connected, change.connected ? 1 : 0)
        bind(.queued, change.queued)
        bind(.inFlight, change.inFlight)
        bind(.connections, change.connections)
        bind(.roundTrip, change.roundTrip)
        bind(.scrapes, change.scrapes)
        bind(.failures, change.failures.values.reduce(0, +))
        bind(.connectionsOpened, change.connectionCounts.opened)
        bind(.connectionsFailed, change.connectionCounts.failed)
        bind(.connectionBytesToTarget, change.connectionCounts.bytesToTarget)
        bind(.connectionBytesToScraper, change.connectionCounts.bytesToScraper)
        bind(.medianDuration, change.outcomes.isEmpty ? nil : ring.median())
        let last = change.outcomes.last
        bind(.lastScrape, last?.time)
        bind(.lastDuration, last?.duration)
        bind(.lastStatus, last?.status.map(Int64.init))
        bind(.lastBytes, last?.bytes)
        bind(.lastConnection, change.lastConnection)
        bind(.lastFailure, change.lastFailure?.time)
        bind(.lastFailureKind, change.lastFailure?.kind.rawValue, atMost: Limit.kind)
        bind(.lastFailureText, change.lastFailure?.text, atMost: Limit.failureText)
        bind(.transport, change.transport?.rawValue, atMost: Limit.kind)
        bind(.instance, change.instance, atMost: Limit.instance)
        bind(.agent, change.agent, atMost: Limit.agent)
        bind(.address, change.address, atMost: Limit.address)
        bind(.conflict, change.conflict)
        bind(.declaration, digest)
        bind(.firstSeen, change.firstSeen)
        // Most names are spelled in lower case, which is how the key has them.
        bind(.name, change.polled && change.name != change.fqdn ? change.name : nil, atMost: Limit.fqdn)
    }

    private func writeHistory(of client: Int64, with statement: Statement) throws(StoreError) {
        statement.bind(3, client)
        // The closures run the statement too: the bytes are bound in place and must not move before it has run.
        try ring.symbols.withUnsafeBufferPointer { (symbols) throws(StoreError) in
            try ring.durations.withUnsafeBufferPointer { (durations) throws(StoreError) in
                statement.bindText(1, inPlace: symbols)
                statement.bindBlob(2, inPlace: UnsafeRawBufferPointer(durations))
                try statement.run()
            }
        }
    }
}
