import Clients

/// One client, as a list shows it.
public struct ClientRow: Sendable, Equatable, Identifiable {
    /// The newest failure of a client.
    public struct LastFailure: Sendable, Equatable {
        public var time: UnixMilliseconds
        public var kind: RecordedKind
        /// One line, at most 500 bytes; may hold anything that a peer sent.
        public var text: String

        public init(time: UnixMilliseconds, kind: RecordedKind, text: String) {
            self.time = time
            self.kind = kind
            self.text = text
        }
    }

    /// Stays the same as long as the record knows the client.
    public var id: Int64
    /// Lower case.
    public var fqdn: String
    /// The FQDN as the client spells it.
    public var name: String
    public var state: ClientState
    public var firstSeen: UnixMilliseconds
    public var lastSeen: UnixMilliseconds
    /// When the client leaves `/clients` if it stays away.
    public var expires: UnixMilliseconds
    public var queued: Int
    public var inFlight: Int
    /// CONNECTs that the client has taken and that have not ended.
    public var connections: Int
    /// How scrapes come to it, or came last; `nil` when that is not known.
    public var transport: Transport?
    /// What the last ping of its tunnel took, in microseconds; `nil` where it has none, or has not been pinged.
    public var roundTrip: Int64?
    /// Every ended attempt, failed ones too.
    public var scrapes: Int
    public var failures: Int
    /// Microseconds, over the outcomes that the ring holds; `nil` before the first scrape.
    public var medianDuration: Int64?
    public var lastScrape: UnixMilliseconds?
    /// Microseconds.
    public var lastDuration: Int64?
    public var lastStatus: Int?
    /// Body bytes.
    public var lastBytes: Int64?
    public var connectionCounts: ConnectionCounts
    /// When a connection was last opened or ended, or failed to open.
    public var lastConnection: UnixMilliseconds?
    /// Of a scrape or a connection.
    public var lastFailure: LastFailure?
    /// When a second live client last claimed this FQDN.
    public var conflict: UnixMilliseconds?
    /// One ASCII symbol per outcome (`Outcome.symbol`), oldest first, at most `Ring.outcomes`.
    public var outcomes: String
    /// What the client says about the name; says nothing in a list that did not ask for it (`ClientQuery.wantsDeclarations`).
    public var declaration: Declaration

    /// From 0 to 1; `nil` before the first scrape.
    public var failureShare: Double? { scrapes > 0 ? min(1, Double(failures) / Double(scrapes)) : nil }

    public init(id: Int64, fqdn: String, state: ClientState, firstSeen: UnixMilliseconds) {
        self.id = id
        self.fqdn = fqdn
        self.name = fqdn
        self.state = state
        self.firstSeen = firstSeen
        self.lastSeen = firstSeen
        self.expires = firstSeen
        self.queued = 0
        self.inFlight = 0
        self.connections = 0
        self.scrapes = 0
        self.failures = 0
        self.connectionCounts = ConnectionCounts()
        self.outcomes = ""
        self.declaration = .none
    }
}
