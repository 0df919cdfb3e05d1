import Flags
import NIOCore

/// Everything that the flags and the environment decide, checked. Nothing else of the program reads a flag.
struct ClientConfiguration: Sendable {
    /// The name to register under and the only host to scrape.
    var fqdn: String
    var proxyURL: HTTPURL
    var tls = ClientTLSFiles()
    /// Where `/metrics` is served; `nil` for nowhere.
    var metricsAddress: ListenAddress?
    var retryInitialWait = TimeAmount.seconds(1)
    var retryMaxWait = TimeAmount.seconds(5)
    var maxInFlight = 64
    /// What scrapes may ask targets with.
    var methods = ScrapeMethods.reading
    var shutdownGrace = TimeAmount.seconds(10)
    var environment = ProxyEnvironment.none
}
