/// How TLS is served: `tls_server_config` of exporter-toolkit's web configuration, as far as its text goes.
public struct TLSSettings: Sendable, Equatable {
    /// PEM text, in the configuration itself or in a file beside it.
    public enum PEM: Sendable, Equatable {
        case inline(String)
        /// The path of a file.
        case file(String)
    }

    /// What is served; older ones are not (RFC 8996).
    public enum Version: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    public var certificate: PEM
    public var key: PEM
    public var clientAuthentication = ClientAuthentication.none
    /// Whose certificates clients may show; `nil` for the authorities that the system trusts.
    public var clientAuthorities: PEM?
    /// What a client's certificate must be made out for, one of these at least; `nil` for anything.
    public var clientAllowedNames: [String]?
    public var minimumVersion = Version.tls12
    public var maximumVersion = Version.tls13
    /// For TLS 1.2; empty for the default.
    public var cipherSuites: [CipherSuite] = []
    /// In the order of preference; empty for the default.
    public var curves: [TLSCurve] = []

    public init(certificate: PEM, key: PEM) {
        self.certificate = certificate
        self.key = key
    }

    /// A setting that can't be used as it is, by its key in the file.
    public struct Unusable: Error, Equatable, CustomStringConvertible {
        public let key: String
        /// The file that it names, if it does.
        public let path: String?
        public let reason: String

        public var description: String { path.map { "\(key): \($0): \(reason)" } ?? "\(key): \(reason)" }
    }
}

/// What is asked of clients, under Go's names (`crypto/tls.ClientAuthType`).
public enum ClientAuthentication: String, Sendable, CaseIterable {
    /// No certificate is asked for.
    case none = "NoClientCert"
    /// One is asked for, and taken as it is.
    case request = "RequestClientCert"
    /// One must be shown, and is taken as it is.
    case requireAny = "RequireAnyClientCert"
    /// One is asked for, and must be signed by an authority if it is shown.
    case verifyIfGiven = "VerifyClientCertIfGiven"
    /// One must be shown, signed by an authority.
    case requireAndVerify = "RequireAndVerifyClientCert"

    /// `RequireClientCert` is an old name that exporter-toolkit still takes.
    public init?(name: String) {
        self.init(rawValue: name == "RequireClientCert" ? Self.requireAny.rawValue : name)
    }

    public var verifies: Bool { self == .verifyIfGiven || self == .requireAndVerify }
}
