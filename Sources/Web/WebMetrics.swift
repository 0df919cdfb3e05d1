import Telemetry

/// What a listener counts.
public struct WebMetrics: Sendable {
    let connections: Gauge
    let connectionsRefused: Counter
    let slowRequests: Counter
    let oversizedHeads: Counter
    let malformedRequests: Counter

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
    }
}
