/// Whether the proxy is alive and well, and why.
struct ProxyStatus: Sendable {
    var isWell: Bool
    /// One line.
    var reason: String
    /// `nil` when the record cannot be read.
    var overview: Overview?
}

extension ProxyStatus {
    /// - Parameters:
    ///   - patience: Milliseconds that a living proxy may not have written.
    ///   - maximumFailureShare: `nil` for no limit.
    init(_ overview: Overview, now: Moment, patience: Int64, maximumFailureShare: Double?) {
        let proxy = overview.proxy
        let name = "pushprox-proxy \(proxy.version) at \(proxy.address)"
        self.init(isWell: true, reason: "", overview: overview)
        if let trouble = Health(proxy, now: now.wall, patience: patience).trouble {
            isWell = false
            let age = Quantity.span(milliseconds: now.wall - trouble.since)
            reason =
                "\(name): \(trouble.headline) \(ShownTime.utc(trouble.since)), \(age) ago. \(trouble.advice)"
            return
        }
        let numbers = HeaderNumbers(overview)
        if let most = maximumFailureShare, let share = numbers.failureShare, share > most {
            isWell = false
            reason =
                "\(name): \(Quantity.share(share)) of the last minute's scrapes failed, more than \(Quantity.share(most)); see "
                + "'pushprox-admin failures --since 1m'"
            return
        }
        let counts = overview.counts
        reason =
            "\(name), up \(Quantity.span(milliseconds: now.wall - proxy.started)), \(Quantity.count(counts.live)) live clients"
            + " (\(counts.onPolls > 0 ? "\(Quantity.count(counts.onPolls)) on polls, " : "")"
            + "\(Quantity.count(counts.stale)) stale, "
            + "\(Quantity.count(counts.failing)) failing), \(Quantity.count(proxy.queued)) scrapes queued, "
            + "\(numbers.failureShare.map(Quantity.share) ?? "0%") of the last minute's failed"
    }
}

extension Field where Row == ProxyStatus {
    static let status: [Field<ProxyStatus>] = [
        Field(name: "ok") { .boolean($0.isWell) },
        Field(name: "reason") { .text($0.reason) },
        Field(name: "version") { FieldValue($0.overview?.proxy.version) },
        Field(name: "address") { FieldValue($0.overview?.proxy.address) },
        Field(name: "pid") { FieldValue($0.overview?.proxy.pid) },
        Field(name: "started") { FieldValue(time: $0.overview?.proxy.started) },
        Field(name: "heartbeat") { FieldValue(time: $0.overview?.proxy.heartbeat) },
        Field(name: "stopped") { FieldValue(time: $0.overview?.proxy.stopped) },
        Field(name: "clients_connected") { FieldValue($0.overview.map { $0.counts.connected + $0.counts.inFlight }) },
        Field(name: "clients_on_polls") { FieldValue($0.overview?.counts.onPolls) },
        Field(name: "clients_on_tunnels") { FieldValue($0.overview?.counts.onTunnels) },
        Field(name: "clients_stale") { FieldValue($0.overview?.counts.stale) },
        Field(name: "clients_failing") { FieldValue($0.overview?.counts.failing) },
        Field(name: "clients_gone") { FieldValue($0.overview?.counts.gone) },
        Field(name: "clients_unknown") { FieldValue($0.overview?.counts.unknown) },
        Field(name: "scrapes_queued") { FieldValue($0.overview?.proxy.queued) },
        Field(name: "scrapes_in_flight") { FieldValue($0.overview?.proxy.inFlight) },
        Field(name: "scrapes_total") { FieldValue($0.overview?.proxy.scrapes) },
        Field(name: "failures_total") { FieldValue($0.overview?.proxy.failures) },
        Field(name: "connections") { FieldValue($0.overview?.proxy.connections) },
        Field(name: "connections_opened_total") { FieldValue($0.overview?.proxy.connectionCounts.opened) },
        Field(name: "connections_failed_total") { FieldValue($0.overview?.proxy.connectionCounts.failed) },
        Field(name: "connection_bytes_to_target_total") {
            FieldValue($0.overview?.proxy.connectionCounts.bytesToTarget)
        },
        Field(name: "connection_bytes_to_scraper_total") {
            FieldValue($0.overview?.proxy.connectionCounts.bytesToScraper)
        },
        Field(name: "scrapes_per_second") { status in
            status.overview.map { .number(HeaderNumbers($0).scrapeRate) } ?? .missing
        },
        Field(name: "failure_share") { status in
            status.overview.flatMap { HeaderNumbers($0).failureShare }.map { .number($0) } ?? .missing
        },
    ]
}
