import Access
import Clients
import Failures
import Flags
import Telemetry
import Web

/// Every metric of the proxy. To add one, add a line here.
///
/// The first four have upstream's names and labels, which dashboards use; `pushproxy_` is upstream's spelling.
final class ProxyMetrics: Sendable {
    let registry: MetricRegistry
    let web: WebMetrics
    let tls: TLSMetrics
    let passwords: PasswordMetrics

    let requests: [APIPath: RouteMetrics]
    let proxiedRequests: StatusCounters

    let failures: [FailureKind: Counter]
    let scrapes: Counter
    let pollWait: Histogram
    let clientTime: Histogram
    let relayedBytes: Counter
    let scrapesTaken: [Transport: Counter]
    let pollsSuperseded: Counter
    let pollsDropped: Counter
    let pollsIdle: Counter
    let tunnelsSuperseded: Counter
    let tunnelsLost: Counter
    let tunnelsRefused: [TunnelRefusal: Counter]
    let redelivered: Counter
    let connectionsOpened: Counter
    let connectionsIdle: Counter
    let connectionFailures: [FailureKind: Counter]
    let connectionBytes: [ConnectionDirection: Counter]
    let clashes: Counter
    let unknownPushes: Counter
    let queueFull: [QueueBound: Counter]
    let registrationsRefused: Counter
    let browserRequests: Counter
    let accessDenied: [AccessAction: Counter]
    let suppressedLines: [FleetLog.Line: Counter]

    let recordFlush: Histogram
    let recordErrors: Counter
    let recordDropped: Counter

    /// Why a tunnel was not taken; counted by the exchange that refuses it.
    enum TunnelRefusal: String, CaseIterable {
        /// The request is no WebSocket handshake, or none that we know.
        case handshake
        /// What came first is not what a client says first, or not in time.
        case hello
        /// None of its names was taken.
        case names
        /// A bound, or the shutdown.
        case busy
    }

    /// Which way bytes of a CONNECT go; counted as they pass, by its exchange.
    enum ConnectionDirection: String, CaseIterable {
        case toTarget = "to_target"
        case toScraper = "to_scraper"
    }

    /// Paths that upstream counts, under upstream's label values.
    enum APIPath: String, CaseIterable {
        case push = "/push"
        case poll = "/poll"
        case tunnel = "/tunnel"
        case clients = "/clients"
        case metrics = "/metrics"

        /// Statuses that are shown from the start, as zero.
        var expectedStatuses: [Int] {
            switch self {
            case .push: [200, 400, 404, 500]
            case .poll: [200, 204, 400, 408, 503]
            case .tunnel: [101, 400, 503]
            case .clients, .metrics: [200]
            }
        }
    }

    private static let durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// Of a configuration that there is; to be made once for each.
    func reload(of configuration: String) -> ReloadMetrics {
        ReloadMetrics(in: registry, prefix: "pushprox", configuration: configuration)
    }

    init() {
        let registry = MetricRegistry()
        self.registry = registry
        tls = TLSMetrics(in: registry, prefix: "pushprox")
        passwords = PasswordMetrics(in: registry, prefix: "pushprox")

        let requestsName = "pushprox_http_requests_total"
        requests = Dictionary(
            uniqueKeysWithValues: APIPath.allCases.map { path in
                let counters = StatusCounters(preset: path.expectedStatuses) {
                    registry.counter(
                        requestsName, "Number of http api requests.", labels: ["code": "\($0)", "path": path.rawValue])
                }
                let duration = registry.histogram(
                    "pushprox_http_duration_seconds", "Time taken by path",
                    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
                    labels: ["path": path.rawValue])
                return (path, RouteMetrics(counters: counters, duration: duration))
            })
        proxiedRequests = StatusCounters(preset: [200, 502, 503, 504]) {
            registry.counter(
                "pushproxy_proxied_requests_total", "Number of http proxy requests.", labels: ["code": "\($0)"])
        }

        scrapes = registry.counter("pushprox_scrapes_total", "Scrapes that ended, failed ones included.")
        failures = Dictionary(
            uniqueKeysWithValues: FailureKind.allCases.map {
                (
                    $0,
                    registry.counter(
                        "pushprox_scrape_failures_total", "Scrapes that failed, by kind.", labels: ["kind": $0.rawValue]
                    )
                )
            })
        pollWait = registry.histogram(
            "pushprox_scrape_poll_wait_seconds", "Time that delivered scrapes waited for their client to take them.",
            buckets: Self.durations)
        clientTime = registry.histogram(
            "pushprox_scrape_client_seconds", "Time from a scrape's delivery to a client to its end.",
            buckets: Self.durations)
        scrapesTaken = Dictionary(
            uniqueKeysWithValues: Transport.allCases.map {
                (
                    $0,
                    registry.counter(
                        "pushprox_transport_scrapes_total",
                        "Scrapes that a client had taken and that ended, by what took them there.",
                        labels: ["transport": $0.rawValue])
                )
            })
        relayedBytes = registry.counter("pushprox_relayed_bytes_total", "Bytes of response bodies relayed to scrapers.")
        pollsSuperseded = registry.counter(
            "pushprox_polls_superseded_total", "Waiting polls that a newer poll or tunnel of the same FQDN replaced.")
        pollsDropped = registry.counter(
            "pushprox_polls_dropped_total", "Waiting polls whose client disconnected.")
        pollsIdle = registry.counter(
            "pushprox_polls_idle_total", "Polls of our own clients ended because of --poll.max-wait.")
        tunnelsSuperseded = registry.counter(
            "pushprox_tunnels_superseded_total", "Tunnels whose names newer tunnels or polls took over.")
        tunnelsLost = registry.counter("pushprox_tunnels_lost_total", "Tunnels in service whose connection ended.")
        tunnelsRefused = Dictionary(
            uniqueKeysWithValues: TunnelRefusal.allCases.map {
                (
                    $0,
                    registry.counter(
                        "pushprox_tunnels_refused_total", "Tunnels that were not taken, by reason.",
                        labels: ["reason": $0.rawValue])
                )
            })
        connectionsOpened = registry.counter("pushprox_connections_opened_total", "Connections opened by CONNECT.")
        connectionsIdle = registry.counter(
            "pushprox_connections_idle_total", "Connections ended because nothing passed through them for long.")
        connectionFailures = Dictionary(
            uniqueKeysWithValues: FailureKind.allCases.map {
                (
                    $0,
                    registry.counter(
                        "pushprox_connection_failures_total",
                        "CONNECTs that failed, and connections that broke off, by kind.", labels: ["kind": $0.rawValue])
                )
            })
        connectionBytes = Dictionary(
            uniqueKeysWithValues: ConnectionDirection.allCases.map {
                (
                    $0,
                    registry.counter(
                        "pushprox_connection_bytes_total", "Bytes passed on through CONNECT.",
                        labels: ["direction": $0.rawValue])
                )
            })
        redelivered = registry.counter(
            "pushprox_scrapes_redelivered_total",
            "Scrapes queued again because the connection to their client failed before there was any answer.")
        clashes = registry.counter(
            "pushprox_client_clashes_total", "Polls that found another live client with the same FQDN.")
        unknownPushes = registry.counter(
            "pushprox_pushes_unknown_total", "Pushes for scrapes that nobody waits for.")
        queueFull = Dictionary(
            uniqueKeysWithValues: QueueBound.allCases.map {
                (
                    $0,
                    registry.counter(
                        "pushprox_scrape_queue_full_total",
                        "Scrapes refused because --scrape.max-queued-per-client or --scrape.max-queued was reached.",
                        labels: ["bound": $0.rawValue])
                )
            })
        registrationsRefused = registry.counter(
            "pushprox_registrations_refused_total",
            "Polls refused because --registration.max-clients was reached.")

        browserRequests = registry.counter(
            "pushprox_browser_requests_refused_total", "Polls and pushes refused because a browser sent them (Origin).")
        accessDenied = Dictionary(
            uniqueKeysWithValues: [AccessAction.scrape, .register, .read].map {
                (
                    $0,
                    registry.counter(
                        "pushprox_access_denied_total",
                        "What the access rules did not allow, by what was asked for.", labels: ["action": $0.rawValue])
                )
            })
        suppressedLines = Dictionary(
            uniqueKeysWithValues: FleetLog.Line.allCases.map {
                (
                    $0,
                    registry.counter(
                        "pushprox_log_lines_suppressed_total",
                        "Log lines left out because too many of their kind came in a minute.",
                        labels: ["line": $0.rawValue])
                )
            })

        recordFlush = registry.histogram(
            "pushprox_record_flush_seconds", "Time that writing one batch to the record took.",
            buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5])
        recordErrors = registry.counter(
            "pushprox_record_errors_total",
            "Batches that could not be written to the record; they are kept and retried.")
        recordDropped = registry.counter(
            "pushprox_record_dropped_total",
            "Failures, outcomes, samples and names left out of the record because its backlog was at its bound.")
        web = WebMetrics(in: registry, prefix: "pushprox")
        registry.registerBuildInfo(prefix: "pushprox", version: Version.number)
        ProcessMetrics.register(in: registry)
    }

    /// What the listing drops, read off when somebody looks.
    func observe(droppedViews: @escaping @Sendable () -> Int) {
        registry.counter(
            "pushprox_clients_views_dropped_total",
            "Ways of asking for /clients whose answer was not kept, because too many or too large ones were asked for."
        ) { Double(droppedViews()) }
    }

    /// Gauges that are read off when somebody looks.
    func observe(_ gauges: @escaping @Sendable () -> BrokerGauges, backlog: @escaping @Sendable () -> Int) {
        registry.gauge("pushprox_proxy_clients", "Number of known pushprox clients.") { Double(gauges().liveClients) }
        registry.gauge(
            "pushprox_proxy_connected_clients", "Clients with an open poll, a tunnel, or a scrape in flight."
        ) {
            Double(gauges().connectedClients)
        }
        registry.gauge("pushprox_proxy_waiting_polls", "Polls that wait for a scrape.") {
            Double(gauges().waitingPolls)
        }
        registry.gauge("pushprox_proxy_tunnels", "Tunnels that take scrapes to a client.") { Double(gauges().tunnels) }
        registry.gauge("pushprox_proxy_streams", "Scrapes and connections under way in tunnels.") {
            Double(gauges().streams)
        }
        registry.gauge("pushprox_connections", "CONNECTs that a client has taken and that have not ended.") {
            Double(gauges().connections)
        }
        registry.gauge("pushprox_scrapes_queued", "Scrapes and CONNECTs that wait for their client.") {
            Double(gauges().queued)
        }
        registry.gauge("pushprox_scrapes_in_flight", "Scrapes that a client has taken and that have not ended.") {
            Double(gauges().inFlight)
        }
        registry.gauge("pushprox_record_backlog", "Changed names and failures waiting to be written to the record.") {
            Double(backlog())
        }
    }
}
