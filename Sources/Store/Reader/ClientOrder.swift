import Clients

/// The order of a list of clients: one scan over all of them, sorted here.
///
/// One pass gives the counts, the order and the place of the selection; SQL would need one each.
struct ClientOrder {
    private struct Entry {
        /// The value sorted by: a rank or a number.
        var key: Double
        /// Its place among the names, which those with the same value are in the order of.
        var place = 0
        let id: Int64
    }

    let counts: StateCounts
    private var entries: [Entry] = []

    var matching: Int { entries.count }

    init(_ query: ClientQuery, connection: SQLiteConnection, heartbeat: UnixMilliseconds) throws(StoreError) {
        // Rows without a value come last, whatever the direction.
        let nothing = query.direction == .ascending ? Double.infinity : -Double.infinity
        var scan = ClientScan(query, connection: connection, heartbeat: heartbeat)
        var found: [Entry] = []
        try scan.run(column: Self.key(query.sort)) { client in
            let key: Double =
                switch query.sort {
                case .fqdn: 0
                case .state: client.state.rank
                default: client.value ?? nothing
                }
            found.append(Entry(key: key, id: client.id))
        }
        counts = scan.counts
        entries = found
        try placeByName(connection)
        sort(query)
    }

    /// Gives each entry its place among the names. The names' index holds nothing but names and ids and is read by itself:
    /// following it into the table would read that in random order, which costs five times as much.
    private mutating func placeByName(_ connection: SQLiteConnection) throws(StoreError) {
        let row = try connection.cached("SELECT id FROM client ORDER BY sort_key")
        defer { row.reset() }
        var places: [Int64: Int] = [:]
        places.reserveCapacity(counts.all)
        while try row.next() { places[row.integer(0)] = places.count }
        for index in entries.indices { entries[index].place = places[entries[index].id] ?? 0 }
    }

    /// The ids of a window, and its first position: moved back when it would go over the end.
    func window(offset: Int, limit: Int) -> (offset: Int, ids: [Int64]) {
        let limit = max(0, limit)
        let start = max(0, min(offset, entries.count - limit))
        return (start, entries[start...].prefix(limit).map(\.id))
    }

    func position(of id: Int64) -> Int? { entries.firstIndex { $0.id == id } }

    private mutating func sort(_ query: ClientQuery) {
        switch (query.sort, query.direction) {
        case (.fqdn, .ascending): entries.sort { $0.place < $1.place }
        case (.fqdn, .descending): entries.sort { $0.place > $1.place }
        case (_, .ascending): entries.sort { $0.key != $1.key ? $0.key < $1.key : $0.place < $1.place }
        case (_, .descending): entries.sort { $0.key != $1.key ? $0.key > $1.key : $0.place < $1.place }
        }
    }

    private static func key(_ sort: ClientSort) -> String {
        switch sort {
        case .fqdn, .state: "0"
        case .transport: ClientScan.transport
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
