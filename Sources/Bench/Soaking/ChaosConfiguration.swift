import Flags

/// What the misbehaving part of a soak is to be.
struct ChaosConfiguration: Sendable {
    var proxy: ProxyAddress
    /// Names under which they poll: `chaos-0` …
    var names: Int
    /// How many act at any time; when one has ended its act another begins, under a name chosen by chance.
    var actors: Int
    /// How many more do nothing but hold a connection open that is idle.
    var holders = 0
    /// Some of them have tunnels, and scrapers ask for connections.
    var hasTunnels = true
    var prefix = "chaos"
    /// What scrapes of them announce; late pushes come after it.
    var scrapeTimeout: GoDuration
    var seed: UInt64
}
