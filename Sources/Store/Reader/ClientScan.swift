import Clients

/// One narrow scan over all clients: what state each is in, and which of them a query is about.
///
/// No index serves it but that of the labels, because every index would cost the proxy on every flush.
struct ClientScan {
    /// One that the query is about.
    struct Client {
        let id: Int64
        let state: ClientState
        let inFlight: Int
        let isFailing: Bool
        /// The column that was asked for besides; `nil` where that has no value. All meaningful numbers are well within what a Double holds
        /// exactly.
        let value: Double?
    }

    /// Over all clients.
    private(set) var counts = StateCounts()

    private let query: ClientQuery
    private let connection: SQLiteConnection
    private let heartbeat: UnixMilliseconds

    init(_ query: ClientQuery, connection: SQLiteConnection, heartbeat: UnixMilliseconds) {
        self.query = query
        self.connection = connection
        self.heartbeat = heartbeat
    }

    /// - Parameter column: SQL for one more of each; one of a closed set.
    mutating func run(column: String, _ body: (Client) -> Void) throws(StoreError) {
        let saying = try LabelIndex.clients(query, connection)
        let silent = try query.withoutLabel.map { name throws(StoreError) in
            try LabelIndex.clients(naming: name, connection)
        }
        let row = try connection.cached(sql(column))
        defer { row.reset() }
        if hasFilter {
            row.bind(1, query.text.isEmpty ? nil : query.text.lowercased())
            row.bind(2, query.glob?.lowercased())
            row.bind(3, query.seenSince ?? Int64.min)
        }
        while try row.next() {
            let inFlight = row.gauge(2)
            let state = ClientState(
                polled: row.integer(4) != 0, connected: row.integer(1) != 0, inFlight: inFlight,
                expires: row.time(3), heartbeat: heartbeat)
            counts[state] += 1
            let isFailing = state.isLive && row.integer(7) != 0
            if isFailing { counts.failing += 1 }
            let transport = Transport(rank: row.integer(8))
            switch transport {
            case .poll? where state.isConnected: counts.onPolls += 1
            case .tunnel? where state.isConnected: counts.onTunnels += 1
            case .poll?, .tunnel?, nil: break
            }
            guard query.states.isEmpty || query.states.contains(state), isFailing || !query.failingOnly,
                query.transports.isEmpty || transport.map(query.transports.contains) ?? false, row.integer(6) != 0
            else { continue }
            let id = row.integer(0)
            if let saying, !saying.contains(id) { continue }
            if let silent, silent.contains(id) { continue }
            body(
                Client(
                    id: id, state: state, inFlight: inFlight, isFailing: isFailing,
                    value: row.isNull(5) ? nil : row.real(5)))
        }
    }

    private var hasFilter: Bool { !query.text.isEmpty || query.glob != nil || query.seenSince != nil }

    private func sql(_ column: String) -> String {
        let filter =
            hasFilter ? "(?1 IS NULL OR instr(fqdn, ?1)) AND (?2 IS NULL OR fqdn GLOB ?2) AND last_seen_ms >= ?3" : "1"
        return
            """
            SELECT id, connected, in_flight, expires_ms, polled, \(column), \(filter), \(Self.failing), \(Self.transport)
            FROM client
            """
    }

    private static let failing = """
        last_failure_ms IS NOT NULL AND last_failure_ms >= coalesce(last_scrape_ms, last_failure_ms)
          AND last_failure_ms >= coalesce(last_connection_ms, last_failure_ms)
        """
    /// Numbers: a text would have to be copied for every row.
    static let transport =
        "CASE transport " + Transport.allCases.map { "WHEN '\($0.rawValue)' THEN \($0.rank)" }.joined(separator: " ")
        + " END"
}

extension Transport {
    /// The order of a list: what a fleet has left behind comes first. From 1 up; 0 is SQLite's number for NULL.
    fileprivate var rank: Int64 {
        switch self {
        case .poll: 1
        case .tunnel: 2
        }
    }

    fileprivate init?(rank: Int64) {
        switch rank {
        case 1: self = .poll
        case 2: self = .tunnel
        default: return nil
        }
    }
}
