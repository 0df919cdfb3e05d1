import Store

/// Which states the clients view shows: the steps of one key.
enum StateFilter: Equatable, Sendable, CaseIterable {
    case all, failing, live, connected, inFlight, stale, gone

    var states: Set<ClientState> {
        switch self {
        case .all, .failing: []
        case .live: [.connected, .inFlight, .stale]
        case .connected: [.connected]
        case .inFlight: [.inFlight]
        case .stale: [.stale]
        case .gone: [.gone]
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
        }
    }

    var next: StateFilter {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }
}

/// How far back the failures view looks.
enum TimeFilter: Equatable, Sendable, CaseIterable {
    case all, minute, fiveMinutes, hour, day

    /// Milliseconds; `nil` for no limit.
    var span: Int64? {
        switch self {
        case .all: nil
        case .minute: 60_000
        case .fiveMinutes: 300_000
        case .hour: 3_600_000
        case .day: 86_400_000
        }
    }

    var label: String? {
        switch self {
        case .all: nil
        case .minute: "last minute"
        case .fiveMinutes: "last 5 minutes"
        case .hour: "last hour"
        case .day: "last day"
        }
    }

    var next: TimeFilter {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }
}

/// A text typed to filter names: part of a name, or a pattern for the whole of it.
struct NameFilter: Equatable, Sendable {
    var text = ""

    var isPattern: Bool { text.contains { "*?[".contains($0) } }
    /// For `ClientQuery.text` and `FailureQuery.text`.
    var part: String { isPattern ? "" : text }
    /// For `ClientQuery.glob` and `FailureQuery.glob`.
    var pattern: String? { isPattern ? text : nil }
}
