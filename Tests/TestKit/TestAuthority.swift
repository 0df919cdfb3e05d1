import NIOSSL

/// A certificate authority of a test's own, made with the system's openssl as people make theirs.
public final class TestAuthority: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// Paths of PEM files.
    public struct Pair: Sendable {
        public let certificate: String
        public let key: String
    }

    public let folder: TemporaryFolder
    public let name: String

    public var certificate: String { folder.file("\(name).pem") }

    public init(_ name: String = "test-authority", in folder: TemporaryFolder? = nil) async throws {
        self.folder = try folder ?? TemporaryFolder()
        self.name = name
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=\(name)", "-keyout", self.folder.file("\(name).key"), "-out", certificate)
    }

    /// - Parameters:
    ///   - names: Alternative names as openssl writes them: `DNS:a.example,IP:127.0.0.1`.
    ///   - key: Arguments of `openssl req` that choose the key.
    ///   - days: From now on; negative for one that has expired.
    public func issue(
        _ name: String, _ names: String, key: [String] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        days: Int = 30
    ) async throws -> Pair {
        let pair = Pair(certificate: folder.file("\(name).pem"), key: folder.file("\(name).key"))
        let request = folder.file("\(name).csr")
        try await openssl(
            ["req", "-new", "-nodes", "-subj", "/O=Example/CN=\(name)", "-addext", "subjectAltName=\(names)"] + key
                + ["-keyout", pair.key, "-out", request])
        try await openssl(
            "x509", "-req", "-in", request, "-CA", certificate, "-CAkey", folder.file("\(self.name).key"),
            "-copy_extensions", "copy", "-days", "\(days)", "-out", pair.certificate)
        return pair
    }

    public func openssl(_ arguments: String...) async throws { try await openssl(arguments) }

    public func openssl(_ arguments: [String]) async throws {
        let program = try Program(Executable.installed("openssl"), arguments)
        guard try await program.exited() == .code(0) else {
            throw Failed(description: "openssl \(arguments.joined(separator: " ")): \(program.errors.text)")
        }
    }
}

/// What a TLS client of a test trusts and shows.
public struct TestClient: Sendable {
    /// The authority's PEM file.
    public var trusts: String
    public var shows: TestAuthority.Pair?
    public var maximumVersion: TLSVersion?
    public var cipherSuites: [NIOTLSCipher] = []
    public var curves: [NIOTLSCurve]?

    public init(
        trusts: String, shows: TestAuthority.Pair? = nil, maximumVersion: TLSVersion? = nil,
        cipherSuites: [NIOTLSCipher] = [], curves: [NIOTLSCurve]? = nil
    ) {
        self.trusts = trusts
        self.shows = shows
        self.maximumVersion = maximumVersion
        self.cipherSuites = cipherSuites
        self.curves = curves
    }

    public func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(trusts))
        configuration.maximumTLSVersion = maximumVersion
        configuration.applicationProtocols = ["http/1.1"]
        if !cipherSuites.isEmpty { configuration.cipherSuiteValues = cipherSuites }
        configuration.curves = curves
        if let shows {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(shows.certificate).map {
                .certificate($0)
            }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: shows.key, format: .pem))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    /// Connects to 127.0.0.1 asking for `host`; the handshake runs while what is sent waits.
    public func open(port: Int, host: String = "a.example") async throws -> RawConnection {
        let context = try context()
        return try await RawConnection.open(port: port) { channel in
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: host))
        }
    }
}
