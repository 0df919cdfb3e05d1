import ArgumentParser
import Clients
import Flags
import Glibc
import Store

/// Keeps a file of the live clients for Prometheus's service discovery.
struct DiscoveryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sd",
        abstract: "Write the live clients as a file_sd_configs file for Prometheus.",
        discussion: """
            The file is replaced atomically, and only when it would change, so that Prometheus sees no half of it and no \
            change where there is none. While the proxy is down the clients it last knew stay listed; while the database \
            cannot be read, the file stays as it is.

            The entries are those of the proxy's /clients: one for each target that a client declares, with its port, path, \
            parameters and labels, and one for a client that declares none. What of the labels is let through is the \
            proxy's --discovery.labels.

            EXAMPLES
              pushprox-admin sd --output /etc/prometheus/pushprox.json
              pushprox-admin sd --output /etc/prometheus/berlin.json --label site=berlin --state connected
              pushprox-admin sd --output /etc/prometheus/pushprox.json --port 9100 --port 9113 --watch

            In Prometheus:
              scrape_configs:
                - job_name: pushprox
                  proxy_url: http://proxy:8080/
                  file_sd_configs:
                    - files: [/etc/prometheus/pushprox.json]
            """)

    @OptionGroup var storage: StorageOptions

    @Option(
        name: .customLong("output"), help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
    var output: String

    @Option(
        name: .customLong("port"),
        help: ArgumentHelp(
            "A port of clients that declare no targets, whose entries are bare names otherwise; of the others only targets with this port. May be given several times.",
            valueName: "port"))
    var ports: [Int] = []

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "Only entries that have this label, as it stands in them; may be given several times.",
            valueName: "name=value"), transform: LabelOption.parse)
    var labels: [Label] = []

    @Option(name: .customLong("state"), help: ArgumentHelp("Only clients in this state.", valueName: "state"))
    var state: ListedState?

    @Flag(
        name: .customLong("meta"), inversion: .prefixedNo,
        help:
            "Give entries the labels __meta_pushprox_fqdn, _state and _agent to relabel by. (default: when any client declares something)"
    )
    var meta: Bool?

    @Flag(name: .customLong("watch"), help: "Keep the file current until ended by a signal.")
    var watch = false

    @Option(
        name: .customLong("interval"),
        help: ArgumentHelp("How often --watch looks at the database, from 100ms up.", valueName: "duration"))
    var interval = GoDuration.seconds(2)

    mutating func validate() throws {
        if output.isEmpty { throw ValidationError("--output is empty: give the path of a file.") }
        for port in ports where !(1...65_535).contains(port) {
            throw ValidationError("--port is \(port): give a number from 1 to 65535.")
        }
        if interval < .milliseconds(100) { throw ValidationError("--interval is \(interval): give 100ms or more.") }
    }

    func run() throws {
        let file = AtomicFile(path: output)
        if watch { return try keepCurrent(file) }
        let document = try RecordAccess.read(path: storage.path) { (reader) throws(RecordProblem) in
            try DiscoveryDocument(reader, request)
        }
        do throws(AtomicFile.Failure) {
            try say(file.update(document.text), count: document.clients)
        } catch {
            throw CommandFailure.exit(error.description)
        }
    }

    private var request: DiscoveryDocument.Request {
        // Checked when they were parsed.
        DiscoveryDocument.Request(
            meta: meta, labels: labels, ports: ports.compactMap { UInt16(exactly: $0) },
            state: state)
    }

    private func keepCurrent(_ file: AtomicFile) throws {
        guard let signals = SignalPipe([SIGTERM, SIGINT]) else {
            throw CommandFailure.exit("The system has no descriptors left for this program.")
        }
        let record = RecordWatch(path: storage.path)
        /// What was said last, so that it is not said every time.
        var trouble: String?
        repeat {
            let now = look(record, file, retry: trouble != nil)
            if let now, now != trouble { CommandFailure.say(now + " Trying again every \(interval).") }
            if now == nil, trouble != nil { CommandFailure.say("All is well again.") }
            trouble = now
        } while signals.wait(milliseconds: interval.milliseconds).isEmpty
    }

    /// Brings the file up to date when the record has changed.
    /// - Returns: What is wrong, in a sentence.
    private func look(_ record: RecordWatch, _ file: AtomicFile, retry: Bool) -> String? {
        let reader: StoreReader
        switch record.look() {
        case .unavailable(let problem): return problem.sentence
        case .unchanged(let opened):
            if !retry { return nil }
            reader = opened
        case .changed(let opened): reader = opened
        }
        do {
            let document = try DiscoveryDocument(reader, request)
            try say(file.update(document.text), count: document.clients)
            return nil
        } catch let problem as RecordProblem {
            return problem.sentence
        } catch {
            return "\(error)"
        }
    }

    private func say(_ changed: Bool, count: Int) {
        guard changed else { return }
        // Whether somebody listens does not matter: the file is what counts.
        _ = Output.write("\(TextWidth.shown(output)): wrote \(Quantity.count(count)) clients\n", to: STDOUT_FILENO)
    }
}

extension ListedState: ExpressibleByArgument {}
