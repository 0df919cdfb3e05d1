import Clients
import Flags
import NIOCore
import Web

/// Everything the proxy is told at its start, checked. The defaults are those of the flags (`ProxyCommand`).
struct ProxyConfiguration: Sendable {
    /// At least one.
    var listenAddresses: [ListenAddress]
    /// What serves clients alone.
    var clientListenAddresses: [ListenAddress] = []
    /// `nil` for plain HTTP, without users.
    var webConfigurationFile: String?
    /// `nil` for the same as `webConfigurationFile`.
    var clientConfigurationFile: String?
    var maxHandshakes = Default.maxHandshakes
    /// `--runtime.event-loops`.
    var eventLoops = Default.eventLoops
    var web = WebLimits.standard
    var broker = BrokerLimits.standard
    var maxTimeout = Default.maxTimeout
    var defaultTimeout = Default.defaultTimeout
    /// `--tunnel.ping-interval`.
    var pingInterval = Default.pingInterval
    /// `--connect.max-idle`.
    var connectMaxIdle = Default.connectMaxIdle
    /// `--discovery.labels`.
    var discoveryLabels = DiscoveryLabels.asGiven
    /// `--access.config.file`.
    var accessFile: String?
    /// Empty turns the record off.
    var storagePath = ""
    var retention = Default.retention
    var shutdownGrace = Default.shutdownGrace

    enum Default {
        static let maxHandshakes = Handshakes.defaultPerCore * System.coreCount
        static let eventLoops = System.coreCount
        static let maxTimeout = GoDuration.seconds(300)
        static let defaultTimeout = GoDuration.seconds(15)
        static let pingInterval = GoDuration.seconds(15)
        static let connectMaxIdle = GoDuration.seconds(360)
        static let retention = GoDuration.seconds(30 * 86_400)
        static let shutdownGrace = GoDuration.seconds(10)
    }
}
