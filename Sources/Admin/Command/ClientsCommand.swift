import ArgumentParser
import Clients
import Failures
import Glibc
import Store

/// The clients, once, for people and for programs.
struct ClientsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients",
        abstract: "Print the clients.",
        discussion: """
            States: connected, in_flight, stale (listed by /clients, but not connected), gone (not listed any more), live (all \
            of these but gone), unknown (scraped, but no client has ever polled under the name).

            EXAMPLES
              pushprox-admin clients
              pushprox-admin clients --state live --fqdn 'web-*.example.com'
              pushprox-admin clients --transport poll --state live
              pushprox-admin clients --label site=berlin --columns fqdn,state,labels,targets --format csv
              pushprox-admin clients --group-by site --state live
              pushprox-admin clients --sort last_failure --limit 20
              pushprox-admin clients --format json | jq -r '.[] | select(.failure_share > 0.1) | .fqdn'
            """)

    /// What `--state` takes.
    enum StateChoice: String, CaseIterable, ExpressibleByArgument, Sendable {
        case connected
        case inFlight = "in_flight"
        case stale, gone, unknown, live

        var states: Set<ClientState> {
            switch self {
            case .connected: [.connected]
            case .inFlight: [.inFlight]
            case .stale: [.stale]
            case .gone: [.gone]
            case .unknown: [.unknown]
            case .live: Set(ClientState.allCases.filter(\.isLive))
            }
        }
    }

    /// What `--transport` takes.
    enum TransportChoice: String, CaseIterable, ExpressibleByArgument, Sendable {
        case poll, tunnel

        var transport: Transport {
            switch self {
            case .poll: .poll
            case .tunnel: .tunnel
            }
        }
    }

    /// What `--sort` takes: the names of the columns that sort.
    struct SortChoice: ExpressibleByArgument, Sendable {
        let name: String
        let sort: ClientSort

        init(_ column: Column<ClientRow>, _ sort: ClientSort) {
            (name, self.sort) = (column.name, sort)
        }

        static let fqdn = SortChoice(Column.clients[0], .fqdn)

        init?(argument: String) {
            guard let sort = Column.clients.first(where: { Self.name(of: $0) == argument })?.sort else { return nil }
            (name, self.sort) = (argument, sort)
        }

        /// What is sorted by is the time of the newest failure, not the text in its column.
        private static func name(of column: Column<ClientRow>) -> String {
            column.sort == .lastFailure ? "last_failure" : column.name
        }

        static let allValueStrings = Column.clients.filter { $0.sort != nil }.map(name(of:))
        var defaultValueDescription: String { name }
    }

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .customLong("state"),
        help: ArgumentHelp("Only clients in this state; may be given several times.", valueName: "state"))
    var states: [StateChoice] = []

    @Option(
        name: .customLong("transport"),
        help: ArgumentHelp(
            "Only clients that scrapes come to, or came to last, by polls or by a tunnel; may be given several times.",
            valueName: "transport"))
    var transports: [TransportChoice] = []

    @Option(
        name: .customLong("fqdn"),
        help: ArgumentHelp("Only clients whose whole name matches this glob (*, ?, [a-z]).", valueName: "glob"))
    var fqdn: String?

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "Only clients that say this of themselves; may be given several times.", valueName: "name=value"),
        transform: LabelOption.parse)
    var labels: [Label] = []

    @Option(
        name: .customLong("group-by"),
        help: ArgumentHelp(
            "Print how many are live, failing and so on for each value of this label, instead of the clients one by one.",
            valueName: "label"))
    var groupBy: String?

    @OptionGroup var columns: ColumnOptions

    @Option(
        name: .customLong("since"),
        help: ArgumentHelp(
            "Only clients heard of since: a duration ago (15m) or a UTC date (2026-11-05, 2026-11-05T14:03:22Z).",
            valueName: "time"),
        transform: { try PointInTime($0) })
    var since: PointInTime?

    @Option(
        name: .customLong("kind"),
        help: ArgumentHelp(
            "Only clients whose newest failure is of this kind; may be given several times.", valueName: "kind"),
        completion: .list(FailureKind.allCases.map(\.rawValue)))
    var kinds: [String] = []

    @Option(
        name: .customLong("sort"),
        help: ArgumentHelp(
            "The column to sort by; names from A, states from the busiest, polls before tunnels, everything else from the largest.",
            valueName: "column"))
    var sort = SortChoice.fqdn

    @Flag(name: .customLong("reverse"), help: "Reverse the order.")
    var reverse = false

    @Option(name: .customLong("limit"), help: ArgumentHelp("Print at most so many.", valueName: "count"))
    var limit: Int?

    mutating func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit is \(limit): give a number from 0 up.") }
        try FailuresCommand.check(kinds)
        guard let groupBy else { return try columns.check(Field.clients) }
        do throws(DeclarationProblem) { _ = try Label(groupBy, "") } catch {
            throw ValidationError("--group-by is '\(TextWidth.shown(groupBy))': \(error.explanation).")
        }
        if !kinds.isEmpty { throw ValidationError("--kind does not go with --group-by.") }
        if reverse || sort.sort != .fqdn {
            throw ValidationError("Groups are sorted by their values: no --sort, no --reverse.")
        }
        try columns.check(Field.groups)
    }

    func run() throws {
        let unicode = NcursesTerminal.adoptLocale()
        let now = Clock.moment()
        let text = try RecordAccess.read(path: storage.path) { (reader) throws(RecordProblem) in
            if let groupBy {
                var query = GroupQuery(label: groupBy)
                query.clients = self.query(now: now.wall)
                query.limit = limit ?? .max
                let writer = columns.writer(Column.groups, Field.groups, now: now, unicode: unicode)
                return writer.text(try reader.groups(query).rows, format: output.format)
            }
            let (rows, hasLabels) = try self.rows(from: reader, now: now.wall)
            let shown = hasLabels ? Column.clients : Column.clientsWithoutLabels
            let writer = columns.writer(shown, Field.clients, now: now, unicode: unicode)
            return writer.text(rows, format: output.format)
        }
        try Output.print(text)
    }

    private func rows(
        from reader: StoreReader, now: UnixMilliseconds
    ) throws(RecordProblem) -> (rows: [ClientRow], hasLabels: Bool) {
        var query = query(now: now)
        query.sort = sort.sort
        query.direction = reverse ? query.sort.firstDirection.reversed : query.sort.firstDirection
        query.limit = kinds.isEmpty ? limit ?? .max : .max
        query.wantsDeclarations = true
        let page = try reader.clients(query)
        guard !kinds.isEmpty else { return (page.rows, page.hasLabels) }
        let matching = page.rows.filter { row in row.lastFailure.map { kinds.contains($0.kind.rawValue) } ?? false }
        return (Array(matching.prefix(limit ?? .max)), page.hasLabels)
    }

    /// Which clients.
    private func query(now: UnixMilliseconds) -> ClientQuery {
        var query = ClientQuery()
        for choice in states { query.states.formUnion(choice.states) }
        query.transports = Set(transports.map(\.transport))
        query.glob = fqdn
        query.seenSince = since?.time(now: now)
        query.labels = labels
        return query
    }
}
