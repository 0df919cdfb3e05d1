/// Writes what changed about names. Four statements for a client with outcomes, two without.
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
    private var ring = HistoryRing()

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        find = try connection.cached("SELECT id FROM client WHERE fqdn = ?1")
        readHistory = try connection.cached("SELECT outcomes, durations_us FROM client_history WHERE client_id = ?1")
        insert = try connection.cached(
            """
            INSERT INTO client (last_seen_ms, expires_ms, connected, queued, in_flight, scrapes, failures,
              median_duration_us, last_scrape_ms, last_duration_us, last_status, last_bytes,
              last_failure_ms, last_failure_kind, last_failure_text, instance, agent, address, conflict_ms,
              first_seen_ms, name, polled, fqdn, sort_key)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
              ?23, natural_key(?23))
            """)
        // A value that brings no news is NULL and leaves the column alone. A last scrape without a status is news, which
        // is why status and bytes follow the time's lead.
        let counted = """
              connected = ?3, queued = ?4, in_flight = ?5,
              scrapes = \(Meaning.sum("scrapes", "?6")), failures = \(Meaning.sum("failures", "?7")),
              median_duration_us = ifnull(?8, median_duration_us),
              last_scrape_ms = ifnull(?9, last_scrape_ms),
              last_duration_us = ifnull(?10, last_duration_us),
              last_status = iif(?9 IS NULL, last_status, ?11),
              last_bytes = iif(?9 IS NULL, last_bytes, ?12),
              last_failure_ms = ifnull(?13, last_failure_ms),
              last_failure_kind = ifnull(?14, last_failure_kind),
              last_failure_text = ifnull(?15, last_failure_text)
            """
        update = try connection.cached(
            """
            UPDATE client SET last_seen_ms = ?1, expires_ms = ?2, \(counted),
              instance = ?16, agent = ?17, address = ?18,
              conflict_ms = ifnull(?19, conflict_ms),
              first_seen_ms = iif(polled = 0, ?20, min(first_seen_ms, ?20)), name = ?21, polled = 1
            WHERE id = ?23
            """)
        updateScraped = try connection.cached(
            """
            UPDATE client SET \(counted), last_seen_ms = iif(polled = 0, ?1, last_seen_ms),
              expires_ms = iif(polled = 0, ?2, expires_ms)
            WHERE id = ?23
            """)
        insertHistory = try connection.cached(
            "INSERT OR REPLACE INTO client_history (outcomes, durations_us, client_id) VALUES (?1, ?2, ?3)")
        updateHistory = try connection.cached(
            "UPDATE client_history SET outcomes = ?1, durations_us = ?2 WHERE client_id = ?3")
        countFailures = try connection.cached(
            """
            INSERT INTO client_failures (client_id, kind, count) VALUES (?1, ?2, ?3)
              ON CONFLICT DO UPDATE SET count = \(Meaning.sum("count", "excluded.count"))
            """)
        forgetUnknown = try connection.cached(
            """
            DELETE FROM client WHERE id IN
              (SELECT id FROM client WHERE polled = 0 ORDER BY last_seen_ms DESC LIMIT -1 OFFSET \(Ring.unknownNames))
            """)
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
        bind(change, to: statement)
        statement.bind(23, id)
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
        bind(change, to: insert)
        insert.bind(22, change.polled)
        insert.bind(23, change.fqdn, atMost: Limit.fqdn)
        try insert.run()
        try writeDetails(of: change, connection.lastInsertedRow, with: insertHistory)
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
        for (kind, count) in change.failures {
            countFailures.bind(1, id)
            countFailures.bind(2, kind.rawValue)
            countFailures.bind(3, count)
            try countFailures.run()
        }
    }

    /// Binds all but the key. The ring holds the client's outcomes when the change has any.
    private mutating func bind(_ change: ClientChange, to statement: Statement) {
        statement.bind(1, change.lastSeen)
        statement.bind(2, change.expires)
        statement.bind(3, change.connected)
        statement.bind(4, change.queued)
        statement.bind(5, change.inFlight)
        statement.bind(6, change.scrapes)
        statement.bind(7, change.failures.values.reduce(0, +))
        statement.bind(8, change.outcomes.isEmpty ? nil : ring.median())
        let last = change.outcomes.last
        statement.bind(9, last?.time)
        statement.bind(10, last?.duration)
        statement.bind(11, last?.status.map(Int64.init))
        statement.bind(12, last?.bytes)
        statement.bind(13, change.lastFailure?.time)
        statement.bind(14, change.lastFailure?.kind.rawValue)
        statement.bind(15, change.lastFailure?.text, atMost: Limit.failureText)
        statement.bind(16, change.instance, atMost: Limit.instance)
        statement.bind(17, change.agent, atMost: Limit.agent)
        statement.bind(18, change.address, atMost: Limit.address)
        statement.bind(19, change.conflict)
        statement.bind(20, change.firstSeen)
        // Most names are spelled in lower case, which is how the key has them.
        statement.bind(21, change.polled && change.name != change.fqdn ? change.name : nil, atMost: Limit.fqdn)
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
