/// All that a soak of a client found; `--json` writes it as it is.
struct ClientSoakReport: Verdict, Codable {
    /// A wave of load, after which the client was left alone.
    struct Wave: Sendable, Codable {
        var counts: ClientSoakCounts
        /// Whether in the end no scrape was open and a poll was parked.
        var isQuiet = true
        var restResidentBytes: Int
        var restDescriptors: Int
    }

    var seed: UInt64
    var command: [String]
    /// The longest wait between attempts to poll that the client was given, in seconds.
    var backoffSeconds: Double
    /// When its first poll was parked.
    var startDescriptors = 0
    var startResidentBytes = 0
    var samples: [SoakSample] = []
    var waves: [Wave] = []
    /// The client's own counters at the end, by name and labels.
    var counters: [String: Double] = [:]
    var logLines = 0
    /// What it logged when it died; empty while it lives.
    var lastWords = ""
    var loadSeconds = 0.0
    var checks: [SoakCheck] = []

    /// Over all waves.
    var total: ClientSoakCounts { waves.last?.counts ?? ClientSoakCounts() }

    var summary: [String] {
        let counts = total
        let moods = counts.moods.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        var lines = [
            "load       \(counts.handedOut) scrapes: \(counts.good) pushed right, \(counts.reported.values.reduce(0, +)) reported as failed, \(counts.brokenOff) broken off, \(counts.excused) gone with the proxy; seed \(seed)",
            "trouble    \(moods.joined(separator: ", "))",
            "memory     \(Fixed.text(Double(startResidentBytes) / 1e6, 1)) MB at the start, \(Fixed.text(Double(waves.first?.restResidentBytes ?? 0) / 1e6, 1)) after the first wave, \(Fixed.text(Double(waves.last?.restResidentBytes ?? 0) / 1e6, 1)) at the end, at most \(Fixed.text(Double(samples.map(\.residentBytes).max() ?? 0) / 1e6, 1))",
        ]
        lines += counts.examples.map { "wrong      \($0)" }
        return lines
    }
}
