import Flags
import Web

/// Everything the proxy is told at its start, checked.
struct ProxyConfiguration: Sendable {
    var listenAddress: ListenAddress
    var web = WebLimits()
    var broker = BrokerLimits()
    var maxTimeout = GoDuration.seconds(300)
    var defaultTimeout = GoDuration.seconds(15)
    /// Empty turns the record off.
    var storagePath = ""
    var retention = GoDuration("30d") ?? .seconds(2_592_000)
    var shutdownGrace = GoDuration.seconds(10)
}
