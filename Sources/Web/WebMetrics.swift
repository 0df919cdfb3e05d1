import Telemetry

/// What a listener counts.
public struct WebMetrics: Sendable {
    let connections: Gauge
    let connectionsRefused: Counter
    let slowRequests: Counter
    let oversizedHeads: Counter
    let malformedRequests: Counter
    let idleClosed: Counter
    let idleDisplaced: Counter
    let writeTimeouts: Counter
    let pendingBytes: Gauge
    let answersRefused: Counter
    let pipeliningRefused: Counter
    let acceptFailures: Counter
    let addressRefused: Counter
    let rateLimited: Counter

    /// - Parameter prefix: The program's, `pushprox` or `pushprox_client`.
    public init(in registry: MetricRegistry, prefix: String) {
        connections = registry.gauge("\(prefix)_web_connections", "Open connections to the listener.")
        connectionsRefused = registry.counter(
            "\(prefix)_web_connections_refused_total", "Connections refused because --web.max-connections was reached.")
        slowRequests = registry.counter(
            "\(prefix)_web_slow_requests_total",
            "Connections closed because a request took longer than --web.read-header-timeout to arrive.")
        oversizedHeads = registry.counter(
            "\(prefix)_web_oversized_heads_total",
            "Requests refused because their head exceeded --web.max-header-bytes.")
        malformedRequests = registry.counter(
            "\(prefix)_web_malformed_requests_total", "Requests refused because they were no well-formed HTTP/1.x.")
        let idle = "\(prefix)_web_idle_connections_closed_total"
        let idleHelp =
            "Connections closed between requests, after --web.idle-timeout (timeout) or to make room for another one (room)."
        idleClosed = registry.counter(idle, idleHelp, labels: ["reason": "timeout"])
        idleDisplaced = registry.counter(idle, idleHelp, labels: ["reason": "room"])
        writeTimeouts = registry.counter(
            "\(prefix)_web_write_timeouts_total",
            "Connections reset because their peer read nothing of what waited for it for --web.write-timeout.")
        pendingBytes = registry.gauge(
            "\(prefix)_web_pending_bytes", "Bytes of answers that wait for their peers to read on.")
        answersRefused = registry.counter(
            "\(prefix)_web_answers_refused_total",
            "Large answers refused with 503 because --web.max-pending-bytes was reached.")
        pipeliningRefused = registry.counter(
            "\(prefix)_web_pipelining_refused_total",
            "Connections closed because too much was sent behind a request that waits.")
        addressRefused = registry.counter(
            "\(prefix)_web_address_connections_refused_total",
            "Connections refused because their address had --web.max-connections-per-address already.")
        rateLimited = registry.counter(
            "\(prefix)_web_rate_limited_requests_total",
            "Requests answered 429 because of rate_limit in the web configuration file.")
        acceptFailures = registry.counter(
            "\(prefix)_web_accept_failures_total",
            "Times that no connection could be accepted for want of descriptors or memory; each time accepting pauses for a second."
        )
    }
}
