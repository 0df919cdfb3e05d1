/// Who is at the other end of a connection.
public struct Peer: Sendable {
    /// Without its port; `nil` where the system does not say.
    public var address: String?
    /// The listener's name (`ListenerConfiguration.name`) that it came to.
    public var listener: String
    /// `nil` for a peer without TLS.
    public var security: PeerSecurity?
    /// As whom admission let its last request in, before a verdict: the one before.
    public var identity: (any AdmittedIdentity)?

    public init(
        address: String?, listener: String, security: PeerSecurity? = nil, identity: (any AdmittedIdentity)? = nil
    ) {
        self.address = address
        self.listener = listener
        self.security = security
        self.identity = identity
    }
}

/// What a handshake has brought to light; made by the `ChannelStep` that did it, once for a connection.
public final class PeerSecurity: Sendable {
    /// As `TLSv1.3`.
    public let version: String
    public let cipher: String?
    /// The name that the peer asked for (SNI).
    public let serverName: String?
    /// What was agreed on by ALPN.
    public let applicationProtocol: String?
    /// The peer's own, checked by the handshake; `nil` where it showed none.
    public let certificate: PeerCertificate?

    public init(
        version: String, cipher: String? = nil, serverName: String? = nil, applicationProtocol: String? = nil,
        certificate: PeerCertificate? = nil
    ) {
        self.version = version
        self.cipher = cipher
        self.serverName = serverName
        self.applicationProtocol = applicationProtocol
        self.certificate = certificate
    }
}

/// What a peer's certificate says.
public struct PeerCertificate: Sendable, Equatable {
    public var subject: String
    /// Of its alternative names.
    public var dnsNames: [String]
    public var ipAddresses: [String]
    /// Hexadecimal.
    public var serial: String
    /// Seconds since 1970.
    public var validity: ClosedRange<Int64>

    public init(
        subject: String, dnsNames: [String], ipAddresses: [String], serial: String, validity: ClosedRange<Int64>
    ) {
        self.subject = subject
        self.dnsNames = dnsNames
        self.ipAddresses = ipAddresses
        self.serial = serial
        self.validity = validity
    }
}
