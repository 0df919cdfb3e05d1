import Failures
import NIOCore
import Synchronization
import Telemetry

/// The client's metrics of tunnels, and of the connections that only tunnels carry.
final class TunnelMetrics: Sendable {
    /// 1 or 0.
    let up: Gauge
    let streams: Gauge
    let connectionsAsked: Counter
    let connections: Gauge
    private let dials: [NoTunnel.Result: Counter]
    private let connectionFailures: [FailureKind: Counter]
    private let roundTripNanoseconds = Atomic<Int64>(0)

    init(in registry: MetricRegistry) {
        up = registry.gauge("pushprox_client_tunnel_up", "1 while a tunnel to the proxy serves, else 0.")
        streams = registry.gauge(
            "pushprox_client_tunnel_streams", "Scrapes and connections on tunnels whose last byte is not sent yet.")
        connectionsAsked = registry.counter(
            "pushprox_client_connections_total", "Connections to targets that scrapers asked for (CONNECT).")
        connections = registry.gauge("pushprox_client_connections", "Of these, those that are open.")
        dials = Dictionary(
            uniqueKeysWithValues: NoTunnel.Result.allCases.map { result in
                let counter = registry.counter(
                    "pushprox_client_tunnel_dials_total", "Attempts at a tunnel that ended, by what came of them.",
                    labels: ["result": result.rawValue])
                return (result, counter)
            })
        connectionFailures = Dictionary(
            uniqueKeysWithValues: FailureKind.reportable.map { failure in
                let counter = registry.counter(
                    "pushprox_client_connection_failures_total",
                    "Connections that could not be made, or that the target broke off, by kind.",
                    labels: ["kind": failure.rawValue])
                return (failure, counter)
            })
        registry.gauge(
            "pushprox_client_tunnel_round_trip_seconds",
            "Time that the greeting of the tunnel, or the last ping of ours, took to the proxy and back; 0 before the first."
        ) { [self] in
            Double(roundTripNanoseconds.load(ordering: .relaxed)) / 1e9
        }
    }

    func count(_ result: NoTunnel.Result) { dials[result]?.increment() }
    func countConnection(_ failure: FailureKind) { connectionFailures[failure]?.increment() }
    func measured(roundTrip: TimeAmount) { roundTripNanoseconds.store(roundTrip.nanoseconds, ordering: .relaxed) }
}
