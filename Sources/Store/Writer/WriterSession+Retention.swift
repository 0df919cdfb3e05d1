extension WriterSession {
    /// Rows of one kind that a single call removes at most.
    static let pruneLimit = 2000

    /// - Returns: rows removed.
    func prune(now: UnixMilliseconds, retention: Int64, maxClients: Int) throws(StoreError) -> Int {
        try connection.transaction { () throws(StoreError) in
            var removed = 0
            // The bound of ids: what was written with a clock ahead of this one leaves by number, see `trimFailures`.
            let failures = try connection.cached(
                """
                DELETE FROM failure WHERE id IN
                  (SELECT id FROM failure WHERE time_ms < ?1 ORDER BY id LIMIT \(Self.pruneLimit))
                """)
            failures.bind(1, now - retention)
            try failures.run()
            removed += connection.changes

            let old = try connection.cached(
                """
                DELETE FROM client WHERE id IN
                  (SELECT id FROM client WHERE connected = 0 AND expires_ms <= ?1 AND last_seen_ms < ?2
                   LIMIT \(Self.pruneLimit))
                """)
            old.bind(1, now)
            old.bind(2, now - retention)
            try old.run()
            removed += connection.changes

            let known = Int(try connection.integer("SELECT count(*) FROM client") ?? 0)
            guard known > maxClients else { return removed }
            // Gone ones first, then those that would be gone next; what is connected stays.
            let surplus = try connection.cached(
                """
                DELETE FROM client WHERE id IN
                  (SELECT id FROM client WHERE connected = 0 ORDER BY expires_ms > ?1, last_seen_ms LIMIT ?2)
                """)
            surplus.bind(1, now)
            surplus.bind(2, min(known - maxClients, Self.pruneLimit))
            try surplus.run()
            return removed + connection.changes
        }
    }
}
