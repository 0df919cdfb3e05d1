import Clients
import Store

/// Which clients the clients view shows: the steps of one key.
enum StateFilter: Equatable, Sendable, CaseIterable {
    case all, failing, live, connected, inFlight, onPolls, onTunnels, stale, gone, unknown

    var states: Set<ClientState> {
        switch self {
        case .all, .failing: []
        case .live: [.connected, .inFlight, .stale]
        case .connected: [.connected]
        case .onPolls, .onTunnels: [.connected, .inFlight]
        case .inFlight: [.inFlight]
        case .stale: [.stale]
        case .gone: [.gone]
        case .unknown: [.unknown]
        }
    }

    var transports: Set<Transport> {
        switch self {
        case .onPolls: [.poll]
        case .onTunnels: [.tunnel]
        case .all, .failing, .live, .connected, .inFlight, .stale, .gone, .unknown: []
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
        case .onPolls: "on polls"
        case .onTunnels: "on tunnels"
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
