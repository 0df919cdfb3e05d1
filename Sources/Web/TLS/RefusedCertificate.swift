import NIOSSL
import Wire

/// That a peer did not get beyond its handshake because of its certificate, or for want of one.
public struct RefusedCertificate: Sendable {
    /// The peer's, as text; `nil` where the system does not say.
    public let address: String?
    /// For people.
    public let explanation: String
    /// Whose the certificate says it is, which nobody has checked; `nil` where it says nothing. At most 200 bytes, without controls.
    public let subject: String?

    public init(address: String?, explanation: String, subject: String?) {
        self.address = address
        self.explanation = explanation
        self.subject = subject
    }

    /// - Parameter certificate: As the peer has shown it.
    /// - Returns: `nil` for a failure of another kind.
    init?(_ failure: HandshakeFailure, _ certificate: ShownCertificate?, address: String?) {
        guard let explanation = failure.ofCertificate else { return nil }
        let name = certificate.flatMap { $0.subject.isEmpty ? $0.dnsNames.first : $0.subject }
        self.init(
            address: address, explanation: explanation, subject: name?.withoutControls.prefix(utf8Bytes: 200))
    }
}
