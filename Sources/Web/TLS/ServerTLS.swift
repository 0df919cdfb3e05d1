import NIOCore
import NIOSSL
import Settings

/// All that serving TLS takes, made of one version of the settings: certificates and keys are read and fit, and stay as they were
/// then. Connections keep the one that they began with.
///
/// Tickets for resuming a session are good for one of these only, since each has keys of its own: whoever resumes was let in under
/// the settings that hold.
public struct ServerTLS: Sendable {
    let context: NIOSSLContext
    let clientAuthentication: ClientAuthentication
    let allowedNames: Set<String>?
    let authorities: ClientAuthorities
    /// When our own certificate runs out: seconds since 1970.
    public let expires: Int64
    /// What an operator should know, though it can be used.
    public let warnings: [TLSSettings.Unusable]

    /// Reads the files. Takes milliseconds, more where the system's authorities are asked for: not on an event loop.
    ///
    /// - Parameters:
    ///   - files: Learns of all files that were read.
    ///   - now: Seconds since 1970.
    /// - Throws: `TLSSettings.Unusable`, with the key that is to blame.
    public init(
        _ settings: TLSSettings, reading files: inout FilesRead, now: Int64
    ) throws(TLSSettings.Unusable) {
        var warnings: [TLSSettings.Unusable] = []
        func warn(_ key: String, _ reason: String, of path: String? = nil) {
            warnings.append(TLSSettings.Unusable(key: key, path: path, reason: reason))
        }
        let chain = try Self.certificates(settings.certificate, "cert", &files)
        let key = try Self.privateKey(settings.key, &files)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = settings.minimumVersion.nioVersion
        configuration.maximumTLSVersion = settings.maximumVersion.nioVersion
        guard settings.minimumVersion == .tls12 || settings.maximumVersion == .tls13 else {
            throw TLSSettings.Unusable(key: "max_version", path: nil, reason: "it is below min_version")
        }
        configuration.applicationProtocols = ["http/1.1"]
        // Ours says that nothing more comes; nobody's answer depends on the peer's saying so too.
        configuration.shutdownTimeout = .seconds(1)
        let suites = settings.cipherSuites.filter { !$0.isForTLS13 }
        configuration.cipherSuiteValues = (suites.isEmpty ? CipherSuite.standard : suites).map(\.cipher)
        if suites.contains(where: \.isDated) { warn("cipher_suites", "those with CBC are dated") }
        if !settings.curves.isEmpty { configuration.curves = settings.curves.map(\.curve) }
        // BoringSSL signs with Ed25519 but takes it from clients only where it is told to; Go does both.
        configuration.verifySignatureAlgorithms = Self.signatureAlgorithms

        authorities = try Self.require(settings, &configuration, &files)
        clientAuthentication = settings.clientAuthentication
        allowedNames = settings.clientAllowedNames.map { Set($0).union($0.map { $0.lowercased() }) }
        if allowedNames != nil, clientAuthentication == .none {
            warn("client_allowed_sans", "has no effect while client_auth_type is NoClientCert")
        }
        if clientAuthentication.verifies, settings.clientAuthorities == nil {
            warn(
                "client_auth_type",
                "without client_ca_file, certificates of every authority that this system trusts are accepted")
        }

        context = try Self.makeContext(configuration, settings)
        expires = Int64(chain[0].notValidAfter)
        let source = settings.certificate
        if expires < now { warn(source.key("cert"), "the certificate has expired", of: source.path) }
        if Int64(chain[0].notValidBefore) > now {
            warn(source.key("cert"), "the certificate is not valid yet", of: source.path)
        }
        if Self.isWeak(chain[0]) {
            warn(
                source.key("cert"),
                "its RSA key has less than 2048 bits: clients refuse it, and below 1024 no handshake can be done",
                of: source.path)
        }
        if let path = settings.key.path, let exposure = files.exposure(of: path) {
            warn("key_file", exposure, of: path)
        }
        self.warnings = warnings
    }

    func makeHandler() -> NIOSSLServerHandler {
        switch clientAuthentication {
        case .none, .verifyIfGiven, .requireAndVerify: NIOSSLServerHandler(context: context)
        case .request, .requireAny:
            NIOSSLServerHandler(context: context, customVerificationCallback: { $1.succeed(.certificateVerified) })
        }
    }

    /// Whether a certificate that was accepted is good for this server: not expired since a session that is resumed began, and made
    /// out for one of the names that are allowed. Where names are listed, nobody comes without one: exporter-toolkit ends such a handshake too.
    func refusal(of certificate: ShownCertificate?, now: Int64) -> HandshakeFailure? {
        guard let certificate else {
            return allowedNames != nil && clientAuthentication != .none ? .noCertificate : nil
        }
        if clientAuthentication.verifies, certificate.notAfter < now { return .expired }
        if let allowedNames, !certificate.hasName(in: allowedNames) { return .nameNotAllowed }
        return nil
    }

    // MARK: Making one

    private static let signatureAlgorithms: [SignatureAlgorithm] = [
        .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ecdsaSecp384R1Sha384, .rsaPssRsaeSha384,
        .rsaPkcs1Sha384, .ecdsaSecp521R1Sha512, .rsaPssRsaeSha512, .rsaPkcs1Sha512, .ed25519,
    ]

    /// - Returns: The authorities that are named; none where the system's are asked.
    private static func require(
        _ settings: TLSSettings, _ configuration: inout TLSConfiguration, _ files: inout FilesRead
    ) throws(TLSSettings.Unusable) -> ClientAuthorities {
        let policy = settings.clientAuthentication
        if settings.clientAuthorities != nil, policy == .none {
            throw TLSSettings.Unusable(
                key: settings.clientAuthorities.key("client_ca"), path: nil,
                reason: "client_auth_type says that no client certificate is asked for")
        }
        configuration.certificateVerification =
            switch policy {
            case .none: .none
            case .request, .verifyIfGiven: .optionalVerification
            case .requireAny, .requireAndVerify: .noHostnameVerification
            }
        guard policy.verifies else {
            configuration.trustRoots = .certificates([])
            return ClientAuthorities([])
        }
        guard let source = settings.clientAuthorities else {
            // As Go does.
            configuration.trustRoots = .default
            return ClientAuthorities([])
        }
        let certificates = try certificates(source, "client_ca", &files)
        configuration.trustRoots = .certificates(certificates)
        // Clients with several certificates learn which to show.
        configuration.sendCANameList = true
        return ClientAuthorities(certificates)
    }

    /// Whether a certificate has an RSA key of less than 2048 bits. In DER (RFC 5280's SubjectPublicKeyInfo) one of 2048 takes 292 bytes or more,
    /// and one of less at least 8 less; `rsaEncryption` is 1.2.840.113549.1.1.1.
    private static func isWeak(_ certificate: NIOSSLCertificate) -> Bool {
        guard let key = try? certificate.extractPublicKey().toSPKIBytes() else { return false }
        let rsa: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
        return key.prefix(32).firstRange(of: rsa) != nil && key.count < 290
    }

    private static func makeContext(
        _ configuration: TLSConfiguration, _ settings: TLSSettings
    ) throws(TLSSettings.Unusable) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            // Everything else was looked at before: a key that can be read is refused when it is not the certificate's.
            let key = settings.key.key("key")
            switch error as? NIOSSLError {
            case .failedToLoadPrivateKey?:
                throw TLSSettings.Unusable(key: key, path: nil, reason: "it does not belong to the certificate")
            case .failedToLoadCertificate?:
                // Such as an authority's, in front of the server's own.
                throw TLSSettings.Unusable(
                    key: settings.certificate.key("cert"), path: settings.certificate.path,
                    reason:
                        "the first certificate is not one that a server can show: its keyUsage is for something else than signatures, or its key is of a kind that TLS does not have"
                )
            default: throw TLSSettings.Unusable(key: key, path: nil, reason: String("\(error)".prefix(200)))
            }
        }
    }

    private static func certificates(
        _ source: TLSSettings.PEM, _ name: String, _ files: inout FilesRead
    ) throws(TLSSettings.Unusable) -> [NIOSSLCertificate] {
        let text = try source.text(name, &files)
        if let found = try? NIOSSLCertificate.fromPEMBytes(text), !found.isEmpty { return found }
        throw TLSSettings.Unusable(key: source.key(name), path: source.path, reason: "it holds no certificate in PEM")
    }

    private static func privateKey(
        _ source: TLSSettings.PEM, _ files: inout FilesRead
    ) throws(TLSSettings.Unusable) -> NIOSSLPrivateKey {
        let text = try source.text("key", &files)
        let readable = String(decoding: text, as: UTF8.self)
        if readable.contains("BEGIN ENCRYPTED PRIVATE KEY") || readable.contains("Proc-Type: 4,ENCRYPTED") {
            throw TLSSettings.Unusable(
                key: source.key("key"), path: source.path,
                reason: "the key is encrypted; decrypt it (openssl pkey -in OLD -out NEW) and protect the file instead")
        }
        if let key = try? NIOSSLPrivateKey(bytes: text, format: .pem) { return key }
        throw TLSSettings.Unusable(
            key: source.key("key"), path: source.path, reason: "it holds no private key in PEM")
    }
}

extension TLSSettings.PEM {
    /// The key of the file that this stands under.
    func key(_ name: String) -> String {
        switch self {
        case .inline: name
        case .file: "\(name)_file"
        }
    }

    var path: String? {
        switch self {
        case .inline: nil
        case .file(let path): path
        }
    }

    fileprivate func text(_ name: String, _ files: inout FilesRead) throws(TLSSettings.Unusable) -> [UInt8] {
        switch self {
        case .inline(let text): return Array(text.utf8)
        case .file(let path):
            do {
                return try files.bytes(path)
            } catch {
                throw TLSSettings.Unusable(key: key(name), path: path, reason: error.text)
            }
        }
    }
}

extension TLSSettings.PEM? {
    fileprivate func key(_ name: String) -> String { self?.key(name) ?? name }
}

extension TLSSettings.Version {
    var nioVersion: TLSVersion {
        switch self {
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}
