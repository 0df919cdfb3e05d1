import Clients
import Store

extension Column where Row == ClientRow {
    /// The columns of the clients, in the order in which they stand.
    static let clients: [Column<ClientRow>] = [
        Column(
            name: "fqdn", title: "FQDN", sort: .fqdn, width: 12...36, rank: 0,
            value: { .text($0.fqdn) }, cell: { row, _ in CellText(row.name, .title) },
            help: "the client's name; web-2 comes before web-10"),
        Column(
            name: "state", title: "STATE", sort: .state, width: 10...10, rank: 1,
            value: { .text($0.state.rawValue) },
            cell: { row, _ in
                row.conflict == nil
                    ? CellText(row.state.label, row.state.role) : CellText(row.state.label + "!", .warning)
            },
            help:
                "connected, in flight, stale (listed, not connected), gone, unknown (scraped, never polled); ! when two clients claim the name"
        ),
        Column(
            name: "transport", title: "VIA", sort: .transport, width: 6...6, rank: 8,
            value: { FieldValue($0.transport?.rawValue) },
            cell: { row, _ in
                row.transport.map { CellText($0.rawValue, row.state.isConnected ? .plain : .faint) } ?? .none
            },
            help: "how scrapes come to it, or came last: by poll, or by tunnel; - where that is not known"),
        Column(
            name: "ping_seconds", title: "PING", sort: .roundTrip, alignment: .right, width: 6...6, rank: 9,
            value: { FieldValue(microseconds: $0.roundTrip) },
            cell: { row, _ in CellText(row.roundTrip.map { Quantity.duration(microseconds: $0) } ?? "") },
            help: "what the last ping of its tunnel took, there and back; blank where it has none"),
        Column(
            name: "last_seen", title: "SEEN", sort: .lastSeen, alignment: .right, width: 5...5, rank: 3,
            value: { .time($0.lastSeen) },
            cell: { row, at in CellText(Quantity.age(milliseconds: at.now.wall - row.lastSeen)) },
            help: "time since the client was last heard of"),
        Column(
            name: "queued", title: "QUE", sort: .queued, alignment: .right, width: 4...4, rank: 6,
            value: { FieldValue($0.queued) }, cell: { row, _ in .count(row.queued, .warning) },
            help: "scrapes that wait for the client to poll"),
        Column(
            name: "in_flight", title: "FLY", sort: .inFlight, alignment: .right, width: 4...4, rank: 7,
            value: { FieldValue($0.inFlight) }, cell: { row, _ in .count(row.inFlight, .busy) },
            help: "scrapes in flight: taken by the client, not answered yet"),
        Column(
            name: "scrapes", title: "SCRAPES", sort: .scrapes, alignment: .right, width: 8...8, rank: 13,
            value: { FieldValue($0.scrapes) }, cell: { row, _ in CellText(Quantity.compact(row.scrapes)) },
            help: "scrapes that ended, failed ones too"),
        Column(
            name: "failures", title: "FAILED", sort: .failures, alignment: .right, width: 7...7, rank: 12,
            value: { FieldValue($0.failures) }, cell: { row, _ in .count(row.failures, .bad) },
            help: "scrapes that failed"),
        Column(
            name: "failure_share", title: "FAIL%", sort: .failureShare, alignment: .right, width: 6...6, rank: 2,
            value: { row in row.failureShare.map { .number($0) } ?? .missing },
            cell: { row, _ in
                row.failureShare.map { CellText(Quantity.share($0), $0 > 0 ? .bad : .faint) } ?? .none
            },
            help: "share of the scrapes that failed"),
        Column(
            name: "median_duration_seconds", title: "MEDIAN", sort: .medianDuration, alignment: .right, width: 7...7,
            rank: 10, value: { FieldValue(microseconds: $0.medianDuration) },
            cell: { row, _ in .duration(row.medianDuration) }, help: "median duration of the recent scrapes"),
        Column(
            name: "last_duration_seconds", title: "LAST", sort: .lastDuration, alignment: .right, width: 6...6,
            rank: 14,
            value: { FieldValue(microseconds: $0.lastDuration) }, cell: { row, _ in .duration(row.lastDuration) },
            help: "duration of the newest scrape"),
        Column(
            // Two labels, such as rack=4 site=berlin, are not cut.
            name: "labels", title: "LABELS", width: 18...30, rank: 11,
            value: { .labels($0.declaration.labels) },
            cell: { row, _ in CellText(row.declaration.labels.map(\.written).joined(separator: " ")) },
            help: "what the client says of itself; only where any does"),
        Column(
            name: "outcomes", title: "RECENT", width: 10...30, rank: 4,
            value: { .text($0.outcomes) }, cell: { row, at in .strip(row.outcomes, width: at.width) },
            help: "newest outcomes, newest at the right: . succeeded, all others failed"),
        Column(
            name: "last_failure_text", title: "LAST ERROR", sort: .lastFailure, width: 10...200, rank: 5,
            value: { FieldValue($0.lastFailure?.text) },
            cell: { row, at in
                guard let failure = row.lastFailure else { return CellText("") }
                let age = Quantity.age(milliseconds: at.now.wall - failure.time)
                return CellText("\(age) \(failure.kind): \(failure.text)", row.isFailing ? .bad : .faint)
            },
            help:
                "age, kind and text of the newest failure, of a scrape or a connection; faint once one has succeeded since"
        ),
    ]

    /// For a fleet that says nothing of itself.
    static let clientsWithoutLabels = clients.filter { $0.name != "labels" }
}

extension Label {
    /// As people write it.
    var written: String { "\(name)=\(value)" }
}

extension Field where Row == ClientRow {
    /// What scripts get of a client: the columns, and what a line of the screen has no room for.
    static let clients: [Field<ClientRow>] =
        Column.clients.map(\.field) + [
            Field(name: "name") { .text($0.name) },
            Field(name: "targets") { .targets($0.declaration.targets) },
            Field(name: "last_failure") { FieldValue(time: $0.lastFailure?.time) },
            Field(name: "last_failure_kind") { FieldValue($0.lastFailure?.kind.rawValue) },
            Field(name: "last_scrape") { FieldValue(time: $0.lastScrape) },
            Field(name: "last_status") { FieldValue($0.lastStatus) },
            Field(name: "last_bytes") { FieldValue($0.lastBytes) },
            Field(name: "connections") { FieldValue($0.connections) },
            Field(name: "connections_opened") { FieldValue($0.connectionCounts.opened) },
            Field(name: "connections_failed") { FieldValue($0.connectionCounts.failed) },
            Field(name: "connection_bytes_to_target") { FieldValue($0.connectionCounts.bytesToTarget) },
            Field(name: "connection_bytes_to_scraper") { FieldValue($0.connectionCounts.bytesToScraper) },
            Field(name: "last_connection") { FieldValue(time: $0.lastConnection) },
            Field(name: "first_seen") { .time($0.firstSeen) },
            Field(name: "expires") { .time($0.expires) },
            Field(name: "conflict") { FieldValue(time: $0.conflict) },
        ]
}
