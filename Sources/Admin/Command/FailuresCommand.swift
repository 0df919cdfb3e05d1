import ArgumentParser
import Failures
import Glibc
import Store

/// The failures on record, once, for people and for programs.
struct FailuresCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failures",
        abstract: "Print the failed scrapes and connections on record, newest first.",
        discussion: """
            KINDS
            \(FailureKind.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))

            EXAMPLES
              pushprox-admin failures --limit 20
              pushprox-admin failures --since 1h --kind target_unreachable --kind target_timeout
              pushprox-admin failures --fqdn 'db-*' --format csv > failures.csv
            """)

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .customLong("fqdn"),
        help: ArgumentHelp("Only failures of names that match this glob (*, ?, [a-z]).", valueName: "glob"))
    var fqdn: String?

    @Option(
        name: .customLong("since"),
        help: ArgumentHelp(
            "Only failures since: a duration ago (15m) or a UTC date (2026-11-05, 2026-11-05T14:03:22Z).",
            valueName: "time"),
        transform: { try PointInTime($0) })
    var since: PointInTime?

    @Option(
        name: .customLong("kind"),
        help: ArgumentHelp("Only failures of this kind; may be given several times.", valueName: "kind"),
        completion: .list(FailureKind.allCases.map(\.rawValue)))
    var kinds: [String] = []

    @Flag(name: .customLong("reverse"), help: "Oldest first.")
    var reverse = false

    @Option(name: .customLong("limit"), help: ArgumentHelp("Print at most so many of the newest.", valueName: "count"))
    var limit: Int?

    mutating func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit is \(limit): give a number from 0 up.") }
        try Self.check(kinds)
    }

    /// Refuses words that are not kinds; a typing error would otherwise look like a fleet without failures.
    static func check(_ kinds: [String]) throws {
        let known = FailureKind.allCases.map(\.rawValue)
        for kind in kinds where !known.contains(kind) {
            throw ValidationError("--kind is '\(TextWidth.shown(kind))': give one of \(known.joined(separator: ", ")).")
        }
    }

    func run() throws {
        let unicode = NcursesTerminal.adoptLocale()
        let now = Clock.moment()
        var query = FailureQuery()
        query.kinds = Set(kinds.map { RecordedKind(rawValue: $0) })
        query.glob = fqdn
        query.since = since?.time(now: now.wall)
        query.limit = limit ?? .max
        let asked = query
        var rows = try RecordAccess.read(path: storage.path) { (reader) throws(RecordProblem) in
            try reader.failures(asked).rows
        }
        if reverse { rows.reverse() }
        let writer = RowWriter(columns: Column.failures, fields: Field.failures, now: now, unicode: unicode)
        try Output.print(writer.text(rows, format: output.format))
    }
}
