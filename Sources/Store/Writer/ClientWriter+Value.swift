extension ClientWriter {
    /// What the statements that write a client are given: each has a parameter, whose number it is, in every one of them. To add a column,
    /// add its value here, bind it, and say in the updates what it does to the one that is there.
    enum Value: Int32, CaseIterable, CustomStringConvertible {
        case lastSeen = 1
        case expires, connected, queued, inFlight, connections, roundTrip
        case scrapes, failures, connectionsOpened, connectionsFailed, connectionBytesToTarget, connectionBytesToScraper
        case medianDuration, lastScrape, lastDuration, lastStatus, lastBytes, lastConnection
        case lastFailure, lastFailureKind, lastFailureText
        case transport, instance, agent, address, conflict, firstSeen, name, declaration
        /// Of a new client alone.
        case polled, fqdn

        /// The row that is updated; in the place of what only a new one has.
        static let key = Value.fqdn

        /// The parameter, in SQL.
        var description: String { "?\(rawValue)" }

        var column: String {
            switch self {
            case .lastSeen: "last_seen_ms"
            case .expires: "expires_ms"
            case .connected: "connected"
            case .queued: "queued"
            case .inFlight: "in_flight"
            case .connections: "connections"
            case .roundTrip: "round_trip_us"
            case .scrapes: "scrapes"
            case .failures: "failures"
            case .connectionsOpened: "connections_opened"
            case .connectionsFailed: "connections_failed"
            case .connectionBytesToTarget: "connection_bytes_to_target"
            case .connectionBytesToScraper: "connection_bytes_to_scraper"
            case .medianDuration: "median_duration_us"
            case .lastScrape: "last_scrape_ms"
            case .lastDuration: "last_duration_us"
            case .lastStatus: "last_status"
            case .lastBytes: "last_bytes"
            case .lastConnection: "last_connection_ms"
            case .lastFailure: "last_failure_ms"
            case .lastFailureKind: "last_failure_kind"
            case .lastFailureText: "last_failure_text"
            case .transport: "transport"
            case .instance: "instance"
            case .agent: "agent"
            case .address: "address"
            case .conflict: "conflict_ms"
            case .firstSeen: "first_seen_ms"
            case .name: "name"
            case .declaration: "declaration"
            case .polled: "polled"
            case .fqdn: "fqdn"
            }
        }

        /// Those that are added to what is there.
        private static let counters: [Value] = [
            .scrapes, .failures, .connectionsOpened, .connectionsFailed, .connectionBytesToTarget,
            .connectionBytesToScraper,
        ]

        static var columns: String { allCases.map(\.column).joined(separator: ", ") }
        static var parameters: String { allCases.map(\.description).joined(separator: ", ") }
        static var sums: String {
            counters.map { "\($0.column) = \(Meaning.sum($0.column, $0.description))" }.joined(separator: ", ")
        }
    }
}
