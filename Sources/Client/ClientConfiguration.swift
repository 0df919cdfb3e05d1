import Flags
import NIOCore
import Wire

/// Everything that the flags and the environment decide, checked. Nothing else of the program reads a flag. The defaults are
/// those of the flags (`ClientCommand`).
struct ClientConfiguration: Sendable {
    /// The client's own name, as it is at start.
    var fqdn: FQDN
    /// Whether that is the file's.
    var isNameOfFile = false
    var proxyURL: HTTPURL
    /// Whether that is the file's: it must stay so while the client runs.
    var isProxyURLOfFile = false
    /// The path of the client's configuration file.
    var file: String?
    /// What flags say of the client's own name: they win over the file.
    var own = OwnFlags()
    var credential = ProxyCredential.url
    var tls = ClientTLSFiles()
    /// Where `/metrics` is served; `nil` for nowhere.
    var metricsAddress: ListenAddress?
    /// Of `metricsAddress`; `nil` for plain HTTP, without users.
    var webConfigurationFile: String?
    var transport = Default.transport
    var retryInitialWait = Default.retryInitialWait.timeAmount
    var retryMaxWait = Default.retryMaxWait.timeAmount
    var maxInFlight = Default.maxInFlight
    /// What scrapes may ask targets with.
    var methods = Default.methods
    /// What they may ask for; everything where it is empty.
    var allowed: [AllowedTarget] = []
    var shutdownGrace = Default.shutdownGrace.timeAmount
    var environment = ProxyEnvironment.none

    enum Default {
        static let transport = TransportMode.auto
        static let retryInitialWait = GoDuration.seconds(1)
        static let retryMaxWait = GoDuration.seconds(5)
        static let maxInFlight = 64
        static let methods = ScrapeMethods.reading
        static let shutdownGrace = GoDuration.seconds(10)
    }
}
