/// Everything the record has on one client, but for its failures one by one: ask for those with `FailureQuery.fqdn`.
public struct ClientDetail: Sendable, Equatable {
    /// One scrape in the ring.
    public struct HistoryEntry: Sendable, Equatable {
        /// As `Outcome.symbol`.
        public var symbol: Character
        /// Microseconds, at most `UInt32.max` (71 minutes).
        public var duration: Int64

        public init(symbol: Character, duration: Int64) {
            self.symbol = symbol
            self.duration = duration
        }
    }

    public var row: ClientRow
    /// The instance id that our own client sends; `nil` for upstream's.
    public var instance: String?
    /// The `User-Agent` of the newest poll.
    public var agent: String?
    /// The address of the newest poll's peer.
    public var address: String?
    /// Of its scrapes, since the client was first seen, most frequent first.
    public var failuresByKind: [KindCount]
    /// The same of its connections.
    public var connectionFailuresByKind: [KindCount]
    /// Oldest first, at most `Ring.outcomes`.
    public var history: [HistoryEntry]

    public init(row: ClientRow) {
        self.row = row
        self.failuresByKind = []
        self.connectionFailuresByKind = []
        self.history = []
    }
}
