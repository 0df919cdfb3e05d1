import Flags

/// What Prometheus's side of a run is to be.
struct ScrapeConfiguration: Sendable {
    var proxy: ProxyAddress
    /// `host:port` of every target, at least one.
    var targets: [String]
    var path = "/metrics"
    /// Shown as `Proxy-Authorization`.
    var token: String?
    /// Sent as `X-Prometheus-Scrape-Timeout-Seconds`. A scrape that has no answer `grace` after it counts as lost.
    var timeout = GoDuration.seconds(10)
    /// How long after its timeout the proxy may take to say that a scrape has failed.
    var grace = GoDuration.seconds(5)
    /// Checks that a body names the client and the scrape, and is whole. Off for targets that are not simulated clients.
    var verifies = true
    /// Lets a target be scraped while an earlier scrape of it is still in flight.
    var overlaps = false
    /// Keep-alive connections to the proxy, 1 … 16,000.
    var maxConnections = 4_096
    /// Shuffles the order in which targets are scraped.
    var seed: UInt64 = 1
    /// The number in the URL of the first scrape; they count up.
    var firstToken: UInt64 = 1
}
