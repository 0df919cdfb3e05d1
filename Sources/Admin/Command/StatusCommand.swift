import ArgumentParser
import Flags
import Store

/// Whether the proxy is alive and well: a line for people, an exit status for health checks.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say in a line whether the proxy is alive and well.",
        discussion: """
            Exits with 0 when the proxy is alive and writes its record, and with 1 when it does not, or when the record \
            cannot be read. Either way standard output has the line that says why. With --max-failure-share it also exits \
            with 1 when more than that share of the last minute's scrapes failed.

            EXAMPLES
              pushprox-admin status
              pushprox-admin status --max-failure-share 0.5 || alert "PushProx is unwell"
              pushprox-admin status --format json
            """)

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .customLong("max-age"),
        help: ArgumentHelp("How long ago the proxy may have written at most.", valueName: "duration"))
    var maximumAge = GoDuration.milliseconds(Health.patience)

    @Option(
        name: .customLong("max-failure-share"),
        help: ArgumentHelp("Which share of the last minute's scrapes may have failed, from 0 to 1.", valueName: "share")
    )
    var maximumFailureShare: Double?

    mutating func validate() throws {
        if let share = maximumFailureShare, !(0...1).contains(share) {
            throw ValidationError("--max-failure-share is \(share): give a number from 0 to 1.")
        }
    }

    func run() throws {
        let now = Clock.moment()
        let status = status(now: now)
        switch output.format {
        case .table: try Output.print((status.isWell ? "ok: " : "not ok: ") + TextWidth.shown(status.reason) + "\n")
        case .json: try Output.print(JSONText.object(status, Field.status) + "\n")
        case .csv:
            let writer = RowWriter<ProxyStatus>(columns: [], fields: Field.status, now: now, unicode: true)
            try Output.print(writer.text([status], format: .csv))
        }
        if !status.isWell { throw ExitCode(1) }
    }

    private func status(now: Moment) -> ProxyStatus {
        do throws(RecordProblem) {
            let overview = try RecordAccess.attempt(path: storage.path) { (reader) throws(RecordProblem) in
                let proxy = try reader.proxy()
                return Overview(
                    proxy: proxy, counts: try reader.clients(Self.countsOnly).counts,
                    seconds: try reader.seconds(since: proxy.heartbeat / 1000 - HeaderNumbers.window))
            }
            return ProxyStatus(
                overview, now: now, patience: maximumAge.milliseconds, maximumFailureShare: maximumFailureShare)
        } catch {
            return ProxyStatus(isWell: false, reason: error.sentence, overview: nil)
        }
    }

    private static var countsOnly: ClientQuery {
        var query = ClientQuery()
        query.limit = 0
        return query
    }
}
