import NIOCore
import NIOSSL

@testable import Web

/// TLS in front of a listener, with a certificate that only its clients trust. The certificate is valid from 2020 to 2120.
struct TestTLS: ChannelStep {
    let context: NIOSSLContext

    init() throws {
        let key = try NIOSSLPrivateKey(bytes: Array(Self.key.utf8), format: .pem)
        let certificate = try NIOSSLCertificate(bytes: Array(Self.certificate.utf8), format: .pem)
        context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate)], privateKey: .privateKey(key)))
    }

    func install(in channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
    }

    func security(of channel: any Channel) -> PeerSecurity? {
        let handler = try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
        return handler?.tlsVersion.map { PeerSecurity(version: "\($0)") }
    }

    /// For `RawConnection.open`.
    static func client(_ channel: any Channel) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: nil))
    }

    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBkzCCATqgAwIBAgIBAjAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8w
        DQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATrR/gYwI1m
        TWp7n71TBV6G4QLIfECziicIcYMyPFJfadxXDCfYp9SPwyzmLFalFcTVYfRXmBx6
        6uiSMnEGiZ/Mo3cwdTAJBgNVHRMEAjAAMCgGA1UdEQQhMB+CCWxvY2FsaG9zdIIM
        ZWRnZS5leGFtcGxlhwR/AAABMB0GA1UdDgQWBBST3xL0kT55PvDeKHExLM7ZvT5k
        rzAfBgNVHSMEGDAWgBTItuYDDFIwObPwwdl5R99rQ542bTAKBggqhkjOPQQDAgNH
        ADBEAiBBQpcxH1vjYPiFsV0WNLfm0m6AMBUm93BFhgj1VhEFJgIgaWHzJdjB5cDU
        JFudOLyveMlqEuJPu5sRJbxKjZL7jG0=
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMzuzC+n6zXM+KheC
        diru0j/6vbqW5NEVjMzbxoUQGyGhRANCAATrR/gYwI1mTWp7n71TBV6G4QLIfECz
        iicIcYMyPFJfadxXDCfYp9SPwyzmLFalFcTVYfRXmBx66uiSMnEGiZ/M
        -----END PRIVATE KEY-----
        """
}
