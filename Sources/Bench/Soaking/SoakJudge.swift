/// Decides whether what a soak found is what it should be. Pure: figures in, checks out.
enum SoakJudge {
    /// Descriptors that a proxy may have more than at its start: a database that was opened, a log that was rotated.
    static let descriptorAllowance = 12
    /// Growth of memory from the first wave's end to the last's that is no leak.
    static let memoryFactor = 1.2
    static let memoryAllowance = 16_000_000

    static func checks(_ report: SoakReport, proxyAlive: Bool, metrics: MetricsPage?) -> [SoakReport.Check] {
        let steady = report.waves.reduce(ScrapeCounts()) { $0 + $1.steady }
        let chaotic = report.waves.reduce(ScrapeCounts()) { $0 + $1.chaotic }
        let fleet = report.waves.reduce(FleetCounts()) { $0 + $1.fleet }
        var checks = [
            check("the proxy is still running", proxyAlive, proxyAlive ? "yes" : "it has ended"),
            check(
                "no scrape lost", steady.good == steady.sent && steady.errors == 0 && steady.sent > 0,
                "\(steady.good) of \(steady.sent) answered with their own, whole body; \(steady.summary)"),
            check(
                "no scrape delivered twice", fleet.repeats == 0 && fleet.scrapes == steady.sent,
                "\(fleet.scrapes) of \(steady.sent) delivered, \(fleet.repeats) again"),
            check(
                "no scrape answered twice", steady.stray + chaotic.stray == 0,
                "\(steady.stray + chaotic.stray) connections with bytes after their answer"),
            check(
                "the clients that behave saw no error", fleet.errors == 0,
                "polls \(fleet.pollErrors), pushes \(fleet.pushErrors), lost connections \(fleet.connectionsLost), connects \(fleet.connectErrors)"
            ),
            check(
                "scrapes of the others end in time", chaotic.lost == 0,
                "\(chaotic.answered) answered, \(chaotic.broken) broken off, \(chaotic.lost) never ended"),
            check(
                "nobody gets another's answer", chaotic.mismatched == 0,
                "\(chaotic.statuses[200] ?? 0) answered with 200, \(chaotic.mismatched) with a wrong or short body"),
        ]
        checks += resources(report)
        checks += counters(report, steady: steady, chaotic: chaotic, fleet: fleet, metrics: metrics)
        return checks
    }

    private static func resources(_ report: SoakReport) -> [SoakReport.Check] {
        guard let first = report.waves.first, let last = report.waves.last else { return [] }
        let limit = Int(Double(first.restResidentBytes) * memoryFactor) + memoryAllowance
        return [
            check(
                "descriptors are back", last.restDescriptors <= report.startDescriptors + descriptorAllowance,
                "\(report.startDescriptors) at the start, \(last.restDescriptors) at the end"),
            check(
                "memory is back", last.restResidentBytes <= limit,
                "\(last.restResidentBytes / 1_000) kB at the end, \(first.restResidentBytes / 1_000) kB after the first wave, up to \(limit / 1_000) kB is no leak"
            ),
        ]
    }

    private static func counters(
        _ report: SoakReport, steady: ScrapeCounts, chaotic: ScrapeCounts, fleet: FleetCounts, metrics: MetricsPage?
    ) -> [SoakReport.Check] {
        guard let metrics else { return [check("counters agree", false, "GET /metrics was not answered")] }
        let name = "pushproxy_proxied_requests_total"
        guard let all = metrics.sum(name) else { return [check("counters agree", false, "/metrics has no \(name)")] }
        let good = metrics.sum(name, ["code": "200"]) ?? 0
        let sent = steady.sent + chaotic.sent
        let answered = (steady.statuses[200] ?? 0) + (chaotic.statuses[200] ?? 0)
        // A response that broke off counts as whatever its head said, and may not have got as far as that.
        let broken = steady.broken + chaotic.broken + steady.lost + chaotic.lost
        let pushed = fleet.pushesTaken + report.waves.reduce(0) { $0 + $1.chaos.pushesTaken }
        let pushTried = fleet.pushes + report.waves.reduce(0) { $0 + $1.chaos.pushes + $1.chaos.garbage }
        let taken = metrics.sum("pushprox_http_requests_total", ["path": "/push", "code": "200"]) ?? 0
        let delivered = fleet.scrapes + report.waves.reduce(0) { $0 + $1.chaos.scrapes }
        let polls = metrics.sum("pushprox_http_requests_total", ["path": "/poll", "code": "200"]) ?? 0
        return [
            check("the proxy counted every scrape", Int(all) == sent, "\(Int(all)) counted, \(sent) sent"),
            check(
                "the proxy counted the good ones", (answered...(answered + broken)).contains(Int(good)),
                "\(Int(good)) counted with code 200, \(answered) answered with 200, \(broken) broken off or lost"),
            check(
                "the proxy counted the pushes", (pushed...max(pushed, pushTried)).contains(Int(taken)),
                "\(Int(taken)) counted with code 200, \(pushed) answered with 200, \(pushTried) written"),
            check(
                "the proxy counted the deliveries", Int(polls) >= delivered,
                "\(Int(polls)) polls counted with code 200, \(delivered) scrapes received by clients"),
        ]
    }

    static func check(_ name: String, _ passed: Bool, _ detail: String) -> SoakReport.Check {
        SoakReport.Check(name: name, passed: passed, detail: detail)
    }
}
