import NIOSSL

/// A certificate authority and what it signed, for tests only. Valid from 2020 to 2120; all servers have one key.
enum TestCertificates {
    /// A server by what its certificate is for.
    enum Server: Sendable {
        /// `localhost`, `edge.example` and 127.0.0.1.
        case usual
        /// 127.0.0.1 alone.
        case loopback
        /// 192.0.2.7 alone.
        case remote
        /// `edge.example` alone.
        case named
        /// Without alternative names; its common name is `localhost`.
        case commonName

        var pem: String {
            switch self {
            case .usual: TestCertificates.server
            case .loopback: TestCertificates.loopbackServer
            case .remote: TestCertificates.remoteServer
            case .named: TestCertificates.namedServer
            case .commonName: TestCertificates.commonNameServer
            }
        }
    }

    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBaTCCAQ+gAwIBAgIBATAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAbMRkw
        FwYDVQQDDBBwdXNocHJveCB0ZXN0IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
        QgAE+0CZhMYb2WvvI++91oJV+0A7oDMw94R2iWFNxM/fCmfALwtujMOOO8EY57+1
        eZ834kaQ9Xpr8kHEuxu0Ftz8q6NCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8B
        Af8EBAMCAYYwHQYDVR0OBBYEFMi25gMMUjA5s/DB2XlH32tDnjZtMAoGCCqGSM49
        BAMCA0gAMEUCICIsOedWGgaudAi/eIlu8jvLyTEX/qnrZh9T7u8mBVnzAiEAhxAB
        D84yTCWmQCOn1QHEbddqD4LzsXn7a0QYFNcHQIQ=
        -----END CERTIFICATE-----
        """

    private static let server = """
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

    private static let loopbackServer = """
        -----BEGIN CERTIFICATE-----
        MIIBfDCCASGgAwIBAgIBAzAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8w
        DQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATrR/gYwI1m
        TWp7n71TBV6G4QLIfECziicIcYMyPFJfadxXDCfYp9SPwyzmLFalFcTVYfRXmBx6
        6uiSMnEGiZ/Mo14wXDAJBgNVHRMEAjAAMA8GA1UdEQQIMAaHBH8AAAEwHQYDVR0O
        BBYEFJPfEvSRPnk+8N4ocTEsztm9PmSvMB8GA1UdIwQYMBaAFMi25gMMUjA5s/DB
        2XlH32tDnjZtMAoGCCqGSM49BAMCA0kAMEYCIQDIZWJKQ9oeYzZ6N374GEWzDv2O
        FO3mBiIaAIjSHc3osQIhAMK9poHDgQkFyO9F19gViCLi3yXrZlKZgGaHRoJhzhKZ
        -----END CERTIFICATE-----
        """

    private static let remoteServer = """
        -----BEGIN CERTIFICATE-----
        MIIBfDCCASGgAwIBAgIBBDAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8w
        DQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATrR/gYwI1m
        TWp7n71TBV6G4QLIfECziicIcYMyPFJfadxXDCfYp9SPwyzmLFalFcTVYfRXmBx6
        6uiSMnEGiZ/Mo14wXDAJBgNVHRMEAjAAMA8GA1UdEQQIMAaHBMAAAgcwHQYDVR0O
        BBYEFJPfEvSRPnk+8N4ocTEsztm9PmSvMB8GA1UdIwQYMBaAFMi25gMMUjA5s/DB
        2XlH32tDnjZtMAoGCCqGSM49BAMCA0kAMEYCIQDSt4yfMhixCj6Hqq8Xeu1HTvDZ
        aAaCoAMKc74GkP+ZAQIhAMMo7JkxYAOmyOCywGDTGxHlZe9Oqh7Pe4ob+08hO+vI
        -----END CERTIFICATE-----
        """

    private static let namedServer = """
        -----BEGIN CERTIFICATE-----
        MIIBhDCCASmgAwIBAgIBBTAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8w
        DQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATrR/gYwI1m
        TWp7n71TBV6G4QLIfECziicIcYMyPFJfadxXDCfYp9SPwyzmLFalFcTVYfRXmBx6
        6uiSMnEGiZ/Mo2YwZDAJBgNVHRMEAjAAMBcGA1UdEQQQMA6CDGVkZ2UuZXhhbXBs
        ZTAdBgNVHQ4EFgQUk98S9JE+eT7w3ihxMSzO2b0+ZK8wHwYDVR0jBBgwFoAUyLbm
        AwxSMDmz8MHZeUffa0OeNm0wCgYIKoZIzj0EAwIDSQAwRgIhAOX6B9NKAZLt3cRn
        nFDIaXjxK4BSnsV7usTICq3HJ+hXAiEAmj/3NGpnF0Ht9dxhZmhgFunysWycxxp3
        zAXL23gfZCw=
        -----END CERTIFICATE-----
        """

    private static let commonNameServer = """
        -----BEGIN CERTIFICATE-----
        MIIBbDCCAROgAwIBAgIBBjAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAUMRIw
        EAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATrR/gY
        wI1mTWp7n71TBV6G4QLIfECziicIcYMyPFJfadxXDCfYp9SPwyzmLFalFcTVYfRX
        mBx66uiSMnEGiZ/Mo00wSzAJBgNVHRMEAjAAMB0GA1UdDgQWBBST3xL0kT55PvDe
        KHExLM7ZvT5krzAfBgNVHSMEGDAWgBTItuYDDFIwObPwwdl5R99rQ542bTAKBggq
        hkjOPQQDAgNHADBEAiBzyNBCCZZr2Q1vkdAIZq/3JXQ8S+fS6iZ8xZ5dcZW0VgIg
        MuXUJv26hNWamS9otWzR2lhOWYWWPgk5iliWCVsCcrk=
        -----END CERTIFICATE-----
        """

    static let serverKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMzuzC+n6zXM+KheC
        diru0j/6vbqW5NEVjMzbxoUQGyGhRANCAATrR/gYwI1mTWp7n71TBV6G4QLIfECz
        iicIcYMyPFJfadxXDCfYp9SPwyzmLFalFcTVYfRXmBx66uiSMnEGiZ/M
        -----END PRIVATE KEY-----
        """

    static let client = """
        -----BEGIN CERTIFICATE-----
        MIIBfTCCASOgAwIBAgIBBzAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8w
        DQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARUMgJVotpc
        wD4Uj6HUhBZaWCxVpJ3e+87jMWm35ExfUHBKQuJQYOux80S2KAXdlrcnZ/l6dj6U
        thoPSn1W87+po2AwXjAJBgNVHRMEAjAAMBEGA1UdEQQKMAiCBmNsaWVudDAdBgNV
        HQ4EFgQUTjadjV6+m5sMLGLEXSKacpcDggowHwYDVR0jBBgwFoAUyLbmAwxSMDmz
        8MHZeUffa0OeNm0wCgYIKoZIzj0EAwIDSAAwRQIhAO+/WBx8s+XyXYhNUCDtp/Tc
        2miArybniIkAR3MWovUcAiBL2Zm/HX/6ERg0EZXetrlyeyCsNraA0XikIWshqU05
        Pg==
        -----END CERTIFICATE-----
        """

    static let clientKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFPicv1w7adUyokgw
        3DmR+hosAwXiohbBzDbBFnFMRrahRANCAARUMgJVotpcwD4Uj6HUhBZaWCxVpJ3e
        +87jMWm35ExfUHBKQuJQYOux80S2KAXdlrcnZ/l6dj6UthoPSn1W87+p
        -----END PRIVATE KEY-----
        """

    /// For a scripted server.
    ///
    /// - Parameters:
    ///   - asksForClient: whether peers must show a certificate of our authority.
    static func serverContext(_ server: Server = .usual, asksForClient: Bool = false) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(server.pem.utf8)).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(bytes: Array(serverKey.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        if asksForClient {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        }
        return try NIOSSLContext(configuration: configuration)
    }
}
