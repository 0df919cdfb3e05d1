import Clients

extension StoreReader {
    /// A window of the clients in an order, with counts over all of them: one scan, whatever is asked.
    public func clients(_ query: ClientQuery) throws(RecordProblem) -> ClientPage {
        try snapshot { (_) throws(RecordProblem) in
            try run { () throws(StoreError) in
                let heartbeat = try heartbeat()
                let order = try ClientOrder(query, connection: connection, heartbeat: heartbeat)
                let window = order.window(offset: query.offset, limit: query.limit)
                var page = ClientPage()
                page.counts = order.counts
                page.matching = order.matching
                page.offset = window.offset
                page.selectedPosition = query.selected.flatMap(order.position(of:))
                page.hasLabels = try connection.integer("SELECT EXISTS (SELECT 1 FROM client_label)") == 1
                page.rows.reserveCapacity(window.ids.count)
                let row = try connection.cached(Self.rowSQL("client.id = ?1"))
                defer { row.reset() }
                let declarations = query.wantsDeclarations ? try DeclarationReader(connection) : nil
                for id in window.ids {
                    row.bind(1, id)
                    if try row.next() { page.rows.append(try clientRow(row, heartbeat: heartbeat, declarations)) }
                    row.reset()
                }
                return page
            }
        }
    }

    /// Everything about one client; `nil` when the record does not know it (any more).
    public func client(id: Int64) throws(RecordProblem) -> ClientDetail? {
        try detail(Self.rowSQL("client.id = ?1")) { $0.bind(1, id) }
    }

    /// Everything about one client by its name, case-insensitive.
    public func client(fqdn: String) throws(RecordProblem) -> ClientDetail? {
        try detail(Self.rowSQL("client.fqdn = ?1")) { $0.bind(1, fqdn.lowercased()) }
    }

    private func detail(_ sql: String, bind: (Statement) -> Void) throws(RecordProblem) -> ClientDetail? {
        try snapshot { (_) throws(RecordProblem) in
            try run { () throws(StoreError) in
                let row = try connection.cached(sql)
                defer { row.reset() }
                bind(row)
                guard try row.next() else { return nil }
                let declarations = try DeclarationReader(connection)
                var detail = ClientDetail(row: try clientRow(row, heartbeat: try heartbeat(), declarations))
                detail.instance = row.optionalText(19, atMost: Limit.instance)
                detail.agent = row.optionalText(20, atMost: Limit.agent)
                detail.address = row.optionalText(21, atMost: Limit.address)
                var ring = HistoryRing()
                ring.load(symbols: row.bytes(18), durations: row.bytes(22))
                detail.history = zip(ring.symbols, ring.durations).map { symbol, duration in
                    .init(
                        symbol: Character(Unicode.Scalar(symbol)), duration: Int64(UInt32(littleEndian: duration)))
                }
                detail.failuresByKind = try kinds(of: detail.row.id, counted: "count")
                detail.connectionFailuresByKind = try kinds(of: detail.row.id, counted: "connections")
                return detail
            }
        }
    }

    /// - Parameter column: One of `client_failures`.
    private func kinds(of id: Int64, counted column: String) throws(StoreError) -> [KindCount] {
        let row = try connection.cached(
            """
            SELECT kind, \(column) FROM client_failures WHERE client_id = ?1 AND \(column) > 0
            ORDER BY \(column) DESC, kind
            """)
        defer { row.reset() }
        row.bind(1, id)
        var counts: [KindCount] = []
        while try row.next() {
            counts.append(KindCount(kind: RecordedKind(rawValue: row.text(0, atMost: Limit.kind)), count: row.count(1)))
        }
        return counts
    }

    /// - Parameter condition: one of the few in this file.
    private static func rowSQL(_ condition: String) -> String {
        """
        SELECT id, fqdn, connected, first_seen_ms, last_seen_ms, expires_ms, queued, in_flight, scrapes, failures,
          median_duration_us, last_scrape_ms, last_duration_us, last_status, last_bytes,
          last_failure_ms, last_failure_kind, last_failure_text,
          outcomes, instance, agent, address, durations_us, conflict_ms, polled, name,
          transport, round_trip_us, connections, last_connection_ms, connections_opened, connections_failed,
          connection_bytes_to_target, connection_bytes_to_scraper, declaration
        FROM client LEFT JOIN client_history ON client_id = client.id WHERE \(condition)
        """
    }

    /// - Parameter declarations: `nil` where nobody asked what clients declare.
    private func clientRow(
        _ row: Statement, heartbeat: UnixMilliseconds, _ declarations: DeclarationReader?
    ) throws(StoreError) -> ClientRow {
        let expires = row.time(5)
        let inFlight = row.gauge(7)
        let state = ClientState(
            polled: row.integer(24) != 0, connected: row.integer(2) != 0, inFlight: inFlight, expires: expires,
            heartbeat: heartbeat)
        var client = ClientRow(
            id: row.integer(0), fqdn: row.text(1, atMost: Limit.fqdn), state: state, firstSeen: row.time(3))
        client.name = row.spelling(25, of: client.fqdn)
        client.lastSeen = row.time(4)
        client.expires = expires
        client.queued = row.gauge(6)
        client.inFlight = inFlight
        client.scrapes = row.count(8)
        client.failures = row.count(9)
        client.medianDuration = row.optionalNumber(10, Meaning.count)
        client.lastScrape = row.optionalTime(11)
        client.lastDuration = row.optionalNumber(12, Meaning.count)
        client.lastStatus = row.optionalNumber(13, Meaning.status).map(Int.init)
        client.lastBytes = row.optionalNumber(14, Meaning.count)
        if let time = row.optionalTime(15) {
            client.lastFailure = .init(
                time: time, kind: RecordedKind(rawValue: row.text(16, atMost: Limit.kind)),
                text: row.text(17, atMost: Limit.failureText))
        }
        client.outcomes = String(decoding: HistoryRing.symbols(row.bytes(18)), as: UTF8.self)
        client.conflict = row.optionalTime(23)
        client.transport = Transport(rawValue: row.text(26, atMost: Limit.kind))
        client.roundTrip = row.optionalNumber(27, Meaning.count)
        client.connections = row.gauge(28)
        client.lastConnection = row.optionalTime(29)
        client.connectionCounts = row.connectionCounts(from: 30)
        if let declarations, !row.isNull(34) { client.declaration = try declarations.declaration(of: client.id) }
        return client
    }
}
