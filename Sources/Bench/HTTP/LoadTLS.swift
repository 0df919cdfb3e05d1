import NIOCore
import NIOSSL

/// TLS at the load's end. Certificates are not looked at: what is measured is the proxy, whose certificate is made for the run.
enum LoadTLS {
    static let context: Result<NIOSSLContext, any Error> = Result {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return try NIOSSLContext(configuration: configuration)
    }

    /// To stand before everything else on a connection to this proxy, where it speaks TLS.
    static func addHandler(to channel: any Channel, for proxy: ProxyAddress) throws {
        guard proxy.isTLS else { return }
        try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: context.get(), serverHostname: nil))
    }
}
