extension StoreReader {
    /// Failures, newest first, with a breakdown by kind.
    public func failures(_ query: FailureQuery) throws(RecordProblem) -> FailurePage {
        try snapshot { (_) throws(RecordProblem) in
            try run { () throws(StoreError) in
                var page = FailurePage()
                page.byKind = try breakdown(query)
                for count in page.byKind where query.kinds.isEmpty || query.kinds.contains(count.kind) {
                    page.matching += count.count
                }
                page.rows = try rows(query)
                page.selectedPosition = try query.selected.flatMap { (id) throws(StoreError) in
                    try position(of: id, query)
                }
                return page
            }
        }
    }

    private func breakdown(_ query: FailureQuery) throws(StoreError) -> [KindCount] {
        let row = try connection.cached(
            "SELECT kind, count(*) AS n FROM failure WHERE \(Self.filter(query)) GROUP BY kind ORDER BY n DESC, kind")
        defer { row.reset() }
        Self.bind(query, to: row)
        var counts: [KindCount] = []
        while try row.next() {
            counts.append(KindCount(kind: RecordedKind(rawValue: row.text(0, atMost: Limit.kind)), count: row.count(1)))
        }
        return counts
    }

    /// Counts the matching failures that are newer, if this one matches.
    private func position(of id: Int64, _ query: FailureQuery) throws(StoreError) -> Int? {
        let row = try connection.cached(
            """
            SELECT count(*), coalesce(min(id), 0) FROM failure
            WHERE \(Self.filter(query)) AND (?5 IS NULL OR instr(?5, ',' || kind || ',')) AND id >= ?6
            """)
        defer { row.reset() }
        Self.bind(query, to: row)
        Self.bindKinds(query, to: row)
        row.bind(6, id)
        guard try row.next(), row.integer(1) == id else { return nil }
        return row.count(0) - 1
    }

    private static func bindKinds(_ query: FailureQuery, to row: Statement) {
        let kinds = query.kinds.map(\.rawValue).joined(separator: ",")
        row.bind(5, query.kinds.isEmpty ? nil : ",\(kinds),")
    }

    private func rows(_ query: FailureQuery) throws(StoreError) -> [FailureRow] {
        let row = try connection.cached(
            """
            SELECT id, time_ms, fqdn, kind, text, scrape_id, target, duration_us, connection FROM failure
            WHERE \(Self.filter(query)) AND (?5 IS NULL OR instr(?5, ',' || kind || ','))
            ORDER BY id DESC LIMIT ?6 OFFSET ?7
            """)
        defer { row.reset() }
        Self.bind(query, to: row)
        Self.bindKinds(query, to: row)
        row.bind(6, max(0, query.limit))
        row.bind(7, max(0, query.offset))
        var failures: [FailureRow] = []
        while try row.next() {
            failures.append(
                FailureRow(
                    id: row.integer(0), time: row.time(1), fqdn: row.text(2, atMost: Limit.fqdn),
                    kind: RecordedKind(rawValue: row.text(3, atMost: Limit.kind)),
                    text: row.text(4, atMost: Limit.failureText), scrapeID: row.text(5, atMost: Limit.scrapeID),
                    target: row.text(6, atMost: Limit.target), duration: row.number(7, Meaning.count),
                    isConnection: row.integer(8) != 0))
        }
        return failures
    }

    /// An exact name gets a condition of its own, for which there is an index.
    private static func filter(_ query: FailureQuery) -> String {
        (query.fqdn == nil ? "?1 IS NULL" : "fqdn = ?1")
            + " AND (?2 IS NULL OR instr(fqdn, ?2)) AND (?3 IS NULL OR fqdn GLOB ?3) AND time_ms >= ?4"
    }

    private static func bind(_ query: FailureQuery, to statement: Statement) {
        statement.bind(1, query.fqdn?.lowercased())
        statement.bind(2, query.text.isEmpty ? nil : query.text.lowercased())
        statement.bind(3, query.glob?.lowercased())
        statement.bind(4, query.since ?? Int64.min)
    }
}
