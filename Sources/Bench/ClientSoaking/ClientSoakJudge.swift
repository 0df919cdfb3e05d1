/// Decides whether what a soak of a client found is what it should be. Pure: figures in, checks out.
enum ClientSoakJudge {
    /// Descriptors that a client may have more than with its first poll parked.
    static let descriptorAllowance = 4
    /// What a busy machine may add to the client's backoff, in seconds.
    static let recoveryGrace = 2.0
    /// Lines that the log may have at any load, and more of them per second.
    static let logLines = 50.0
    static let logLinesPerSecond = 2.0

    static func checks(_ report: ClientSoakReport, clientAlive: Bool, metrics: MetricsPage?) -> [SoakCheck] {
        let counts = report.total
        let good = counts.begun.filter { $0.key.failure == nil }.values.reduce(0, +)
        let limit = report.backoffSeconds + recoveryGrace
        let lines = Int(logLines + logLinesPerSecond * report.loadSeconds)
        return [
            SoakCheck(
                "the client is still running", clientAlive, clientAlive ? "yes" : "it has ended: \(report.lastWords)"),
            SoakCheck(
                "good targets are answered right", counts.wrong(where: true) == 0 && counts.good > 0,
                "\(counts.wrong(where: true)) of \(good) were not\(list(counts.wrong, of: counts.begun) { $0.failure == nil })"
            ),
            SoakCheck(
                "failures are of the right kind", counts.wrong(where: false) == 0,
                "\(counts.wrong(where: false)) of \(counts.handedOut - good) were not\(list(counts.wrong, of: counts.begun) { $0.failure != nil })"
            ),
            SoakCheck("no scrape is lost", counts.missing == 0, "\(counts.missing) of \(counts.handedOut) lost"),
            SoakCheck(
                "nothing is pushed twice", counts.twice + counts.unknown == 0,
                "\(counts.twice) twice, \(counts.unknown) for scrapes that never were, \(counts.repeated) again because the first had no answer"
            ),
            SoakCheck(
                "scrapes end in time", counts.late == 0,
                "\(counts.late) late, the slowest after \(Fixed.text(counts.slowest, 2)) s"),
            SoakCheck(
                "it polls again after trouble", counts.recoveries > 0 && counts.slowestRecovery <= limit,
                "\(counts.recoveries) times, after \(Fixed.text(counts.slowestRecovery, 2)) s at most, \(Fixed.text(limit, 1)) allowed"
            ),
            SoakCheck(
                "it does not hurry in trouble", counts.hurried == 0,
                "\(counts.pollsInTrouble) polls refused, \(counts.hurried) times too many at once"),
            SoakCheck(
                "it comes to rest", report.waves.allSatisfy(\.isQuiet) && !report.waves.isEmpty,
                "waves after which a poll was parked and nothing open: \(report.waves.filter(\.isQuiet).count) of \(report.waves.count)"
            ),
            .descriptorsAreBack(
                start: report.startDescriptors, end: report.waves.last?.restDescriptors ?? .max,
                allowance: descriptorAllowance),
            .memoryIsBack(
                first: report.waves.first?.restResidentBytes ?? 0, last: report.waves.last?.restResidentBytes ?? .max),
            SoakCheck("the log is bounded", report.logLines <= lines, "\(report.logLines) lines, at most \(lines)"),
        ] + counters(counts, metrics)
    }

    private static func counters(_ counts: ClientSoakCounts, _ metrics: MetricsPage?) -> [SoakCheck] {
        guard let metrics, let scrapes = metrics.sum("pushprox_client_scrapes_total") else {
            return [SoakCheck("counters agree", false, "GET /metrics was not answered, or has no scrapes")]
        }
        let failures = metrics.sum("pushprox_client_scrape_failures_total") ?? 0
        let pushErrors = metrics.sum("pushprox_client_push_errors_total") ?? 0
        let inFlight = metrics.sum("pushprox_client_scrapes_in_flight") ?? 0
        let least = counts.handedOut - counts.excused
        let short = counts.reported.filter { kind, count in
            metrics.sum("pushprox_client_scrape_failures_total", ["kind": kind]) ?? 0 < Double(count)
        }
        return [
            SoakCheck(
                "the client counted every scrape", (least...counts.handedOut).contains(Int(scrapes)),
                "\(Int(scrapes)) counted, \(counts.handedOut) handed out, \(counts.excused) of them maybe in vain"),
            SoakCheck(
                "the client counted every failure",
                short.isEmpty && Int(failures) <= counts.handedOut - counts.good
                    && Int(failures) >= counts.reported.values.reduce(0, +),
                "\(Int(failures)) counted, \(counts.reported.values.reduce(0, +)) reported, \(counts.brokenOff) broken off, \(counts.excused) gone with the proxy"
                    + short.map { ", too few of \($0.key)" }.joined()),
            SoakCheck(
                "scrapes, failures and pushes add up",
                counts.good + Int(failures) <= Int(scrapes)
                    && counts.good + Int(failures) + Int(pushErrors) >= Int(scrapes),
                "\(counts.good) good, \(Int(failures)) failures, \(Int(pushErrors)) failed pushes, \(Int(scrapes)) scrapes"
            ),
            SoakCheck("nothing is in flight", inFlight == 0, "\(Int(inFlight)) by its own account"),
        ]
    }

    private static func list(
        _ wrong: [TargetBehaviour: Int], of begun: [TargetBehaviour: Int], where matches: (TargetBehaviour) -> Bool
    ) -> String {
        let parts = wrong.filter { matches($0.key) }.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue) \($0.value) of \(begun[$0.key] ?? 0)" }
        return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
    }
}
