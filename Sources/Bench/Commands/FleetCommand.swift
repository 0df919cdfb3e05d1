import ArgumentParser
import Flags
import NIOPosix
import Tunnel

/// `pushprox-bench fleet`.
struct FleetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Simulates clients: each polls, and answers every scrape.",
        discussion: """
            Clients are called PREFIX-0, PREFIX-1 …; `scrape` with the same --prefix and --clients finds them. \
            Runs until --duration is over or it is interrupted, and prints its counts every second.

            A client takes one descriptor for its poll and one for its pushes. Where that is too many, \
            --push-connections lets all clients share some.

            EXAMPLES
              1,000 clients that answer 5 kB at once:
                pushprox-bench fleet --url http://127.0.0.1:8080 --clients 1000

              Mostly small bodies, some large, after 50 ms, marked as gzip:
                pushprox-bench fleet --url http://127.0.0.1:8080 --clients 200 \\
                  --body 2k:70,20k:25,1M:5 --delay 50ms --gzip
            """)

    @Option(help: "The proxy, http://HOST:PORT or https:// (its certificate is not looked at).") var url: ProxyAddress
    @Option(help: "How many clients.") var clients = 1_000
    @Option(help: "What their names begin with.") var prefix = "bench"
    @Option(help: "Body sizes: one (5k, 1M, 64KiB) or some with weights (2k:70,1M:5).") var body = BodySizes(
        fixed: 5_000)
    @Flag(help: "Mark bodies as Content-Encoding: gzip (they are not compressed).") var gzip = false
    @Option(help: "From being asked to pushing.") var delay = GoDuration(nanoseconds: 0)
    @Flag(help: "Give every client a tunnel, in place of polls and pushes.") var tunnel = false
    @Option(help: "How many names each tunnel answers for; only the first is scraped.") var names = 1
    @Flag(help: "Let every name declare five labels and three targets.") var declare = false
    @Flag(help: "Let every client show a token of its own, of those that scripts/bench-access makes.") var tokens =
        false
    @Flag(help: "Send X-Pushprox-Instance, as this project's client does.") var ours = false
    @Option(
        help:
            "Connections that all clients of a thread share for pushes. (default: one per client up to 4000 clients, else 256)"
    )
    var pushConnections: Int?
    @Option(help: "Threads.") var threads = 1
    @Option(help: "Seed of what is random.") var seed: UInt64 = 1
    @Option(help: "How long to run; 0 is until interrupted.") var duration = GoDuration(nanoseconds: 0)

    func validate() throws {
        guard (1...1_000_000).contains(clients) else { throw ValidationError("--clients must be 1 to 1000000.") }
        guard (1...Hello.maxNames).contains(names), tunnel || names == 1 else {
            throw ValidationError("--names must be 1 to \(Hello.maxNames), and needs --tunnel.")
        }
        guard (1...64).contains(threads) else { throw ValidationError("--threads must be 1 to 64.") }
        guard pushConnections.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--push-connections must be positive.")
        }
    }

    func run() async throws {
        let shared = tunnel ? 0 : pushConnections ?? FleetConfiguration.defaultPushConnections(clients: clients)
        let needed = clients + (shared.map { $0 * threads } ?? clients) + 64
        let limit = DescriptorLimit.raise() ?? .max
        guard needed <= limit else {
            throw ValidationError(
                "\(clients) clients need \(needed) descriptors, and this process may have \(limit): lower --clients or --push-connections, or raise the limit (ulimit -n)."
            )
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let fleet = try await Fleet(
            FleetConfiguration(
                proxy: url, clients: clients, prefix: prefix, sizes: body, gzip: gzip, delay: delay,
                sendsInstance: ours,
                sharedPushConnections: shared, isTunnelled: tunnel, namesPerTunnel: names,
                declares: declare, showsTokens: tokens, seed: seed),
            on: Array(group.makeIterator()))
        let connecting = Task { try await fleet.start() }
        let clock = ContinuousClock()
        let began = clock.now
        while duration.nanoseconds == 0 || clock.now - began < .nanoseconds(duration.nanoseconds) {
            try await Task.sleep(for: .seconds(1))
            let counts = try await fleet.counts()
            print(
                "connected \(counts.connected)  scrapes \(counts.scrapes)  pushed \(counts.pushesTaken)  errors \(counts.errors)"
                    + (counts.errors == 0
                        ? ""
                        : "  (poll \(counts.pollErrors), push \(counts.pushErrors), lost connections \(counts.connectionsLost), failed connects \(counts.connectErrors))")
            )
        }
        connecting.cancel()
        try await fleet.stop()
        try await group.shutdownGracefully()
    }
}
