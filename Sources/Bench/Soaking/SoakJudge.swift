/// Decides whether what a soak found is what it should be. Pure: figures in, checks out.
enum SoakJudge {
    /// Descriptors that a proxy may have more than at its start: a database that was opened, a log that was rotated.
    static let descriptorAllowance = 12
    /// How long a newcomer, and a scrape of a client that behaves, may wait; seconds. A machine that is busy with other things is
    /// no failure, a slot that nobody gives up is.
    static let visitLimit = 5.0
    static let scrapeLimit = 10.0
    /// Lines that the log may have at any load, and more of them per second.
    static let logLines = 300.0
    static let logLinesPerSecond = 5.0

    /// What must be at 0 when everybody has left.
    private static let gauges: Set<String> = [
        "pushprox_proxy_connected_clients", "pushprox_proxy_waiting_polls", "pushprox_proxy_tunnels",
        "pushprox_proxy_streams", "pushprox_connections", "pushprox_scrapes_queued", "pushprox_scrapes_in_flight",
    ]

    static func checks(_ report: SoakReport, proxyAlive: Bool, metrics: MetricsPage?) -> [SoakCheck] {
        let steady = report.waves.reduce(ScrapeCounts()) { $0 + $1.steady }
        let chaotic = report.waves.reduce(ScrapeCounts()) { $0 + $1.chaotic }
        let fleet = report.waves.reduce(FleetCounts()) { $0 + $1.fleet }
        let tunnels = report.waves.reduce(FleetCounts()) { $0 + $1.tunnels }
        let both = fleet + tunnels
        var checks = [
            check("the proxy is still running", proxyAlive, proxyAlive ? "yes" : "it has ended"),
            check(
                "no scrape lost", steady.good == steady.sent && steady.errors == 0 && steady.sent > 0,
                "\(steady.good) of \(steady.sent) answered with their own, whole body; \(steady.summary)"),
            check(
                "no scrape delivered twice", both.repeats == 0 && both.scrapes == steady.sent,
                "\(both.scrapes) of \(steady.sent) delivered, \(tunnels.scrapes) of them through tunnels, \(both.repeats) again"
            ),
            check(
                "no scrape answered twice", steady.stray + chaotic.stray == 0,
                "\(steady.stray + chaotic.stray) connections with bytes after their answer"),
            check(
                "the clients that behave saw no error", both.errors == 0,
                "polls \(both.pollErrors), pushes \(both.pushErrors), lost connections \(both.connectionsLost), connects \(both.connectErrors)"
            ),
            check(
                "scrapes of the others end in time", chaotic.lost == 0,
                "\(chaotic.answered) answered, \(chaotic.broken) broken off, \(chaotic.lost) never ended"),
            check(
                "nobody gets another's answer", chaotic.mismatched == 0,
                "\(chaotic.statuses[200] ?? 0) answered with 200, \(chaotic.mismatched) with a wrong or short body"),
        ]
        checks += misbehaviour(report)
        checks += resources(report, metrics)
        checks += counters(
            report, steady: steady, chaotic: chaotic, fleet: fleet, tunnels: tunnels, metrics: metrics)
        return checks
    }

    private static func resources(_ report: SoakReport, _ metrics: MetricsPage?) -> [SoakCheck] {
        guard let first = report.waves.first, let last = report.waves.last else { return [] }
        let lines = Int(logLines + logLinesPerSecond * report.loadSeconds)
        let held = (metrics?.samples ?? []).filter { $0.name.hasPrefix("pushprox_") && $0.name.hasSuffix("_bytes") }
        let busy = (metrics?.samples ?? []).filter { gauges.contains($0.name) && $0.value != 0 }
        return [
            .descriptorsAreBack(
                start: report.startDescriptors, end: last.restDescriptors, allowance: descriptorAllowance),
            .memoryIsBack(first: first.restResidentBytes, last: last.restResidentBytes),
            check(
                "no bytes are under way", held.allSatisfy { $0.value == 0 },
                held.map { "\($0.name) \(Int($0.value))" }.joined(separator: ", ")),
            check(
                "nothing is under way", busy.isEmpty,
                busy.isEmpty
                    ? "all gauges are at 0" : busy.map { "\($0.name) \(Int($0.value))" }.joined(separator: ", ")),
            check("the log is bounded", report.logLines <= lines, "\(report.logLines) lines, at most \(lines)"),
        ]
    }

    /// What those who misbehave must not be able to do.
    private static func misbehaviour(_ report: SoakReport) -> [SoakCheck] {
        let visits = report.waves.reduce(VisitCounts()) { $0 + $1.visits }
        let slowest = report.waves.map(\.slowestScrape).max() ?? 0
        let swallowed = report.waves.reduce(0) { $0 + $1.chaos.swallowed }
        let origins = report.waves.reduce(0) { $0 + $1.chaos.originsTaken }
        let huge = report.waves.reduce(0) { $0 + $1.chaos.hugeUnanswered }
        let chaos = report.waves.map(\.chaos)
        let (lies, liesTaken) = (chaos.reduce(0) { $0 + $1.lies }, chaos.reduce(0) { $0 + $1.liesTaken })
        let upgrades = chaos.reduce(0) { $0 + $1.badUpgradesTaken }
        let connects = chaos.reduce(0) { $0 + $1.connects }
        let unanswered = chaos.reduce(0) { $0 + $1.connectsUnanswered }
        let wrong = chaos.reduce(0) { $0 + $1.connectsMismatched }
        let cut = chaos.reduce(0) { $0 + $1.connectsCut }
        return [
            check(
                "newcomers are served", visits.failed == 0 && visits.slowest <= visitLimit,
                "\(visits.failed) of \(visits.made) were not, the slowest after \(Fixed.text(visits.slowest, 2)) s"),
            check(
                "steady scrapes are answered in time", slowest <= scrapeLimit,
                "the slowest after \(Fixed.text(slowest, 2)) s"),
            check("no body without end is taken", swallowed == 0, "\(swallowed) taken"),
            check("huge bodies are refused at once", huge == 0, "\(huge) had no answer after 5 s"),
            check("pages in browsers are refused", origins == 0, "\(origins) not answered with 403"),
            check(
                "a lie ends its tunnel", liesTaken == 0,
                "\(lies) told in \(chaos.reduce(0) { $0 + $1.tunnels }) tunnels, \(liesTaken) believed for 10 s"),
            check("no bad request opens a tunnel", upgrades == 0, "\(upgrades) not refused"),
            check(
                "connections are answered", unanswered == 0,
                "\(connects) asked for, \(chaos.reduce(0) { $0 + $1.connectsOpened }) opened, \(chaos.reduce(0) { $0 + $1.connectsRefused }) refused, \(unanswered) not answered"
            ),
            check(
                "connections bring what was sent", wrong + cut == 0,
                "\(wrong) brought other bytes, \(cut) ended in good order with less"),
        ]
    }

    private static func counters(
        _ report: SoakReport, steady: ScrapeCounts, chaotic: ScrapeCounts, fleet: FleetCounts,
        tunnels: FleetCounts, metrics: MetricsPage?
    ) -> [SoakCheck] {
        guard let metrics else { return [check("counters agree", false, "GET /metrics was not answered")] }
        let name = "pushproxy_proxied_requests_total"
        guard let all = metrics.sum(name) else { return [check("counters agree", false, "/metrics has no \(name)")] }
        let good = metrics.sum(name, ["code": "200"]) ?? 0
        let sent = steady.sent + chaotic.sent
        let answered = (steady.statuses[200] ?? 0) + (chaotic.statuses[200] ?? 0)
        // A response that broke off counts as whatever its head said, and may not have got as far as that.
        let unread = report.waves.reduce(0) { $0 + $1.chaos.unread }
        // CONNECTs are counted by the same counter.
        let connects = report.waves.reduce(0) { $0 + $1.chaos.connects }
        let broken = steady.broken + chaotic.broken + steady.lost + chaotic.lost + unread + connects
        let pushed = fleet.pushesTaken + report.waves.reduce(0) { $0 + $1.chaos.pushesTaken }
        let pushTried = fleet.pushes + report.waves.reduce(0) { $0 + $1.chaos.pushes + $1.chaos.garbage }
        let taken = metrics.sum("pushprox_http_requests_total", ["path": "/push", "code": "200"]) ?? 0
        let delivered = fleet.scrapes + report.waves.reduce(0) { $0 + $1.chaos.scrapes }
        let polls = metrics.sum("pushprox_http_requests_total", ["path": "/poll", "code": "200"]) ?? 0
        let uncertain = report.waves.reduce(connects) { $0 + $1.chaos.unread + $1.chaos.badTargets }
        let tunnelled = metrics.sum("pushprox_transport_scrapes_total", ["transport": "tunnel"]) ?? 0
        return [
            check(
                "the proxy counted every scrape", (sent...(sent + uncertain)).contains(Int(all)),
                "\(Int(all)) counted, \(sent) sent, and up to \(uncertain) that were not meant to be answered"),
            check(
                "the proxy counted the good ones", (answered...(answered + broken)).contains(Int(good)),
                "\(Int(good)) counted with code 200, \(answered) answered with 200, \(broken) broken off, lost, unread or CONNECTs"
            ),
            check(
                "the proxy counted the pushes", (pushed...max(pushed, pushTried)).contains(Int(taken)),
                "\(Int(taken)) counted with code 200, \(pushed) answered with 200, \(pushTried) written"),
            check(
                "the proxy counted the deliveries", Int(polls) >= delivered,
                "\(Int(polls)) polls counted with code 200, \(delivered) scrapes received by clients"),
            check(
                "the proxy counted the tunnels' scrapes", Int(tunnelled) >= tunnels.scrapes,
                "\(Int(tunnelled)) counted, \(tunnels.scrapes) received by clients that behave"),
        ]
    }

    static func check(_ name: String, _ passed: Bool, _ detail: String) -> SoakCheck {
        SoakCheck(name, passed, detail)
    }
}
