import Clients

/// The columns that a list of clients can be sorted by. Rows without a value come last in either direction; ties are
/// in the order of registration.
public enum ClientSort: String, CaseIterable, Sendable, Hashable {
    case fqdn
    /// In flight, connected, stale, gone, unknown when ascending.
    case state
    /// Polls, tunnels when ascending.
    case transport
    case roundTrip
    case lastSeen
    case queued
    case inFlight
    case scrapes
    case failures
    case failureShare
    case medianDuration
    case lastDuration
    /// The time of the newest failure.
    case lastFailure

    /// The direction an operator expects at first: names from A, states from the busiest, everything else from the largest.
    public var firstDirection: SortDirection {
        switch self {
        case .fqdn, .state, .transport: .ascending
        case .roundTrip, .lastSeen, .queued, .inFlight, .scrapes, .failures, .failureShare, .medianDuration,
            .lastDuration,
            .lastFailure:
            .descending
        }
    }
}

public enum SortDirection: String, CaseIterable, Sendable, Hashable {
    case ascending, descending

    public var reversed: SortDirection { self == .ascending ? .descending : .ascending }
}

/// Which clients to read, in which order, and which window of them.
public struct ClientQuery: Sendable, Equatable {
    /// Empty means all.
    public var states: Set<ClientState> = []
    /// Only clients that scrapes come to, or came to last, in one of these ways; empty means all.
    public var transports: Set<Transport> = []
    /// Part of the FQDN, case-insensitive; empty matches all.
    public var text = ""
    /// A glob over the whole FQDN (`*`, `?`, `[a-z]`), case-insensitive; `nil` matches all.
    public var glob: String?
    /// Only clients that say all of these of themselves (not of one target alone).
    public var labels: [Label] = []
    /// Only clients that don't say anything of themselves by this name.
    public var withoutLabel: String?
    /// Only clients that were seen at or after this time.
    public var seenSince: UnixMilliseconds?
    /// Only live clients whose newest scrape or connection failed.
    public var failingOnly = false
    public var sort = ClientSort.fqdn
    public var direction = SortDirection.ascending
    /// Rows of the order to leave out; moved back when fewer rows match.
    public var offset = 0
    /// Rows of the window. What is asked for is read in full, so ask for what is shown.
    public var limit = 100
    /// A client whose position in the order is wanted, so that a selection can follow it.
    public var selected: Int64?
    /// Whether rows have what their clients declare.
    public var wantsDeclarations = false

    public init() {}
}

/// The window that a `ClientQuery` asked for.
public struct ClientPage: Sendable, Equatable {
    public var rows: [ClientRow] = []
    /// The position of the first row in the order.
    public var offset = 0
    /// Clients that match the query, in and out of the window.
    public var matching = 0
    /// The position of `ClientQuery.selected` in the order, counted from 0; `nil` when it does not match or is not known.
    public var selectedPosition: Int?
    /// Over all clients, whatever the filters.
    public var counts = StateCounts()
    /// Whether any client says anything of itself, whatever the filters.
    public var hasLabels = false

    public init() {}
}
