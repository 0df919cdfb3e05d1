import Foundation
import FoundationXML
import Testing

@testable import Bench

@Suite("Tables, charts and verdicts")
struct ReportTests {
    private func report() throws -> CompareReport {
        let contest = Contest(
            proxies: [try #require(NamedCommand("up=x")), try #require(NamedCommand("ours=y"))],
            workloads: [.load5k, .scale, .rates, .idle], pairs: 2, warmup: .seconds(1), window: .seconds(2),
            settle: .seconds(1), directory: "/nowhere")
        var runs: [Run] = []
        for work in contest.workloads.flatMap(\.cases) {
            for pair in 1...2 {
                for (name, factor) in [("up", 1.0), ("ours", 0.25)] {
                    var run = Run(workload: work.name, contestant: name, pair: pair)
                    run[.cpu] = 0.4 * factor
                    run[.p50] = 2 * factor
                    run[.p99] = 17 * factor
                    run[.errors] = 0
                    if work.name == "idle" {
                        run.memoryCurve = [
                            .init(clients: 1_000, residentBytes: 3e7 * factor),
                            .init(clients: 10_000, residentBytes: 2e8 * factor),
                        ]
                    }
                    runs.append(run)
                }
            }
        }
        runs[0].notes = ["something to doubt"]
        return CompareReport(contest: contest, cases: contest.workloads.flatMap(\.cases), runs: runs, ratios: [])
    }

    @Test("The table names contestants, ratios and doubts")
    func table() throws {
        let text = CompareTable(try report()).text()
        #expect(text.contains("CPU s per 1,000 scrapes, ours/up  0.250 ×"))
        #expect(text.contains("ours: scale-10000/scale-100"))
        #expect(text.contains("! up, run 1: something to doubt"))
    }

    @Test("The JSON report reads back as it was written")
    func json() throws {
        let report = try report()
        let text = try JSONFile.text(report)
        let read = try JSONDecoder().decode(CompareReport.self, from: Data(text.utf8))
        #expect(read.runs == report.runs)
        #expect(read.comparisons == report.comparisons)
    }

    @Test("Charts are well-formed XML, names of contestants with odd characters included")
    func charts() throws {
        let charts = CompareCharts.all(try report())
        #expect(charts.keys.sorted() == ["cpu-by-rate.svg", "latency-by-rate.svg", "memory-by-clients.svg"])
        let odd = LineChart(title: "<&\">", xTitle: "", yTitle: "", series: [.init(name: "a<b", points: [(0, 0)])])
        let empty = LineChart(title: "", xTitle: "", yTitle: "", series: [], isLogarithmic: true)
        for chart in Array(charts.values) + [odd, empty] {
            let parser = XMLParser(data: Data(chart.svg().utf8))
            #expect(parser.parse(), "\(String(describing: parser.parserError))")
        }
    }

    @Test(
        "Axes end at round numbers", arguments: [(0.0, 1.0), (3, 5), (10, 10), (214, 250), (0.07, 0.1), (1_001, 2_000)])
    func axes(value: Double, end: Double) { #expect(abs(LineChart.ceiling(value) - end) < end * 1e-9) }

    private func soak() -> (SoakReport, MetricsPage) {
        var report = SoakReport(seed: 1, command: ["p"])
        report.startDescriptors = 10
        var steady = ScrapeCounts()
        steady.sent = 100
        for _ in 0..<100 { steady.ended(status: 200, matches: true) }
        var chaotic = ScrapeCounts()
        chaotic.sent = 12
        for _ in 0..<10 { chaotic.ended(status: 504, matches: false) }
        chaotic.ended(status: 200, matches: true)
        chaotic.broken = 1
        var fleet = FleetCounts()
        (fleet.scrapes, fleet.pushes, fleet.pushesTaken) = (70, 70, 70)
        var tunnels = FleetCounts()
        (tunnels.scrapes, tunnels.pushesTaken) = (30, 30)
        var chaos = ChaosCounts()
        (chaos.scrapes, chaos.pushes, chaos.pushesTaken) = (1, 1, 1)
        (chaos.tunnels, chaos.lies, chaos.connects, chaos.connectsRefused) = (3, 2, 2, 1)
        report.waves = [
            .init(
                steady: steady, chaotic: chaotic, fleet: fleet, tunnels: tunnels, chaos: chaos,
                restResidentBytes: 20_000_000,
                restDescriptors: 12)
        ]
        let page = MetricsPage(
            """
            # TYPE pushproxy_proxied_requests_total counter
            pushproxy_proxied_requests_total{code="200"} 102
            pushproxy_proxied_requests_total{code="504"} 10
            pushprox_http_requests_total{code="200",path="/push"} 71
            pushprox_http_requests_total{path="/poll",code="200"} 7.1e+01
            pushprox_transport_scrapes_total{transport="tunnel"} 30
            pushprox_proxy_tunnels 0
            """)
        return (report, page)
    }

    private func failures(_ report: SoakReport, _ page: MetricsPage?, alive: Bool = true) -> [String] {
        SoakJudge.checks(report, proxyAlive: alive, metrics: page).filter { !$0.passed }.map(\.name)
    }

    @Test("A soak passes when everything adds up")
    func soundSoak() {
        let (report, page) = soak()
        #expect(failures(report, page) == [])
    }

    @Test("A soak fails for every thing that does not")
    func unsoundSoaks() {
        let (sound, page) = soak()
        #expect(failures(sound, page, alive: false) == ["the proxy is still running"])
        #expect(failures(sound, nil) == ["counters agree"])
        #expect(failures(sound, MetricsPage("up 1\n")) == ["counters agree"])
        var report = sound
        report.waves[0].fleet.repeats = 1
        #expect(failures(report, page) == ["no scrape delivered twice", "the clients that behave saw no error"])
        report = sound
        report.waves[0].steady.stray = 1
        #expect(failures(report, page) == ["no scrape lost", "no scrape answered twice"])
        report = sound
        report.waves[0].chaotic.mismatched = 1
        #expect(failures(report, page) == ["nobody gets another's answer"])
        report = sound
        report.waves[0].tunnels.connectionsLost = 1
        #expect(failures(report, page) == ["the clients that behave saw no error"])
        report = sound
        report.waves[0].tunnels.scrapes += 1
        #expect(failures(report, page) == ["no scrape delivered twice", "the proxy counted the tunnels' scrapes"])
        report = sound
        report.waves[0].chaos.liesTaken = 1
        #expect(failures(report, page) == ["a lie ends its tunnel"])
        report = sound
        report.waves[0].chaos.badUpgradesTaken = 1
        #expect(failures(report, page) == ["no bad request opens a tunnel"])
        report = sound
        report.waves[0].chaos.connectsUnanswered = 1
        #expect(failures(report, page) == ["connections are answered"])
        report = sound
        report.waves[0].chaos.connectsMismatched = 1
        #expect(failures(report, page) == ["connections bring what was sent"])
        report = sound
        report.waves[0].chaos.connectsCut = 1
        #expect(failures(report, page) == ["connections bring what was sent"])
        report = sound
        report.waves[0].chaotic.sent += 3
        #expect(failures(report, page) == ["the proxy counted every scrape"])
        report = sound
        report.waves[0].restDescriptors = 600
        #expect(failures(report, page) == ["descriptors are back"])
        report = sound
        report.waves[0].visits.failed = 1
        #expect(failures(report, page) == ["newcomers are served"])
        report = sound
        report.waves[0].visits.slowest = 5.5
        #expect(failures(report, page) == ["newcomers are served"])
        report = sound
        report.waves[0].slowestScrape = 11
        #expect(failures(report, page) == ["steady scrapes are answered in time"])
        report = sound
        report.waves[0].chaos.swallowed = 1
        #expect(failures(report, page) == ["no body without end is taken"])
        report = sound
        report.waves[0].chaos.hugeUnanswered = 1
        #expect(failures(report, page) == ["huge bodies are refused at once"])
        report = sound
        report.waves[0].chaos.originsTaken = 1
        #expect(failures(report, page) == ["pages in browsers are refused"])
        report = sound
        report.logLines = 10_000
        #expect(failures(report, page) == ["the log is bounded"])
        let held = MetricsPage("pushprox_web_answer_bytes 5\n").samples
        #expect(failures(sound, MetricsPage(samples: page.samples + held)) == ["no bytes are under way"])
        let open = MetricsPage("pushprox_proxy_streams 1\n").samples
        #expect(failures(sound, MetricsPage(samples: page.samples + open)) == ["nothing is under way"])
        report = sound
        report.waves.append(report.waves[0])
        report.waves[1].restResidentBytes = 90_000_000
        #expect(failures(report, page).contains("memory is back"))
    }
}
