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
    ///   - usage: What it is for, as openssl writes it: `serverAuth`; `nil` for anything.
    ///   - days: From now on; negative for one that has expired.
    ///   - start: Since when it is valid, for a day, as `20990101000000Z`; `nil` for now.
    public func issue(
        _ name: String, _ names: String, key: [String] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        usage: String? = nil, days: Int = 30, start: String? = nil
    ) async throws -> Pair {
        let pair = Pair(certificate: folder.file("\(name).pem"), key: folder.file("\(name).key"))
        let request = folder.file("\(name).csr")
        try await openssl(
            ["req", "-new", "-nodes", "-subj", "/O=Example/CN=\(name)", "-addext", "subjectAltName=\(names)"] + key
                + (usage.map { ["-addext", "extendedKeyUsage=\($0)"] } ?? [])
                + ["-keyout", pair.key, "-out", request])
        if let start {
            try await sign(request, from: start, to: pair.certificate)
            return pair
        }
        try await openssl(
            "x509", "-req", "-in", request, "-CA", certificate, "-CAkey", folder.file("\(self.name).key"),
            "-copy_extensions", "copy", "-days", "\(days)", "-out", pair.certificate)
        return pair
    }

    /// `openssl x509` knows no beginning but now.
    private func sign(_ request: String, from start: String, to certificate: String) async throws {
        let configuration = try folder.write(
            """
            [ca]
            default_ca = own
            [own]
            database = \(try folder.write("", to: "index.txt"))
            serial = \(try folder.write("7F01", to: "serial.txt"))
            new_certs_dir = \(folder.path)
            default_md = sha256
            copy_extensions = copy
            policy = any
            [any]
            organizationName = optional
            commonName = supplied
            """, to: "ca.cnf")
        try await openssl(
            "ca", "-batch", "-notext", "-config", configuration, "-cert", self.certificate, "-keyfile",
            folder.file("\(name).key"), "-startdate", start, "-days", "1", "-in", request, "-out", certificate)
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
