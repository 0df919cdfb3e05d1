import ArgumentParser
import Flags
import NIOPosix

/// `pushprox-bench client-soak`.
struct ClientSoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client-soak",
        abstract: "Puts a client between targets and a proxy that misbehave, and says whether it held.",
        discussion: """
            Plays a proxy and targets, and starts the client between them. The proxy hands out scrapes at a steady \
            rate, vanishes and comes back, answers polls with errors and garbage, and refuses, cuts or ignores pushes. \
            Most targets answer, in every framing, between 1 byte and 1 MB, and many close right behind their last \
            byte; others stall, lie about their length, drip, reset, and send garbage or what has no end. \
            What happens follows from --seed; when, from the machine as well.

            Checks: every scrape is pushed once, byte for byte, or reported as the failure that it was, in time (or, \
            when the proxy was gone, not at all); the client polls again within its backoff after every outage, and \
            not faster in one; descriptors back where they were with the first poll, memory where it was after the \
            first wave (a quarter of the time); its /metrics in agreement with all this. Exit code 0 when \
            all passed, 1 otherwise.

            EXAMPLES
              A minute:
                pushprox-bench client-soak --duration 1m --client 'ours=./pushprox-client --proxy-url={proxy} \\
                  --fqdn={fqdn} --metrics-addr=127.0.0.1:{port} \\
                  --proxy.retry.initial-wait={backoff} --proxy.retry.max-wait={backoff}'
            """)

    @Option(help: "The client: NAME=COMMAND ARGUMENTS, with {proxy}, {fqdn}, {port}, {backoff} and {dir}.")
    var client: NamedCommand
    @Option(help: "Scrapes that are handed out per second.") var rate = 60.0
    @Option(help: "How long the client is told to wait at most between attempts to poll.")
    var backoff = GoDuration.milliseconds(500)
    @Option(help: "Targets only of these kinds, separated by commas; all when not given.") var only: String?
    @OptionGroup var options: SoakOptions

    private var behaviours: [TargetBehaviour] {
        guard let only else { return TargetBehaviour.allCases }
        return only.split(separator: ",").compactMap { TargetBehaviour(rawValue: String($0)) }
    }

    func validate() throws {
        guard rate > 0, rate <= 10_000 else { throw ValidationError("--rate must be over 0, and at most 10,000.") }
        guard backoff.nanoseconds >= 10_000_000 else { throw ValidationError("--backoff must be at least 10ms.") }
        guard let only else { return }
        let asked = only.split(separator: ",", omittingEmptySubsequences: false)
        for name in asked where TargetBehaviour(rawValue: String(name)) == nil {
            let known = TargetBehaviour.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--only has '\(name)', which is none of \(known).")
        }
    }

    func run() async throws {
        DescriptorLimit.raise()
        try await options.run("client") { folder in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let plan = ClientSoakRunner.Plan(
                command: client, duration: options.duration, rate: rate, backoff: backoff, behaviours: behaviours,
                seed: options.seed, drain: options.drain, directory: folder)
            let report = try await ClientSoakRunner(plan: plan, loop: group.next()).run()
            try await group.shutdownGracefully()
            return report
        }
    }
}
