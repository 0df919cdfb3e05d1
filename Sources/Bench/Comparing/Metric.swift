/// What is measured of a proxy. The raw value is its key in the JSON report.
enum Metric: String, Sendable, Codable, CaseIterable {
    case scrapesPerSecond = "scrapes_per_second"
    case cpu = "cpu_seconds_per_1000_scrapes"
    case p50 = "latency_p50_ms"
    case p90 = "latency_p90_ms"
    case p99 = "latency_p99_ms"
    case p999 = "latency_p999_ms"
    case slowest = "latency_max_ms"
    case memory = "resident_mb"
    case memoryPeak = "resident_peak_mb"
    case memoryPerClient = "resident_kb_per_idle_client"
    case descriptorsPerClient = "descriptors_per_client"
    case idleCPU = "idle_cpu_percent"
    case burst = "burst_last_ms"
    case listing = "clients_listing_p50_ms"
    case listingSlowest = "clients_listing_max_ms"
    case generatorCPU = "generator_cpu_seconds_per_1000_scrapes"
    case lateness = "scraper_lateness_p99_ms"
    case errors = "errors"

    var title: String {
        switch self {
        case .scrapesPerSecond: "scrapes/s"
        case .cpu: "CPU s per 1,000 scrapes"
        case .p50: "latency p50, ms"
        case .p90: "latency p90, ms"
        case .p99: "latency p99, ms"
        case .p999: "latency p99.9, ms"
        case .slowest: "latency max, ms"
        case .memory: "resident memory, MB"
        case .memoryPeak: "resident memory, peak, MB"
        case .memoryPerClient: "memory per idle client, kB"
        case .descriptorsPerClient: "descriptors per client"
        case .idleCPU: "CPU with the largest fleet idle, % of a core"
        case .burst: "the last scrape of the burst, ms"
        case .listing: "/clients p50, ms"
        case .listingSlowest: "/clients max, ms"
        case .generatorCPU: "(the load's own CPU s per 1,000)"
        case .lateness: "(the load's own lateness p99, ms)"
        case .errors: "errors"
        }
    }

    /// Whether other programs on the machine spoil it. Memory does not mind them.
    var isTimed: Bool {
        switch self {
        case .memory, .memoryPeak, .memoryPerClient, .descriptorsPerClient, .errors: false
        default: true
        }
    }

    /// Whether a ratio of it says something about the contestants.
    var isCompared: Bool {
        switch self {
        case .generatorCPU, .lateness, .errors: false
        default: true
        }
    }
}
