extension WriterSession {
    /// Rows of one kind that a single call removes at most.
    static let pruneLimit = 2000

    /// - Returns: rows removed.
    func prune(now: UnixMilliseconds, retention: Int64) throws(StoreError) -> Int {
        let (past, overflow) = now.subtractingReportingOverflow(retention)
        let oldest = overflow ? .min : past
        return try connection.transaction { () throws(StoreError) in
            // The bound by time: what was written with a clock ahead of this one leaves by number, see `FailureWriter`.
            let failures = try connection.cached(
                """
                DELETE FROM failure WHERE id IN
                  (SELECT id FROM failure WHERE time_ms < ?1 ORDER BY id LIMIT \(Self.pruneLimit))
                """)
            failures.bind(1, oldest)
            try failures.run()
            let removed = connection.changes

            let old = try connection.cached(
                """
                DELETE FROM client WHERE id IN
                  (SELECT id FROM client WHERE connected = 0 AND expires_ms <= ?1 AND last_seen_ms < ?2
                   LIMIT \(Self.pruneLimit))
                """)
            old.bind(1, now)
            old.bind(2, oldest)
            try old.run()
            return removed + connection.changes
        }
    }

    /// Removes clients until there are no more than so many, within the transaction that added some: those gone longest first,
    /// then those that would be gone next; what is connected stays.
    ///
    /// Looking for them reads every row, so one in a hundred goes at a time: somebody who registers names without end makes the proxy
    /// look once for every hundredth of the bound.
    func removeSurplus(over bound: Int, now: UnixMilliseconds) throws(StoreError) {
        let known = Int(try connection.integer("SELECT count(*) FROM client") ?? 0)
        guard known > bound else { return }
        let surplus = try connection.cached(
            """
            DELETE FROM client WHERE id IN
              (SELECT id FROM client WHERE connected = 0 ORDER BY expires_ms > ?1, last_seen_ms LIMIT ?2)
            """)
        surplus.bind(1, now)
        surplus.bind(2, known - bound + bound / 100)
        try surplus.run()
    }
}
