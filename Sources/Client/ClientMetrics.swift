import Failures
import Flags
import Telemetry
import Web
import Wire

/// Every metric of the client, in one place. The first three are upstream's, with its names and help texts.
final class ClientMetrics: Sendable {
    let registry = MetricRegistry()
    let web: WebMetrics
    let tls: TLSMetrics
    let passwords: PasswordMetrics
    let tunnel: TunnelMetrics
    let scrapeErrors: Counter
    let pushErrors: Counter
    let pollErrors: Counter

    let scrapes: Counter
    let inFlight: Gauge
    let rejected: Counter
    let pushBytes: Counter
    let scrapeDuration: Histogram
    let pushDuration: Histogram
    private let polls: [PollLoop.Result: Counter]
    private let failures: [FailureKind: Counter]

    private static let buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// Of a configuration that there is; to be made once for each.
    ///
    /// - Parameter configuration: `web`, `credential`, `tls`.
    func reload(of configuration: String) -> ReloadMetrics {
        ReloadMetrics(in: registry, prefix: "pushprox_client", configuration: configuration)
    }

    init(readiness: Readiness) {
        let registry = registry
        ProcessMetrics.register(in: registry)
        registry.registerBuildInfo(prefix: "pushprox_client", version: Version.number)

        tls = TLSMetrics(in: registry, prefix: "pushprox_client")
        passwords = PasswordMetrics(in: registry, prefix: "pushprox_client")
        web = WebMetrics(in: registry, prefix: "pushprox_client")
        tunnel = TunnelMetrics(in: registry)
        scrapeErrors = registry.counter("pushprox_client_scrape_errors_total", "Number of scrape errors")
        pushErrors = registry.counter("pushprox_client_push_errors_total", "Number of push errors")
        pollErrors = registry.counter("pushprox_client_poll_errors_total", "Number of poll errors")

        scrapes = registry.counter("pushprox_client_scrapes_total", "Scrapes received from the proxy.")
        inFlight = registry.gauge(
            "pushprox_client_scrapes_in_flight", "Scrapes whose response the proxy does not have yet.")
        rejected = registry.counter(
            "pushprox_client_scrapes_rejected_total", "Scrapes refused because --scrape.max-in-flight was reached.")
        pushBytes = registry.counter(
            "pushprox_client_push_bytes_total", "Bytes of responses that were pushed, failed pushes included.")
        scrapeDuration = registry.histogram(
            "pushprox_client_scrape_duration_seconds",
            "Time from a scrape's arrival until the target's response was complete.", buckets: Self.buckets)
        pushDuration = registry.histogram(
            "pushprox_client_push_duration_seconds", "Time from a push's beginning until the proxy's answer.",
            buckets: Self.buckets)
        registry.gauge(
            "pushprox_client_proxy_ready",
            "1 while the tunnel to the proxy is up, or the proxy answers this client's polls, else 0."
        ) {
            readiness.isReady ? 1 : 0
        }
        polls = Dictionary(
            uniqueKeysWithValues: PollLoop.Result.allCases.map { result in
                let counter = registry.counter(
                    "pushprox_client_polls_total", "Polls that ended, by what ended them.",
                    labels: ["result": result.rawValue])
                return (result, counter)
            })
        failures = Dictionary(
            uniqueKeysWithValues: FailureKind.reportable.map { failure in
                let counter = registry.counter(
                    "pushprox_client_scrape_failures_total", "Scrapes that failed, by kind.",
                    labels: ["kind": failure.rawValue])
                return (failure, counter)
            })
    }

    func count(_ result: PollLoop.Result) {
        polls[result]?.increment()
        if ![.scrape, .idle].contains(result) { pollErrors.increment() }
    }

    func count(_ failure: FailureKind) {
        failures[failure]?.increment()
        scrapeErrors.increment()
    }
}
