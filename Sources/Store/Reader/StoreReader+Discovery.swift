import Clients

/// A live client as service discovery has it.
public struct DiscoverableClient: Sendable, Equatable {
    /// The FQDN as the client spells it.
    public var name: String
    public var declaration: Declaration
    public var state: ListedState
    /// The `User-Agent` of the newest poll or tunnel.
    public var agent: String?

    public init(name: String, declaration: Declaration = .none, state: ListedState, agent: String? = nil) {
        self.name = name
        self.declaration = declaration
        self.state = state
        self.agent = agent
    }
}

extension StoreReader {
    /// All clients that `/clients` lists, in the natural order of their names.
    public func discoverable() throws(RecordProblem) -> [DiscoverableClient] {
        try snapshot { (_) throws(RecordProblem) in
            try run { () throws(StoreError) in
                let heartbeat = try heartbeat()
                let row = try connection.cached(
                    """
                    SELECT id, fqdn, name, connected, expires_ms, polled, last_seen_ms, agent, declaration, sort_key
                    FROM client
                    """)
                defer { row.reset() }
                let declarations = try DeclarationReader(connection)
                var found: [(key: String, fqdn: String, client: DiscoverableClient)] = []
                while try row.next() {
                    let isConnected = row.integer(3) != 0
                    let state = ClientState(
                        polled: row.integer(5) != 0, connected: isConnected, inFlight: 0, expires: row.time(4),
                        heartbeat: heartbeat)
                    guard state.isLive else { continue }
                    let fqdn = row.text(1, atMost: Limit.fqdn)
                    let client = DiscoverableClient(
                        name: row.spelling(2, of: fqdn),
                        declaration: row.isNull(8) ? .none : try declarations.declaration(of: row.integer(0)),
                        state: ListedState(
                            isConnected: isConnected || heartbeat - row.time(6) < ListedState.graceMilliseconds),
                        agent: row.optionalText(7, atMost: Limit.agent))
                    found.append((row.text(9, atMost: 2 * Limit.fqdn), fqdn, client))
                }
                found.sort { ($0.key, $0.fqdn) < ($1.key, $1.fqdn) }
                return found.map(\.client)
            }
        }
    }
}
