import NIOSSL

/// A certificate authority and what it signed, for tests alone. Valid from 2020 to 2120; the server's names are `localhost`,
/// `edge.example` and 127.0.0.1.
enum TestCertificates {
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBaDCCAQ+gAwIBAgIBATAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAbMRkw
        FwYDVQQDDBBwdXNocHJveCB0ZXN0IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
        QgAE4CG13grC2zOCFJzx41CO9B6vYO/D9saRJOzQKZJ1PkxobhqPQjpgWoKcPtza
        He7uL+l0kW9NhgrvrR9zQk5UC6NCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8B
        Af8EBAMCAQYwHQYDVR0OBBYEFAbzCMyV7XcyjZ+qDHl1t2Zk9yPSMAoGCCqGSM49
        BAMCA0cAMEQCIGcTZLR5hV5PRPdsS2CRfOD/BbYMn3GGTZpBk4drtUfHAiBgqT1z
        B4B/H0JxmsgUqY2rmvSUc0lA9fTdVCGlnHdjxQ==
        -----END CERTIFICATE-----
        """

    static let server = """
        -----BEGIN CERTIFICATE-----
        MIIBkzCCATqgAwIBAgIBAjAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8w
        DQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQe0idjR4tA
        C0/WNyw0HLgdiI7vo0vLvT0u0MN100vc5Pt2g0eqedaB/pZk0bHs5AZDD7/57pkp
        c0ml7nPN8qMeo3cwdTAJBgNVHRMEAjAAMCgGA1UdEQQhMB+CCWxvY2FsaG9zdIIM
        ZWRnZS5leGFtcGxlhwR/AAABMB0GA1UdDgQWBBS/fBE4KHSRZTYCSDZHu2PZ+tEs
        QjAfBgNVHSMEGDAWgBQG8wjMle13Mo2fqgx5dbdmZPcj0jAKBggqhkjOPQQDAgNH
        ADBEAiBxvIU2/1wGmbrP8gVMVlfP9/gl9CgZ9Hz3yVUwAzfZrwIgaTkZKr4h40uO
        Ras5IBqmGXGe/WMAkdrxS2OKMfH9eYw=
        -----END CERTIFICATE-----
        """

    static let serverKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjI/aptRguXmDP7IR
        H9C8KqjMM6z6oBTuhoS86OdKsHuhRANCAAQe0idjR4tAC0/WNyw0HLgdiI7vo0vL
        vT0u0MN100vc5Pt2g0eqedaB/pZk0bHs5AZDD7/57pkpc0ml7nPN8qMe
        -----END PRIVATE KEY-----
        """

    static let client = """
        -----BEGIN CERTIFICATE-----
        MIIBfTCCASOgAwIBAgIBAzAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBwdXNocHJv
        eCB0ZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8w
        DQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQqCQ9pX8ed
        +MEem0FK1mqNHVGLoLfoAKnqUU5RuOPYPAX6x8V9jl2WZ4dGlbQtiPBqjZOQfZ3J
        frwV8NeKPaIao2AwXjAJBgNVHRMEAjAAMBEGA1UdEQQKMAiCBmNsaWVudDAdBgNV
        HQ4EFgQU66LeSfxo89XCs56skbHe9k7zB4kwHwYDVR0jBBgwFoAUBvMIzJXtdzKN
        n6oMeXW3ZmT3I9IwCgYIKoZIzj0EAwIDSAAwRQIgT0a5baa+zo1mXbbH0haH/Xwj
        hky4t0TfOWhgYWNpvdcCIQCzGN6s9fErsdFcl6H72FTCFiP1/IY5gdZCVY5OvovT
        Tw==
        -----END CERTIFICATE-----
        """

    static let clientKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+zJx6eDYSA2SECLi
        BCTDoC9jFc3W+ZGOLpRQmmH1GC+hRANCAAQqCQ9pX8ed+MEem0FK1mqNHVGLoLfo
        AKnqUU5RuOPYPAX6x8V9jl2WZ4dGlbQtiPBqjZOQfZ3JfrwV8NeKPaIa
        -----END PRIVATE KEY-----
        """

    /// For a scripted server.
    ///
    /// - Parameter asksForClient: whether peers must show a certificate of our authority.
    static func serverContext(asksForClient: Bool = false) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(server.utf8)).map {
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
