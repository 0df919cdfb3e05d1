import Clients

/// The order of a list of clients: one narrow scan over all of them, sorted here.
///
/// One pass gives the counts, the order and the place of the selection; SQL would need one each. No index serves it,
/// because every index would cost the proxy on every flush.
struct ClientOrder {
    private struct Entry {
        /// The value sorted by: a rank or a number. All meaningful values are well within what a Double holds exactly.
        var key: Double
        var id: Int64
    }

    private(set) var counts = StateCounts()
    private var entries: [Entry] = []

    var matching: Int { entries.count }

    init(_ query: ClientQuery, connection: SQLiteConnection, heartbeat: UnixMilliseconds) throws(StoreError) {
        let row = try connection.cached(Self.sql(query))
        defer { row.reset() }
        if Self.hasFilter(query) {
            row.bind(1, query.text.isEmpty ? nil : query.text.lowercased())
            row.bind(2, query.glob?.lowercased())
            row.bind(3, query.seenSince ?? Int64.min)
        }
        // Rows without a value come last, whatever the direction.
        let nothing = query.direction == .ascending ? Double.infinity : -Double.infinity
        while try row.next() {
            let state = ClientState(
                polled: row.integer(4) != 0, connected: row.integer(1) != 0, inFlight: row.gauge(2),
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
            let key: Double =
                switch query.sort {
                case .fqdn: 0
                case .state: state.rank
                default: row.isNull(5) ? nothing : row.real(5)
                }
            entries.append(Entry(key: key, id: row.integer(0)))
        }
        if query.sort == .fqdn { try rankByName(connection) }
        sort(query)
    }

    /// Gives each entry its place among the names. The names' index holds nothing but names and ids and is read by itself:
    /// following it into the table would read that in random order, which costs five times as much.
    private mutating func rankByName(_ connection: SQLiteConnection) throws(StoreError) {
        let row = try connection.cached("SELECT id FROM client ORDER BY sort_key")
        defer { row.reset() }
        var ranks: [Int64: Double] = [:]
        ranks.reserveCapacity(counts.all)
        while try row.next() { ranks[row.integer(0)] = Double(ranks.count) }
        for index in entries.indices { entries[index].key = ranks[entries[index].id] ?? 0 }
    }

    /// The ids of a window, and its first position: moved back when it would go over the end.
    func window(offset: Int, limit: Int) -> (offset: Int, ids: [Int64]) {
        let limit = max(0, limit)
        let start = max(0, min(offset, entries.count - limit))
        return (start, entries[start...].prefix(limit).map(\.id))
    }

    func position(of id: Int64) -> Int? { entries.firstIndex { $0.id == id } }

    private mutating func sort(_ query: ClientQuery) {
        switch query.direction {
        case .ascending: entries.sort { $0.key != $1.key ? $0.key < $1.key : $0.id < $1.id }
        case .descending: entries.sort { $0.key != $1.key ? $0.key > $1.key : $0.id < $1.id }
        }
    }

    private static func hasFilter(_ query: ClientQuery) -> Bool {
        !query.text.isEmpty || query.glob != nil || query.seenSince != nil
    }

    private static func sql(_ query: ClientQuery) -> String {
        let filter =
            hasFilter(query)
            ? "(?1 IS NULL OR instr(fqdn, ?1)) AND (?2 IS NULL OR fqdn GLOB ?2) AND last_seen_ms >= ?3" : "1"
        return
            """
            SELECT id, connected, in_flight, expires_ms, polled, \(key(query.sort)), \(filter), \(failing), \(transport)
            FROM client
            """
    }

    private static let failing = """
        last_failure_ms IS NOT NULL AND last_failure_ms >= coalesce(last_scrape_ms, last_failure_ms)
          AND last_failure_ms >= coalesce(last_connection_ms, last_failure_ms)
        """
    /// Numbers: a text would have to be copied for every row.
    private static let transport =
        "CASE transport " + Transport.allCases.map { "WHEN '\($0.rawValue)' THEN \($0.rank)" }.joined(separator: " ")
        + " END"

    private static func key(_ sort: ClientSort) -> String {
        switch sort {
        case .fqdn, .state: "0"
        case .transport: transport
        case .roundTrip: "round_trip_us"
        case .lastSeen: "last_seen_ms"
        case .queued: "queued"
        case .inFlight: "in_flight"
        case .scrapes: "scrapes"
        case .failures: "failures"
        case .failureShare: "iif(scrapes > 0, failures * 1.0 / scrapes, NULL)"
        case .medianDuration: "median_duration_us"
        case .lastDuration: "last_duration_us"
        case .lastFailure: "last_failure_ms"
        }
    }
}

extension ClientState {
    /// The busiest first.
    fileprivate var rank: Double {
        switch self {
        case .inFlight: 0
        case .connected: 1
        case .stale: 2
        case .gone: 3
        case .unknown: 4
        }
    }
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
