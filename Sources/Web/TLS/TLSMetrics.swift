import Telemetry

/// What is counted of handshakes.
public struct TLSMetrics: Sendable {
    private let completed: [TLSSettings.Version: Counter]
    private let failures: [HandshakeFailure: Counter]
    let underWay: Gauge
    let waiting: Gauge

    /// - Parameter prefix: The program's, `pushprox` or `pushprox_client`.
    public init(in registry: MetricRegistry, prefix: String) {
        completed = Dictionary(
            uniqueKeysWithValues: TLSSettings.Version.allCases.map {
                (
                    $0,
                    registry.counter(
                        "\(prefix)_web_tls_handshakes_total", "TLS handshakes that were completed, by version.",
                        labels: ["version": $0.rawValue])
                )
            })
        failures = Dictionary(
            uniqueKeysWithValues: HandshakeFailure.allCases.map {
                (
                    $0,
                    registry.counter(
                        "\(prefix)_web_tls_handshake_failures_total",
                        "Connections to a TLS port that ended before their handshake did, by reason.",
                        labels: ["reason": $0.rawValue])
                )
            })
        underWay = registry.gauge("\(prefix)_web_tls_handshakes_in_progress", "TLS handshakes under way.")
        waiting = registry.gauge(
            "\(prefix)_web_tls_handshakes_waiting",
            "Connections whose handshake waits because --web.max-handshakes are under way.")
    }

    func handshakeCompleted(_ version: TLSSettings.Version) { completed[version]?.increment() }

    func handshakeFailed(_ reason: HandshakeFailure) { failures[reason]?.increment() }
}
