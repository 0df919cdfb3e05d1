import Store

/// Which states the clients view shows: the steps of one key.
enum StateFilter: Equatable, Sendable, CaseIterable {
    case all, failing, live, connected, inFlight, stale, gone, unknown

    var states: Set<ClientState> {
        switch self {
        case .all, .failing: []
        case .live: [.connected, .inFlight, .stale]
        case .connected: [.connected]
        case .inFlight: [.inFlight]
        case .stale: [.stale]
        case .gone: [.gone]
        case .unknown: [.unknown]
        }
    }

    /// `nil` when nothing is filtered.
    var label: String? {
        switch self {
        case .all: nil
        case .failing: "failing"
        case .live: "live"
        case .connected: "connected"
        case .inFlight: "in flight"
        case .stale: "stale"
        case .gone: "gone"
        case .unknown: "unknown"
        }
    }

    var next: StateFilter {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }
}
