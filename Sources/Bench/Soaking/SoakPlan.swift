import Flags

/// Everything that a soak was asked for.
struct SoakPlan: Sendable {
    var command: NamedCommand
    /// Of the load; the time for things to come to rest is extra.
    var duration: GoDuration
    /// Clients that behave, how many of them have tunnels, and scrapes of them per second.
    var clients: Int
    var tunnels: Int
    var rate: Double
    var chaosNames: Int
    var chaosActors: Int
    /// Connections that are opened and left idle.
    var holders: Int
    /// Scrapes of misbehaving clients per second.
    var chaosRate: Double
    var seed: UInt64
    /// How long the proxy may take to let go of everything.
    var drain: GoDuration
    /// A program that checks the record, run at the end beside the proxy; `{dir}`, `{report}`, `{url}`.
    var verify: CommandTemplate?
    var directory: String

    /// Scrapes of misbehaving clients announce it; late pushes come after it.
    static let chaosTimeout = GoDuration.seconds(2)
    /// Of the first wave, whose memory the end is compared with: memory that was needed once is seldom given back.
    static let firstShare = 0.25
}
