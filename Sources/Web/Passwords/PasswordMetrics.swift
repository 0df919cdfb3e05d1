import Telemetry

/// What is counted of passwords.
public struct PasswordMetrics: Sendable {
    let right: Counter
    let wrong: Counter
    let slowed: Counter
    let refused: Counter
    let underWay: Gauge
    let forgotten: Counter

    /// - Parameter prefix: The program's, `pushprox` or `pushprox_client`.
    public init(in registry: MetricRegistry, prefix: String) {
        func checks(_ result: String) -> Counter {
            registry.counter(
                "\(prefix)_web_password_checks_total",
                "Passwords that were not known from before: right, wrong, not looked at after too many wrong ones from the "
                    + "same address (slowed), or not looked at because too many waited (refused).",
                labels: ["result": result])
        }
        right = checks("right")
        wrong = checks("wrong")
        slowed = checks("slowed")
        refused = checks("refused")
        underWay = registry.gauge(
            "\(prefix)_web_password_checks_in_progress", "Passwords that are being checked, or wait for it.")
        forgotten = registry.counter(
            "\(prefix)_web_password_addresses_forgotten_total",
            "Addresses that wrong passwords came from and that were forgotten before their time, because there were too many."
        )
    }
}
