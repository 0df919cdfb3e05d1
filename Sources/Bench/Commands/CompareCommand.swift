import ArgumentParser
import Flags
import NIOPosix

/// `pushprox-bench compare`.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Runs proxies in turn on the same work, and compares them.",
        discussion: """
            Every run starts the proxy anew on a free port of 127.0.0.1, brings the load from this process, \
            reads the kernel's accounts of the proxy's CPU time and memory, and stops it. Runs alternate A B A \
            B …, and ratios are taken pair by pair, so that a slow minute of the machine hits all alike. The \
            first --proxy is the one that the others are divided by, unless --ratio says otherwise.

            At saturation the load takes part of the CPUs that it shares with the proxy, so scrapes/s differ \
            less than the proxies do. CPU per scrape does not have this fault; nor have scrapes/s with --pin, \
            which gives the proxy one half of the CPUs and the load the other.

            In commands, {port} is the port to listen on and {dir} a folder of the run's own. The port is held \
            for the program, which has to set SO_REUSEADDR, as servers do. There is no shell; quotes keep words \
            together. In --client commands, {proxy} is the proxy's URL, {fqdn} the name to poll with, {port} a \
            port for the client's own metrics; they all run against the first --proxy.

            WORKLOADS
            \(Workload.allCases.map { "  \($0.rawValue.padded(to: 9)) \($0.summary)" }.joined(separator: "\n"))

            A run is disturbed when other programs took more than \
            \(Fixed.text(Disturbance.othersLimit * 100, 0)) % of the machine's CPUs, or the hypervisor more \
            than \(Fixed.text(Disturbance.stolenLimit * 100, 0)) %. Disturbed pairs are left out of ratios as \
            long as enough others are left, and named in any case.

            EXAMPLES
              Upstream's proxy and ours, everything, with plots:
                UP='./upstream-proxy --web.listen-address=127.0.0.1:{port}'
                OURS='./pushprox-proxy --web.listen-address=127.0.0.1:{port}'
                pushprox-bench compare --json out.json --svg plots \\
                  --proxy "upstream=$UP" \\
                  --proxy "ours=$OURS --storage.path={dir}/record.db"

              What the record costs:
                pushprox-bench compare --workload load5k \\
                  --proxy "off=$OURS --storage.path ''" \\
                  --proxy "on=$OURS --storage.path={dir}/record.db"

              Polls against tunnels, and what TLS costs:
                pushprox-bench compare --workload load5k --workload burst \\
                  --proxy "polls=$OURS" --proxy "tunnels=$OURS" \\
                  --proxy "tls=$OURS --web.config.file=web.yml" \\
                  --speaks tunnels=tunnel --speaks tls=tls

              What two clients cost:
                ARGS='--proxy-url={proxy} --fqdn={fqdn}'
                ARGS="$ARGS --metrics-addr=127.0.0.1:{port}"
                pushprox-bench compare --workload client \\
                  --proxy "ours=$OURS" \\
                  --client "upstream=./upstream-client $ARGS" \\
                  --client "ours=./pushprox-client $ARGS"
            """)

    @Option(help: "A proxy: NAME=COMMAND ARGUMENTS, with {port} and {dir}. Repeat.") var proxy: [NamedCommand]
    @Option(help: "A client, for the workload `client`: NAME=COMMAND ARGUMENTS, with {proxy}, {fqdn}, {port}. Repeat.")
    var client: [NamedCommand] = []
    @Option(
        help:
            "How the load speaks to the --proxy of that name: NAME=WORD,…; tls (certificates are not looked at), tunnel (in place of polls), tokens (scripts/bench-access). Repeat."
    )
    var speaks: [Dialect] = []
    @Option(help: "What to run; repeat. (default: all but `client`, and that too when a --client is given)")
    var workload: [Workload] = []
    @Option(help: "Print and report A's figures over B's: A/B. Repeat. (default: every other over the first)")
    var ratio: [RatioRequest] = []
    @Option(help: "How many times every contestant runs.") var pairs = 5
    @Option(help: "How long each run is measured.") var window = GoDuration.seconds(8)
    @Option(help: "How long each run scrapes before that.") var warmup = GoDuration.seconds(3)
    @Option(help: "How long to wait before the memory of an idle proxy is read.") var settle = GoDuration.seconds(3)
    @Flag(help: "Poll as this project's client does, with X-Pushprox-Instance.") var ours = false
    @Flag(help: "Keep contestants on the first half of the CPUs and the load on the rest (taskset).") var pin = false
    @Option(help: "Write all figures to this file as JSON.") var json: String?
    @Option(help: "Write the plots into this folder.") var svg: String?
    @Option(help: "Where the runs' folders go: on the disk that the record is to be measured on.") var dir = "."
    @Flag(help: "Keep the runs' folders, with logs and databases.") var keep = false

    func validate() throws {
        guard !proxy.isEmpty else { throw ValidationError("Give at least one --proxy 'NAME=COMMAND ARGUMENTS'.") }
        guard (1...1_000).contains(pairs) else { throw ValidationError("--pairs must be 1 to 1000.") }
        guard window.nanoseconds > 0 else { throw ValidationError("--window must be over 0.") }
        let names = proxy.map(\.name)
        guard Set(names).count == names.count, Set(client.map(\.name)).count == client.count else {
            throw ValidationError("Every --proxy, and every --client, needs a name of its own.")
        }
        for ratio in ratio {
            for name in [ratio.numerator, ratio.denominator] where !(names + client.map(\.name)).contains(name) {
                throw ValidationError("--ratio names \(name), and no --proxy or --client has that name.")
            }
        }
        for dialect in speaks where !names.contains(dialect.name) {
            throw ValidationError("--speaks names \(dialect.name), and no --proxy has that name.")
        }
        guard !workload.contains(.client) || !client.isEmpty else {
            throw ValidationError("The workload `client` needs --client 'NAME=COMMAND ARGUMENTS'.")
        }
    }

    func run() async throws {
        DescriptorLimit.raise()
        Directory.make(dir)
        guard let folder = Directory.makeUnique(in: dir, prefix: "pushprox-bench-") else {
            throw ValidationError("Cannot make a folder in \(dir); choose another with --dir.")
        }
        defer { if !keep { Directory.remove(folder, depth: 3) } }
        let pinning = pin ? Pinning() : nil
        if pin {
            guard let pinning, try await pinning.takeLoadSide(log: "\(folder)/taskset.log") else {
                throw ValidationError("--pin needs two CPUs or more, and taskset (Debian: util-linux).")
            }
        }
        let all = Workload.allCases.filter { $0 != .client || !client.isEmpty }
        let contest = Contest(
            proxies: proxy, clients: client, workloads: workload.isEmpty ? all : workload, pairs: pairs, warmup: warmup,
            window: window, settle: settle, dialects: speaks, sendsInstance: ours, pinning: pinning,
            directory: folder)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let runner = CaseRunner(contest: contest, fleetLoop: group.next(), scraperLoop: group.next())
        let (runs, failures) = await runAll(contest, runner)
        try await group.shutdownGracefully()
        let report = CompareReport(
            contest: contest, cases: contest.workloads.flatMap(\.cases), runs: runs, ratios: ratio)
        print(CompareTable(report).text())
        try write(report)
        for failure in failures { StandardError.print("pushprox-bench: \(failure)") }
        if keep { print("The runs' folders are in \(folder).") }
        if !failures.isEmpty { throw ExitCode(1) }
    }

    private func runAll(_ contest: Contest, _ runner: CaseRunner) async -> (runs: [Run], failures: [String]) {
        var runs: [Run] = []
        var failures: [String] = []
        for workload in contest.workloads {
            for pair in 1...contest.pairs {
                for work in workload.cases {
                    for contestant in contest.contestants(of: workload) {
                        StandardError.print("\(work.name), pair \(pair) of \(contest.pairs): \(contestant.name)")
                        do {
                            runs.append(
                                try await runner.run(work, workload: workload, contestant: contestant, pair: pair))
                        } catch {
                            failures.append("\(work.name), pair \(pair), \(contestant.name): \(error)")
                        }
                    }
                }
            }
        }
        return (runs, failures)
    }

    private func write(_ report: CompareReport) throws {
        if let json {
            let text = try JSONFile.text(report)
            guard Directory.write(text, to: json) else { throw ValidationError("Cannot write \(json).") }
        }
        guard let svg else { return }
        Directory.make(svg)
        for (name, chart) in CompareCharts.all(report) {
            guard Directory.write(chart.svg(), to: "\(svg)/\(name)") else {
                throw ValidationError("Cannot write \(svg)/\(name).")
            }
        }
    }
}
