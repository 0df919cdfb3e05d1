import Flags

/// What a fleet of simulated clients is to be.
struct FleetConfiguration: Sendable {
    var proxy: ProxyAddress
    /// 1 … 1,000,000. Each takes one descriptor for its poll, and one more for its pushes unless those are shared.
    var clients: Int
    /// Clients are called `<prefix>-0`, `<prefix>-1` …
    var prefix = "bench"
    var sizes = BodySizes(fixed: 5_000)
    /// Marks bodies as `Content-Encoding: gzip`. They are not compressed: nothing between target and scraper looks into them.
    var gzip = false
    /// From the answer of the poll to the push.
    var delay = GoDuration(nanoseconds: 0)
    /// Sends `X-Pushprox-Instance` with every poll, as this project's client does; the proxy may then end an idle poll with 204.
    var sendsInstance = false
    /// Connections that all clients of one thread share for their pushes; `nil` gives every client one of its own.
    var sharedPushConnections: Int?
    /// Every client has a tunnel, in place of polls and pushes.
    var isTunnelled = false
    /// How many names each tunnel answers for: those of the client `<prefix>-7` are `<prefix>-7`, `<prefix>-7-1` … Only the first is scraped.
    var namesPerTunnel = 1
    /// Every name has labels and targets (`SampleDeclaration`).
    var declares = false
    /// Every client shows a token of its own (`BenchToken`).
    var showsTokens = false
    var seed: UInt64 = 1
    /// Remembers the token of every scrape that was delivered, to notice one that is delivered twice. One bit per scrape.
    var noticesRepeats = false

    /// The name of a client; `index` counts from 0.
    static func fqdn(prefix: String, index: Int) -> String { "\(prefix)-\(index)" }

    /// As many push connections as Go's client would use while descriptors allow it: one per client up to 4,000 clients, beyond
    /// that 256 for all.
    static func defaultPushConnections(clients: Int) -> Int? { clients <= 4_000 ? nil : 256 }
}
