/// What one contestant did on one piece of work, once.
struct Run: Sendable, Codable, Equatable {
    /// Memory at a number of idle clients.
    struct MemoryPoint: Sendable, Codable, Equatable {
        var clients: Int
        var residentBytes: Double
    }

    var workload: String
    var contestant: String
    /// Counted from 1.
    var pair: Int
    /// By `Metric`'s keys.
    var figures: [String: Double] = [:]
    var memoryCurve: [MemoryPoint] = []
    var disturbance: Disturbance?
    /// Why a figure of this run is to be doubted; each a sentence.
    var notes: [String] = []

    subscript(metric: Metric) -> Double? {
        get { figures[metric.rawValue] }
        set { figures[metric.rawValue] = newValue }
    }

    subscript(metric: Metric, default value: Double) -> Double {
        get { self[metric] ?? value }
        set { self[metric] = newValue }
    }

    var isDisturbed: Bool { disturbance?.isTooMuch ?? false }
}
