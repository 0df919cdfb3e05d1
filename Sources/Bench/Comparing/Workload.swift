import ArgumentParser
import Flags

/// The named pieces of work of `compare`.
enum Workload: String, Sendable, CaseIterable, ExpressibleByArgument {
    case load5k, rate1k, load1m, idle, scale, clients, rates, burst, client

    /// The rates per second of the workload `rates`, and the largest fleet.
    static let sweptRates = [250, 500, 1_000, 1_500, 2_000, 3_000, 4_000]
    static let largestFleet = 10_000
    /// Of the workload `burst`, in milliseconds.
    static let roundTrips = [10, 20, 50, 100, 200]

    var summary: String {
        switch self {
        case .load5k: "1,000 clients, 5 kB bodies, 64 scrapes in flight (closed loop)"
        case .rate1k: "1,000 clients, 5 kB bodies, 1,000 scrapes/s due (open loop)"
        case .load1m: "100 clients, 1 MB bodies, 64 scrapes in flight (closed loop)"
        case .idle: "idle clients: 1,000 to 10,000 polls or tunnels, no scrapes"
        case .scale: "5 kB bodies, 64 in flight, 100 clients against 10,000"
        case .clients: "GET /clients with 10,000 clients"
        case .rates: "1,000 clients, 5 kB bodies, open loop at rising rates (for the plot)"
        case .burst: "20 scrapes of one client at once, over links of 10 to 200 ms round trip"
        case .client: "real clients given by --client: 4 processes, 50 kB bodies marked gzip"
        }
    }

    var cases: [WorkloadCase] {
        switch self {
        case .load5k:
            [one(.load(clients: 1_000, bytes: 5_000, .closed(inFlight: 64), sharedPushConnections: nil))]
        case .rate1k:
            [one(.load(clients: 1_000, bytes: 5_000, .open(perSecond: 1_000), sharedPushConnections: nil))]
        case .load1m:
            [one(.load(clients: 100, bytes: 1_000_000, .closed(inFlight: 64), sharedPushConnections: nil))]
        case .idle: [one(.idle(clients: [1_000, 4_000, 7_000, Self.largestFleet]))]
        case .scale:
            // 10,000 polls and as many connections for pushes are more descriptors than a process is allowed here; so both
            // fleets push over as many.
            [100, Self.largestFleet].map { clients in
                WorkloadCase(
                    name: "scale-\(clients)", title: "5 kB bodies, 64 scrapes in flight, \(clients) clients",
                    kind: .load(clients: clients, bytes: 5_000, .closed(inFlight: 64), sharedPushConnections: 128))
            }
        case .clients: [one(.listing(clients: Self.largestFleet))]
        case .rates:
            Self.sweptRates.map { rate in
                WorkloadCase(
                    name: "rates-\(rate)", title: "1,000 clients, 5 kB bodies, \(rate) scrapes/s due (open loop)",
                    kind: .load(
                        clients: 1_000, bytes: 5_000, .open(perSecond: Double(rate)), sharedPushConnections: nil))
            }
        case .burst:
            Self.roundTrips.map { milliseconds in
                WorkloadCase(
                    name: "burst-\(milliseconds)",
                    title: "20 scrapes of one client at once, \(milliseconds) ms round trip",
                    kind: .burst(scrapes: 20, delay: .milliseconds(Int64(milliseconds / 2))))
            }
        case .client: [one(.client(processes: 4, bytes: 50_000))]
        }
    }

    private func one(_ kind: WorkloadCase.Kind) -> WorkloadCase {
        WorkloadCase(name: rawValue, title: summary, kind: kind)
    }
}
