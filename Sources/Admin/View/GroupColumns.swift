import Store

extension Column where Row == ClientGroup {
    /// The columns of the groups, in the order in which they stand.
    static let groups: [Column<ClientGroup>] = [
        Column(
            name: "value", title: "VALUE", width: 12...60, rank: 0,
            value: { FieldValue($0.value) },
            cell: { group, _ in group.value.map { CellText($0, .title) } ?? CellText("(without)", .faint) },
            help: "what the clients of the group say by the label; (without): those that don't have it"),
        count("live", "LIVE", 1, .plain, help: "clients that /clients lists") { $0.counts.live },
        count("connected", "CONNECTED", 6, .good, help: "of these, connected, at work or not") {
            $0.counts.connected + $0.counts.inFlight
        },
        count("stale", "STALE", 4, .warning, help: "of these, not connected") { $0.counts.stale },
        count("failing", "FAILING", 2, .bad, help: "of these, those whose newest scrape or connection failed") {
            $0.counts.failing
        },
        count("gone", "GONE", 5, .bad, help: "clients that are not listed any more") { $0.counts.gone },
        count("queued", "QUEUED", 3, .warning, help: "scrapes that wait for them") { $0.queued },
        count("in_flight", "IN FLIGHT", 7, .busy, help: "scrapes that they have taken and not answered yet") {
            $0.inFlight
        },
    ]

    private static func count(
        _ name: String, _ title: String, _ rank: Int, _ role: Role, help: String,
        _ value: @escaping @Sendable (ClientGroup) -> Int
    ) -> Column<ClientGroup> {
        Column(
            name: name, title: title, alignment: .right, width: title.count...max(7, title.count), rank: rank,
            value: { FieldValue(value($0)) }, cell: { group, _ in .count(value(group), role) }, help: help)
    }
}

extension Field where Row == ClientGroup {
    static let groups = Column.groups.map(\.field)
}
