/// All that a comparison found; `--json` writes it as it is.
struct CompareReport: Sendable, Codable {
    struct Machine: Sendable, Codable {
        var cpus: Int
        var model: String
        var kernel: String
        var memoryBytes: Double
    }

    struct Case: Sendable, Codable {
        var name: String
        var title: String
    }

    struct Summary: Sendable, Codable {
        var workload: String
        var contestant: String
        var metric: String
        var spread: Spread
    }

    var machine: Machine
    var commands: [String: [String]]
    var pairs: Int
    var warmupSeconds: Double
    var windowSeconds: Double
    var cases: [Case]
    var runs: [Run]
    var summaries: [Summary]
    var comparisons: [Comparison]

    init(contest: Contest, cases: [WorkloadCase], runs: [Run], ratios: [RatioRequest]) {
        machine = Machine.current()
        commands = Dictionary(
            (contest.proxies + contest.clients).map { ($0.name, $0.command.words) },
            uniquingKeysWith: { first, _ in first })
        pairs = contest.pairs
        warmupSeconds = contest.warmup.seconds
        windowSeconds = contest.window.seconds
        self.cases = cases.map { Case(name: $0.name, title: $0.title) }
        self.runs = runs
        summaries = Self.summarize(cases, runs)
        comparisons = Self.compare(cases, runs, ratios)
    }

    private static func contestants(of work: WorkloadCase, _ runs: [Run]) -> [String] {
        var names: [String] = []
        for run in runs where run.workload == work.name && !names.contains(run.contestant) {
            names.append(run.contestant)
        }
        return names
    }

    private static func summarize(_ cases: [WorkloadCase], _ runs: [Run]) -> [Summary] {
        var summaries: [Summary] = []
        for work in cases {
            for name in contestants(of: work, runs) {
                let own = runs.filter { $0.workload == work.name && $0.contestant == name }
                for metric in Metric.allCases {
                    guard let spread = Spread(own.compactMap { $0[metric] }) else { continue }
                    summaries.append(
                        Summary(workload: work.name, contestant: name, metric: metric.rawValue, spread: spread))
                }
            }
        }
        return summaries
    }

    private static func compare(_ cases: [WorkloadCase], _ runs: [Run], _ ratios: [RatioRequest]) -> [Comparison] {
        var comparisons: [Comparison] = []
        for work in cases {
            let names = contestants(of: work, runs)
            var wanted = ratios.filter { names.contains($0.numerator) && names.contains($0.denominator) }
            if wanted.isEmpty, let base = names.first {
                wanted = names.dropFirst().map { RatioRequest(numerator: $0, denominator: base) }
            }
            for ratio in wanted {
                for metric in Metric.allCases where metric.isCompared {
                    let comparison = Comparison(
                        metric, .init(workload: work.name, contestant: ratio.numerator),
                        over: .init(workload: work.name, contestant: ratio.denominator), in: runs)
                    if let comparison { comparisons.append(comparison) }
                }
            }
        }
        // A fleet against a smaller one, for every proxy by itself.
        if let small = cases.first(where: { $0.name.hasPrefix("scale-") }) {
            for large in cases where large.name.hasPrefix("scale-") && large != small {
                for name in contestants(of: large, runs) {
                    let comparison = Comparison(
                        .cpu, .init(workload: large.name, contestant: name),
                        over: .init(workload: small.name, contestant: name), in: runs)
                    if let comparison { comparisons.append(comparison) }
                }
            }
        }
        return comparisons
    }
}
