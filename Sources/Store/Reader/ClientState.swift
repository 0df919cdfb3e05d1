/// What the record says of a client, measured at the proxy's last heartbeat: while the proxy is down, states stand still.
///
/// The view `client_state` computes the same words in SQL; a test holds the two together.
public enum ClientState: String, CaseIterable, Sendable, Hashable {
    /// A poll is open and no scrape is in flight.
    case connected
    /// At least one scrape is in flight.
    case inFlight = "in_flight"
    /// Neither, but seen within the registration timeout: `/clients` still lists it.
    case stale
    /// Not listed by `/clients` any more.
    case gone
    /// No client has ever polled under this name; scrapes ask for it all the same.
    case unknown

    /// Whether `/clients` lists a client in this state.
    public var isLive: Bool { self != .gone && self != .unknown }

    /// Whether it is connected, at work or not.
    public var isConnected: Bool { self == .connected || self == .inFlight }

    /// The state of a row.
    /// - Parameters:
    ///   - polled: whether a client has polled under this name.
    ///   - expires: the row's `expires_ms`.
    ///   - heartbeat: the proxy's `heartbeat_ms`.
    init(polled: Bool, connected: Bool, inFlight: Int, expires: UnixMilliseconds, heartbeat: UnixMilliseconds) {
        if !polled {
            self = .unknown
        } else if connected {
            self = inFlight > 0 ? .inFlight : .connected
        } else {
            self = expires > heartbeat ? .stale : .gone
        }
    }
}

/// How many clients are in each state.
public struct StateCounts: Sendable, Equatable {
    public var connected = 0
    public var inFlight = 0
    public var stale = 0
    public var gone = 0
    /// Names that are scraped and that no client has polled under.
    public var unknown = 0
    /// Live clients whose newest scrape or connection failed; each is counted in its state as well.
    public var failing = 0
    /// Of those connected and in flight: how scrapes come to them.
    public var onPolls = 0
    public var onTunnels = 0

    public init() {}

    /// Clients that `/clients` lists.
    public var live: Int { connected + inFlight + stale }
    /// Every name that the record has a row for.
    public var all: Int { live + gone + unknown }

    public subscript(state: ClientState) -> Int {
        get {
            switch state {
            case .connected: connected
            case .inFlight: inFlight
            case .stale: stale
            case .gone: gone
            case .unknown: unknown
            }
        }
        set {
            switch state {
            case .connected: connected = newValue
            case .inFlight: inFlight = newValue
            case .stale: stale = newValue
            case .gone: gone = newValue
            case .unknown: unknown = newValue
            }
        }
    }
}
