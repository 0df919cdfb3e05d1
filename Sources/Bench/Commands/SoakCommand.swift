import ArgumentParser
import Flags
import NIOPosix

/// `pushprox-bench soak`.
struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Puts a proxy under clients that misbehave, beside steady scrapes, and says whether it held.",
        discussion: """
            Starts the proxy, then brings two waves of load. Clients that behave are scraped at a steady rate, \
            and every one of these scrapes must be answered once, with its own body, whole. Beside them others \
            come and go, vanish without a word, poll twice, push late, twice, half, byte by byte or garbage, \
            send bodies without end, change their names, never read, hold connections; have tunnels in which they lie, \
            stall, flood, vanish, refuse; ask for connections (CONNECT) and idle, half-close or abort. Scrapes of \
            them may fail, but must end in time and never bring another's answer. After each wave all clients leave, \
            and the proxy must let go of what they cost. What happens follows from --seed; when, from the machine as \
            well.

            Checks: nothing lost, nothing twice, descriptors back where they were at the start, memory where \
            it was after the first wave (a quarter of the time), newcomers served throughout, a log that does not \
            grow with what peers do, /metrics in agreement with what was sent. \
            --verify adds a program of yours, which is given the figures as a JSON file and runs beside the \
            idle proxy; when it exits with 0 its check has passed. Exit code 0 when all passed, 1 otherwise.

            EXAMPLES
              Three minutes:
                OURS='ours=./pushprox-proxy --web.listen-address=127.0.0.1:{port}'
                pushprox-bench soak --proxy "$OURS"

              Upstream's, which has no tunnels:
                pushprox-bench soak --tunnels 0 \\
                  --proxy 'upstream=./upstream-proxy --web.listen-address=127.0.0.1:{port}'

              Half an hour with the memory curve, and a check of the record:
                pushprox-bench soak --duration 30m --svg plots \\
                  --proxy "$OURS --storage.path={dir}/record.db" \\
                  --verify 'scripts/check-record {dir}/record.db {report}'
            """)

    @Option(help: "The proxy: NAME=COMMAND ARGUMENTS, with {port} and {dir}.") var proxy: NamedCommand
    @Option(help: "Clients that behave.") var clients = 1_000
    @Option(help: "Of these, how many have tunnels; 0: nobody asks for a tunnel or a connection.") var tunnels = 300
    @Option(help: "Scrapes of the clients that behave per second.") var rate = 200.0
    @Option(help: "Names under which clients misbehave.") var chaosNames = 1_000
    @Option(help: "How many misbehave at any time.") var chaosActors = 600
    @Option(help: "Scrapes of them per second.") var chaosRate = 100.0
    @Option(help: "Connections that are opened and left idle.") var holders = 300
    @Option(help: "A program to run at the end, with {dir}, {report}, {url}.") var verify: String?
    @OptionGroup var options: SoakOptions

    func validate() throws {
        guard clients > 0, chaosNames > 0, chaosActors >= 0, holders >= 0, rate > 0, chaosRate > 0 else {
            throw ValidationError(
                "--clients, --chaos-names, --rate and --chaos-rate must be over 0, --chaos-actors and --holders not under."
            )
        }
        guard (0...clients).contains(tunnels) else { throw ValidationError("--tunnels must be 0 to --clients.") }
        guard verify.map({ CommandTemplate($0) != nil }) ?? true else {
            throw ValidationError("--verify is not a command: is a quote left open?")
        }
    }

    func run() async throws {
        let limit = DescriptorLimit.raise() ?? .max
        let needed = clients * 2 + chaosActors * 4 + holders + 1_000
        guard needed <= limit else {
            throw ValidationError(
                "So many clients need about \(needed) descriptors, and a process may have \(limit) here.")
        }
        try await options.run("proxy") { folder in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let plan = SoakPlan(
                command: proxy, duration: options.duration, clients: clients, tunnels: tunnels, rate: rate,
                chaosNames: chaosNames, chaosActors: chaosActors, holders: holders, chaosRate: chaosRate,
                seed: options.seed,
                drain: options.drain, verify: verify.flatMap { CommandTemplate($0) }, directory: folder)
            let report = try await SoakRunner(plan: plan, fleetLoop: group.next(), scraperLoop: group.next()).run()
            try await group.shutdownGracefully()
            return report
        }
    }
}
