/// All that a soak found; `--json` writes it as it is, and `--verify` is given it.
struct SoakReport: Sendable, Codable {
    struct Sample: Sendable, Codable, Equatable {
        var seconds: Double
        var residentBytes: Int
        var descriptors: Int
    }

    /// A wave of load, after which the proxy was left alone.
    struct Wave: Sendable, Codable {
        var steady: ScrapeCounts
        var chaotic: ScrapeCounts
        var fleet: FleetCounts
        var chaos: ChaosCounts
        /// When everything had gone.
        var restResidentBytes: Int
        var restDescriptors: Int
    }

    struct Check: Sendable, Codable, Equatable {
        var name: String
        var passed: Bool
        var detail: String
    }

    var seed: UInt64
    var command: [String]
    /// Descriptors before any client came.
    var startDescriptors = 0
    var startResidentBytes = 0
    var samples: [Sample] = []
    var waves: [Wave] = []
    /// The proxy's own counters at the end, by name and labels.
    var counters: [String: Double] = [:]
    var checks: [Check] = []

    var passed: Bool { !checks.isEmpty && checks.allSatisfy(\.passed) }

    /// One line per check, then the verdict.
    func text() -> String {
        let last = waves.last
        var lines = [
            "load       \(waves.reduce(0) { $0 + $1.steady.sent }) scrapes of clients that behave, \(waves.reduce(0) { $0 + $1.chaotic.sent }) of others; \(waves.reduce(0) { $0 + $1.chaos.begun.values.reduce(0, +) }) acts of misbehaviour, seed \(seed)",
            "memory     \(Fixed.text(Double(startResidentBytes) / 1e6, 1)) MB at the start, \(Fixed.text(Double(waves.first?.restResidentBytes ?? 0) / 1e6, 1)) after the first wave, \(Fixed.text(Double(last?.restResidentBytes ?? 0) / 1e6, 1)) at the end, at most \(Fixed.text(Double(samples.map(\.residentBytes).max() ?? 0) / 1e6, 1))",
            "",
        ]
        lines += checks.map { "\($0.passed ? "ok  " : "FAIL")  \($0.name): \($0.detail)" }
        let failed = checks.filter { !$0.passed }.count
        lines.append("")
        lines.append(passed ? "PASSED: it stays up." : "FAILED: \(failed) of \(checks.count) checks.")
        return lines.joined(separator: "\n")
    }
}
