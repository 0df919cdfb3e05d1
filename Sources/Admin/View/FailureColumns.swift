import Store

extension Column where Row == FailureRow {
    /// The columns of the failures, in the order in which they stand.
    static let failures: [Column<FailureRow>] = [
        Column(
            name: "time", title: "TIME", width: 8...8, rank: 0,
            value: { .time($0.time) }, cell: { row, at in CellText(clock(row.time, now: at.now), .plain) },
            help: "when the scrape or connection failed; an age for failures of other days"),
        Column(
            name: "fqdn", title: "FQDN", width: 20...36, rank: 1,
            value: { .text($0.fqdn) }, cell: { row, _ in CellText(row.shownName, .title) },
            help: "the name that was asked for; - where none is known"),
        Column(
            name: "kind", title: "KIND", width: 10...19, rank: 2,
            value: { .text($0.kind.rawValue) }, cell: { row, _ in CellText(row.kind.rawValue, .bad) },
            help: "why it failed"),
        Column(
            name: "duration_seconds", title: "TOOK", alignment: .right, width: 6...6, rank: 4,
            value: { FieldValue(microseconds: $0.duration) },
            cell: { row, _ in .duration(row.duration) },
            help: "from the scrape's arrival to the failure"),
        Column(
            name: "text", title: "WHAT HAPPENED", width: 24...500, rank: 3,
            value: { .text($0.text) },
            cell: { row, _ in
                let text = CellText.Span(text: row.text, role: .plain)
                return CellText(spans: row.isConnection ? [.init(text: "CONNECT: ", role: .busy), text] : [text])
            },
            help: "what happened, in a sentence; of a connection it begins with CONNECT"),
        Column(
            name: "target", title: "TARGET", width: 60...80, rank: 5,
            value: { .text($0.target) }, cell: { row, _ in CellText(row.target, .faint) },
            help: "the URL asked for, without its query; of a connection CONNECT, with name and port"),
        Column(
            name: "scrape_id", title: "SCRAPE", width: 36...36, rank: 6,
            value: { .text($0.scrapeID) }, cell: { row, _ in CellText(row.scrapeID, .faint) },
            help: "the scrape's or the connection's id, as logs have it"),
    ]

    /// The columns where all rows are of one client.
    static let failuresOfClient = failures.filter { $0.name != "fqdn" }

    private static func clock(_ time: UnixMilliseconds, now: Moment) -> String {
        let age = now.wall - time
        if age > 20 * 3_600_000 { return Quantity.age(milliseconds: age) + " ago" }
        return ShownTime.localClock(time, now: now)
    }
}

extension Field where Row == FailureRow {
    /// What scripts get of a failure: the columns, and what the screen tells in its own way.
    static let failures: [Field<FailureRow>] =
        Column.failures.map(\.field) + [Field(name: "connection") { .boolean($0.isConnection) }]
}

extension FailureRow {
    /// What was denied before anybody knew the name has none.
    var shownName: String { fqdn.isEmpty ? "-" : fqdn }
}
