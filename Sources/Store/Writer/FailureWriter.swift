/// Writes failures one by one, and keeps the bounds: so many in all, so many of one name, and so many of names that no client has
/// polled under together. What a name has too many of pushes out its own, not others'.
struct FailureWriter {
    private let connection: SQLiteConnection
    private let add: Statement
    private let isKnown: Statement
    private let trimName: Statement
    private let trimUnknown: Statement
    private let trimAll: Statement

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        add = try connection.cached(
            """
            INSERT INTO failure (time_ms, fqdn, kind, text, scrape_id, target, duration_us, unknown, connection)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        isKnown = try connection.cached("SELECT 1 FROM client WHERE fqdn = ?1 AND polled <> 0")
        trimName = try connection.cached(
            """
            DELETE FROM failure WHERE fqdn = ?1 AND id <=
              (SELECT id FROM failure WHERE fqdn = ?1 ORDER BY id DESC LIMIT 1 OFFSET \(Ring.failuresPerName))
            """)
        trimUnknown = try connection.cached(
            """
            DELETE FROM failure WHERE unknown = 1 AND id <=
              (SELECT id FROM failure WHERE unknown = 1 ORDER BY id DESC LIMIT 1 OFFSET \(Ring.failuresOfUnknown))
            """)
        trimAll = try connection.cached(
            "DELETE FROM failure WHERE id IN (SELECT id FROM failure ORDER BY id LIMIT ?1)")
    }

    /// - Parameter failures: Oldest first. The rows of their names have been written already.
    func write(_ failures: [FailureRecord]) throws(StoreError) {
        guard !failures.isEmpty else { return }
        var unknown: [String: Bool] = [:]
        for failure in failures {
            if unknown[failure.fqdn] == nil {
                isKnown.bind(1, failure.fqdn, atMost: Limit.fqdn)
                unknown[failure.fqdn] = try !isKnown.next()
                isKnown.reset()
            }
            try write(failure, unknown: unknown[failure.fqdn] ?? true)
        }
        for name in unknown.keys {
            trimName.bind(1, name, atMost: Limit.fqdn)
            try trimName.run()
        }
        if unknown.values.contains(true) { try trimUnknown.run() }
        let surplus = (try connection.integer("SELECT count(*) FROM failure") ?? 0) - Int64(Ring.failures)
        guard surplus > 0 else { return }
        trimAll.bind(1, surplus)
        try trimAll.run()
    }

    private func write(_ failure: FailureRecord, unknown: Bool) throws(StoreError) {
        add.bind(1, failure.time)
        add.bind(2, failure.fqdn, atMost: Limit.fqdn)
        add.bind(3, failure.kind.rawValue)
        add.bind(4, failure.text, atMost: Limit.failureText)
        add.bind(5, failure.scrapeID, atMost: Limit.scrapeID)
        add.bind(6, failure.target, atMost: Limit.target)
        add.bind(7, failure.duration)
        add.bind(8, unknown)
        add.bind(9, failure.isConnection)
        try add.run()
    }
}
