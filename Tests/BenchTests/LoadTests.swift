import NIOPosix
import Testing

@testable import Bench

@Suite("Fleet and scraper on real sockets")
struct LoadTests {
    private struct Outcome {
        var window: ScrapeWindow
        var fleet: FleetCounts
    }

    /// Scrapes 20 clients until the proxy has answered 200 scrapes.
    private func run(
        _ fault: MiniProxy.Fault = .none, load: Load = .closed(inFlight: 8), scrapes: Int = 200,
        configure: (inout FleetConfiguration) -> Void = { _ in }
    ) async throws -> Outcome {
        let proxy = try await MiniProxy(fault)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var configuration = FleetConfiguration(proxy: proxy.address, clients: 20, noticesRepeats: true)
        configure(&configuration)
        let fleet = try await Fleet(configuration, on: [group.next()])
        try await fleet.start()
        let scraper = try await Scraper(
            ScrapeConfiguration(
                proxy: proxy.address,
                targets: (0..<20).map { "\(FleetConfiguration.fqdn(prefix: "bench", index: $0)):9100" }),
            on: group.next())
        try await scraper.start(load)
        try await proxy.answered(scrapes)
        try await scraper.stop()
        let outcome = Outcome(window: try await scraper.mark(), fleet: try await fleet.counts())
        try await fleet.stop()
        try await proxy.stop()
        try await group.shutdownGracefully()
        return outcome
    }

    @Test("A closed loop is answered without an error, and every scrape with its own body")
    func closedLoop() async throws {
        let outcome = try await run()
        #expect(outcome.window.counts.good >= 200)
        #expect(outcome.window.counts.good == outcome.window.counts.sent)
        #expect(outcome.window.counts.errors == 0)
        #expect(outcome.window.latency.totalCount == UInt64(outcome.window.counts.good))
        #expect(outcome.fleet.scrapes == outcome.window.counts.sent)
        #expect(outcome.fleet.errors == 0)
    }

    @Test("An open loop sends what is due, and what a target cannot take is skipped, not lost")
    func openLoop() async throws {
        let outcome = try await run(load: .open(perSecond: 2_000))
        let counts = outcome.window.counts
        #expect(counts.good >= 200)
        #expect(counts.good == counts.sent)
        #expect(counts.errors == counts.skipped)
        #expect(outcome.window.lateness.totalCount >= UInt64(counts.sent + counts.skipped))
    }

    @Test("Bodies may be large, of mixed sizes, late, marked gzip, and pushed over shared connections")
    func variations() async throws {
        let outcome = try await run { configuration in
            configuration.sizes = BodySizes("100:1,5k:2,300k:1") ?? BodySizes(fixed: 1)
            configuration.delay = .milliseconds(1)
            configuration.gzip = true
            configuration.sendsInstance = true
            configuration.sharedPushConnections = 3
        }
        #expect(outcome.window.counts.good == outcome.window.counts.sent)
        #expect(outcome.window.counts.errors == 0)
        #expect(outcome.window.bodyBytes > 200 * 100)
    }

    @Test("A body smaller than its first line is that line")
    func tinyBodies() async throws {
        let outcome = try await run { $0.sizes = BodySizes(fixed: 1) }
        #expect(outcome.window.counts.good == outcome.window.counts.sent)
    }

    @Test("Another scrape's answer is a wrong body")
    func wrongBodies() async throws {
        let outcome = try await run(.answersOthers)
        #expect(outcome.window.counts.good == 0)
        #expect(outcome.window.counts.mismatched == outcome.window.counts.answered)
    }

    @Test("A response that ends early is broken off, not good")
    func shortBodies() async throws {
        let outcome = try await run(.cutsShort)
        #expect(outcome.window.counts.good == 0)
        #expect(outcome.window.counts.broken == outcome.window.counts.sent)
    }

    @Test("A refused scrape is an error with its status")
    func refusals() async throws {
        let outcome = try await run(.refuses)
        #expect(outcome.window.counts.statuses[504] == outcome.window.counts.answered)
        #expect(outcome.window.counts.errors == outcome.window.counts.answered)
    }

    @Test("A second answer to one scrape is noticed")
    func doubleAnswers() async throws {
        let outcome = try await run(.answersTwice)
        #expect(outcome.window.counts.stray > 0)
    }

    @Test("A scrape that is delivered twice is noticed by the fleet")
    func doubleDeliveries() async throws {
        let outcome = try await run(.deliversTwice)
        #expect(outcome.fleet.repeats > 0)
    }

    @Test("A fleet grows while it runs")
    func growth() async throws {
        let proxy = try await MiniProxy()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let fleet = try await Fleet(FleetConfiguration(proxy: proxy.address, clients: 0), on: [group.next()])
        for count in [10, 150] {
            try await fleet.grow(to: count)
            #expect(try await fleet.counts().connected == count)
        }
        try await fleet.stop()
        try await proxy.stop()
        try await group.shutdownGracefully()
    }

    @Test("The exporter answers a scrape with a body that names it")
    func exporter() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let exporter = try await Exporter.start(hosts: 1, size: 50_000, on: group.next())
        let answer = try await HTTPGet.get(
            "/metrics?n=42", from: ProxyAddress(host: "127.0.0.1", port: exporter.port), on: group.next())
        #expect(answer.status == 200)
        #expect(Payload.matches(start: answer.body, length: answer.body.count, fqdn: "127.0.0.1", token: 42))
        await exporter.stop()
        try await group.shutdownGracefully()
    }
}
