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
