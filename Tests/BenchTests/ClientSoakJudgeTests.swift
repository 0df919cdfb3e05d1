import NIOPosix
import Testing

@testable import Bench

@Suite("The verdict on a client under a soak")
struct ClientSoakJudgeTests {
    private func sound() -> (ClientSoakReport, MetricsPage) {
        var counts = ClientSoakCounts()
        (counts.handedOut, counts.good, counts.brokenOff, counts.excused) = (100, 80, 2, 8)
        counts.reported = ["target_broken": 10]
        counts.begun = [.closes: 85, .resets: 15]
        (counts.recoveries, counts.slowestRecovery) = (3, 0.4)
        var report = ClientSoakReport(seed: 1, command: ["c"], backoffSeconds: 0.5)
        (report.startDescriptors, report.startResidentBytes, report.logLines) = (12, 20_000_000, 9)
        report.waves = [
            .init(counts: ClientSoakCounts(), restResidentBytes: 25_000_000, restDescriptors: 12),
            .init(counts: counts, restResidentBytes: 26_000_000, restDescriptors: 13),
        ]
        let page = MetricsPage(
            """
            pushprox_client_scrapes_total 97
            pushprox_client_scrapes_in_flight 0
            pushprox_client_push_errors_total 5
            pushprox_client_scrape_failures_total{kind="target_broken"} 12
            pushprox_client_scrape_failures_total{kind="target_timeout"} 1
            """)
        return (report, page)
    }

    /// The checks that fail after a change of the last wave's counts, or of the report.
    private func failures(
        alive: Bool = true, page: MetricsPage? = nil, counts: (inout ClientSoakCounts) -> Void = { _ in },
        report change: (inout ClientSoakReport) -> Void = { _ in }
    ) -> [String] {
        var (report, sound) = sound()
        counts(&report.waves[1].counts)
        change(&report)
        return ClientSoakJudge.checks(report, clientAlive: alive, metrics: page ?? sound).filter { !$0.passed }
            .map(\.name)
    }

    @Test("It passes when everything adds up")
    func soundSoak() {
        #expect(failures() == [])
        let (report, _) = sound()
        #expect(report.summary.count == 3)
    }

    @Test("It fails for every thing that does not")
    func unsoundSoaks() {
        #expect(failures(alive: false) == ["the client is still running"])
        #expect(failures(page: MetricsPage("up 1\n")) == ["counters agree"])
        #expect(failures { $0.wrong = [.closes: 1] } == ["good targets are answered right"])
        #expect(failures { $0.wrong = [.resets: 1] } == ["failures are of the right kind"])
        #expect(failures { $0.missing = 1 } == ["no scrape is lost"])
        #expect(failures { $0.twice = 1 } == ["nothing is pushed twice"])
        #expect(failures { $0.unknown = 1 } == ["nothing is pushed twice"])
        #expect(failures { $0.late = 1 } == ["scrapes end in time"])
        #expect(failures { $0.slowestRecovery = 2.6 } == ["it polls again after trouble"])
        #expect(failures { $0.recoveries = 0 } == ["it polls again after trouble"])
        #expect(failures { $0.hurried = 1 } == ["it does not hurry in trouble"])
        #expect(failures(report: { $0.waves[0].isQuiet = false }) == ["it comes to rest"])
        #expect(failures(report: { $0.waves[1].restDescriptors = 17 }) == ["descriptors are back"])
        #expect(failures(report: { $0.waves[1].restResidentBytes = 60_000_000 }) == ["memory is back"])
        #expect(failures(report: { $0.logLines = 60 }) == ["the log is bounded"])
    }

    @Test("Counters that contradict what was seen are found")
    func counters() {
        func page(_ scrapes: Int, _ failures: Int, pushErrors: Int = 5, inFlight: Int = 0) -> MetricsPage {
            MetricsPage(
                """
                pushprox_client_scrapes_total \(scrapes)
                pushprox_client_scrapes_in_flight \(inFlight)
                pushprox_client_push_errors_total \(pushErrors)
                pushprox_client_scrape_failures_total{kind="target_broken"} \(failures)
                """)
        }
        #expect(failures(page: page(101, 17)).contains("the client counted every scrape"))
        #expect(failures(page: page(91, 11)) == ["the client counted every scrape"])
        #expect(failures(page: page(94, 9)).contains("the client counted every failure"))
        #expect(failures(page: page(100, 21)).contains("the client counted every failure"))
        #expect(failures(page: page(100, 12, pushErrors: 7)) == ["scrapes, failures and pushes add up"])
        #expect(failures(page: page(95, 13, inFlight: 1)) == ["nothing is in flight"])
    }

    @Test("What is not a kind of target, or not a rate, is refused with a reason")
    func options() throws {
        let client = ["--client", "a=x {proxy}"]
        #expect(throws: (any Error).self) { try ClientSoakCommand.parse(client + ["--only", "closes,whatever"]) }
        #expect(throws: (any Error).self) { try ClientSoakCommand.parse(client + ["--rate", "0"]) }
        #expect(throws: (any Error).self) { try ClientSoakCommand.parse(client + ["--backoff", "1ms"]) }
        #expect(throws: (any Error).self) { try ClientSoakCommand.parse(client + ["--duration", "0s"]) }
        #expect(throws: Never.self) { try ClientSoakCommand.parse(client + ["--only", "closes,stalls"]) }
    }

    @Test("A client that ends before it has polled is reported")
    func endsAtOnce() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let folder = try #require(Directory.makeUnique(in: "/tmp", prefix: "bench-tests-"))
        let plan = ClientSoakRunner.Plan(
            command: try #require(NamedCommand("bad=/bin/false")), duration: .seconds(1), rate: 10,
            backoff: .milliseconds(100), behaviours: [.answers], seed: 1, drain: .seconds(1), directory: folder)
        let failure = await #expect(throws: ClientSoakRunner.Failure.self) {
            _ = try await ClientSoakRunner(plan: plan, loop: group.next()).run()
        }
        #expect(failure?.description.contains("bad did not poll") == true)
        Directory.remove(folder)
        try await group.shutdownGracefully()
    }
}
