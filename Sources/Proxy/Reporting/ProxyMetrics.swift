import Access
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
    let pollsSuperseded: Counter
    let pollsDropped: Counter
    let pollsIdle: Counter
    let redelivered: Counter
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

    /// Paths that upstream counts, under upstream's label values.
    enum APIPath: String, CaseIterable {
        case push = "/push"
        case poll = "/poll"
        case clients = "/clients"
        case metrics = "/metrics"

        /// Statuses that are shown from the start, as zero.
        var expectedStatuses: [Int] {
            switch self {
            case .push: [200, 400, 404, 500]
            case .poll: [200, 204, 400, 408, 503]
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
            "pushprox_scrape_poll_wait_seconds", "Time that delivered scrapes waited for a poll of their client.",
            buckets: Self.durations)
        clientTime = registry.histogram(
            "pushprox_scrape_client_seconds", "Time from a scrape's delivery to a client to its end.",
            buckets: Self.durations)
        relayedBytes = registry.counter("pushprox_relayed_bytes_total", "Bytes of response bodies relayed to scrapers.")
        pollsSuperseded = registry.counter(
            "pushprox_polls_superseded_total", "Waiting polls that a newer poll of the same FQDN replaced.")
        pollsDropped = registry.counter(
            "pushprox_polls_dropped_total", "Waiting polls whose client disconnected.")
        pollsIdle = registry.counter(
            "pushprox_polls_idle_total", "Polls of our own clients ended because of --poll.max-wait.")
        redelivered = registry.counter(
            "pushprox_scrapes_redelivered_total",
            "Scrapes queued again because the poll's connection failed while they were written to it.")
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

    /// Gauges that are read off when somebody looks.
    func observe(_ gauges: @escaping @Sendable () -> BrokerGauges, backlog: @escaping @Sendable () -> Int) {
        registry.gauge("pushprox_proxy_clients", "Number of known pushprox clients.") { Double(gauges().liveClients) }
        registry.gauge("pushprox_proxy_connected_clients", "Clients with an open poll or a scrape in flight.") {
            Double(gauges().connectedClients)
        }
        registry.gauge("pushprox_proxy_waiting_polls", "Polls that wait for a scrape.") {
            Double(gauges().waitingPolls)
        }
        registry.gauge("pushprox_scrapes_queued", "Scrapes that wait for a poll of their client.") {
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
