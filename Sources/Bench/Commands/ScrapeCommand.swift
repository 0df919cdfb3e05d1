import ArgumentParser
import Flags
import NIOPosix

/// `pushprox-bench scrape`.
struct ScrapeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrape",
        abstract: "Scrapes through a proxy as Prometheus does, and prints latencies.",
        discussion: """
            Closed loop (--in-flight N): N scrapes are always under way; shows what a proxy can do at most. \
            Open loop (--rate R): R scrapes are due per second whatever became of the earlier ones, and \
            latency counts from then; shows what Prometheus sees. A target is not scraped twice at once unless \
            --overlap is given.

            A scrape counts as good when it is answered 200 with a whole body that names its client and \
            itself. Exit code 1 when any was not.

            EXAMPLES
              The clients of `pushprox-bench fleet --clients 1000`, 64 scrapes in flight:
                pushprox-bench scrape --url http://127.0.0.1:8080 --in-flight 64

              1,000 scrapes a second for a minute:
                pushprox-bench scrape --url http://127.0.0.1:8080 --rate 1000 --duration 1m

              Real clients and exporters:
                pushprox-bench scrape --url http://127.0.0.1:8080 --any-body --rate 2 \\
                  --target a.example:9100 --target b.example:9100
            """)

    @Option(help: "The proxy, http://HOST:PORT or https:// (its certificate is not looked at).") var url: ProxyAddress
    @Option(help: "Scrape the clients PREFIX-0 … of a fleet of this many.") var clients = 1_000
    @Option(help: "What the names of the fleet's clients begin with.") var prefix = "bench"
    @Option(help: "Scrape these instead, HOST:PORT. May be repeated.") var target: [String] = []
    @Option(help: "Closed loop: scrapes always in flight. (default: 64)") var inFlight: Int?
    @Option(help: "Open loop: scrapes due per second.") var rate: Double?
    @Option(help: "How long to measure.") var duration = GoDuration.seconds(10)
    @Option(help: "How long to scrape before that.") var warmup = GoDuration.seconds(2)
    @Option(help: "The scrape timeout that is announced to the proxy.") var timeout = GoDuration.seconds(10)
    @Option(help: "The path of the scrapes.") var path = "/metrics"
    @Flag(help: "Take any body: the targets are not simulated clients.") var anyBody = false
    @Flag(help: "Scrape a target although its last scrape is still in flight.") var overlap = false
    @Option(help: "Most connections to the proxy.") var maxConnections = 4_096
    @Option(help: "Show this token to the proxy.") var token: String?
    @Option(help: "Seed of the order in which targets are scraped.") var seed: UInt64 = 1

    func validate() throws {
        guard inFlight == nil || rate == nil else {
            throw ValidationError("--in-flight and --rate exclude each other.")
        }
        guard (inFlight ?? 1) > 0 else { throw ValidationError("--in-flight must be positive.") }
        guard (rate ?? 1) > 0, (rate ?? 1) <= 1_000_000 else {
            throw ValidationError("--rate must be over 0 and at most 1000000.")
        }
        guard (1...1_000_000).contains(clients) else { throw ValidationError("--clients must be 1 to 1000000.") }
        guard (1...16_000).contains(maxConnections) else {
            throw ValidationError("--max-connections must be 1 to 16000.")
        }
    }

    func run() async throws {
        DescriptorLimit.raise()
        let targets =
            target.isEmpty
            ? (0..<clients).map { "\(FleetConfiguration.fqdn(prefix: prefix, index: $0)):9100" } : target
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let scraper = try await Scraper(
            ScrapeConfiguration(
                proxy: url, targets: targets, path: path, token: token, timeout: timeout, verifies: !anyBody,
                overlaps: overlap,
                maxConnections: maxConnections, seed: seed), on: group.next())
        try await scraper.start(rate.map { .open(perSecond: $0) } ?? .closed(inFlight: inFlight ?? 64))
        try await Task.sleep(for: .nanoseconds(warmup.nanoseconds))
        let before = try await scraper.mark()
        try await Task.sleep(for: .nanoseconds(duration.nanoseconds))
        var window = try await scraper.mark()
        let seconds = window.seconds
        try await scraper.stop()
        let after = try await scraper.mark()
        try await group.shutdownGracefully()
        // What was under way at the end is judged too, but belongs to no rate.
        let rest = before.counts + after.counts
        window.seconds = seconds
        print(ScrapeReport.text(window, outside: rest, isOpenLoop: rate != nil))
        if window.counts.errors + rest.errors > 0 { throw ExitCode(1) }
    }
}
