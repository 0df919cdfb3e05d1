/// One failed scrape, or one connection that failed, with its place in the record.
public struct FailureRow: Sendable, Equatable, Identifiable {
    /// Grows with every failure written; never used again.
    public var id: Int64
    public var time: UnixMilliseconds
    /// The host name the scrape asked for; a client of that name may never have existed. Empty where no name is known.
    public var fqdn: String
    public var kind: RecordedKind
    /// One line, at most 500 bytes; may hold anything that a peer sent.
    public var text: String
    public var scrapeID: String
    /// `http://host:port/path`, without a query; of a connection `CONNECT host:port`.
    public var target: String
    /// From the scrape's arrival to the failure, in microseconds.
    public var duration: Int64
    /// Of a connection: a CONNECT that was not opened, or one that broke off.
    public var isConnection: Bool

    public init(
        id: Int64, time: UnixMilliseconds, fqdn: String, kind: RecordedKind, text: String, scrapeID: String,
        target: String, duration: Int64, isConnection: Bool = false
    ) {
        self.id = id
        self.time = time
        self.fqdn = fqdn
        self.kind = kind
        self.text = text
        self.scrapeID = scrapeID
        self.target = target
        self.duration = duration
        self.isConnection = isConnection
    }
}

/// Which failures to read; always newest first.
public struct FailureQuery: Sendable, Equatable {
    /// Empty means all.
    public var kinds: Set<RecordedKind> = []
    /// Exactly this FQDN (lower case); `nil` matches all. The cheap way to one client's failures.
    public var fqdn: String?
    /// Part of the FQDN, case-insensitive; empty matches all.
    public var text = ""
    /// A glob over the whole FQDN, case-insensitive; `nil` matches all.
    public var glob: String?
    /// Only failures at or after this time.
    public var since: UnixMilliseconds?
    /// Rows to leave out, counted from the newest.
    public var offset = 0
    public var limit = 100
    /// A failure whose position in the order is wanted, so that a selection can follow it.
    public var selected: Int64?

    public init() {}
}

/// The window that a `FailureQuery` asked for.
public struct FailurePage: Sendable, Equatable {
    /// Newest first.
    public var rows: [FailureRow] = []
    /// The position of `FailureQuery.selected` in the order, counted from 0; `nil` when it does not match or is not kept
    /// any more.
    public var selectedPosition: Int?
    /// Failures that match, in and out of the window.
    public var matching = 0
    /// Failures that match everything but the query's `kinds`, by kind, most frequent first.
    public var byKind: [KindCount] = []

    public init() {}
}
