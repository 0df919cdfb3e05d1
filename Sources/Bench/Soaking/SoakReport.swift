/// All that a soak found; `--json` writes it as it is, and `--verify` is given it.
struct SoakReport: Verdict, Codable {
    /// A wave of load, after which the proxy was left alone.
    struct Wave: Sendable, Codable {
        var steady: ScrapeCounts
        var chaotic: ScrapeCounts
        var fleet: FleetCounts
        /// Of the clients that behave, those with tunnels.
        var tunnels = FleetCounts()
        var chaos: ChaosCounts
        var visits = VisitCounts()
        /// Of scrapes of clients that behave, in seconds.
        var slowestScrape = 0.0
        /// When everything had gone.
        var restResidentBytes: Int
        var restDescriptors: Int
    }

    var seed: UInt64
    var command: [String]
    /// Descriptors before any client came.
    var startDescriptors = 0
    var startResidentBytes = 0
    var samples: [SoakSample] = []
    var waves: [Wave] = []
    /// The proxy's own counters at the end, by name and labels.
    var counters: [String: Double] = [:]
    /// Lines of its log, and how long the load lasted in seconds.
    var logLines = 0
    var loadSeconds = 0.0
    var checks: [SoakCheck] = []

    /// What was done and what it took, before the checks.
    var summary: [String] {
        let last = waves.last
        return [
            "load       \(waves.reduce(0) { $0 + $1.steady.sent }) scrapes of clients that behave, \(waves.reduce(0) { $0 + $1.chaotic.sent }) of others; \(waves.reduce(0) { $0 + $1.chaos.begun.values.reduce(0, +) }) acts of misbehaviour, seed \(seed)",
            "memory     \(Fixed.text(Double(startResidentBytes) / 1e6, 1)) MB at the start, \(Fixed.text(Double(waves.first?.restResidentBytes ?? 0) / 1e6, 1)) after the first wave, \(Fixed.text(Double(last?.restResidentBytes ?? 0) / 1e6, 1)) at the end, at most \(Fixed.text(Double(samples.map(\.residentBytes).max() ?? 0) / 1e6, 1))",
        ]
    }
}
