import Telemetry

/// How reloading went, for each configuration of a program: under the names that Prometheus's own programs use.
public struct ReloadMetrics: Sendable {
    private let successful: Gauge
    private let timestamp: Gauge

    /// - Parameters:
    ///   - prefix: The program's, `pushprox` or `pushprox_client`.
    ///   - configuration: Which one: `web`, `access` and their like.
    public init(in registry: MetricRegistry, prefix: String, configuration: String) {
        successful = registry.gauge(
            "\(prefix)_config_last_reload_successful",
            "Whether the last attempt to read a configuration, at start or after a change, could use it.",
            labels: ["config": configuration])
        timestamp = registry.gauge(
            "\(prefix)_config_last_reload_success_timestamp_seconds",
            "When the configuration that is in use was read.", labels: ["config": configuration])
    }

    /// - Parameter now: Seconds since 1970.
    func adopted(at now: Int64) {
        successful.set(1)
        timestamp.set(Int(clamping: now))
    }

    func refused() { successful.set(0) }
}
