import NIOSSL

/// Why a peer did not get beyond its handshake; the label `reason` of `…_web_tls_handshake_failures_total`.
enum HandshakeFailure: String, CaseIterable {
    /// It took longer than `--web.read-header-timeout`, or fell silent while others waited.
    case timeout
    /// It sent a request in plain text.
    case plainHTTP = "plain_http"
    /// It sent something else that is no TLS.
    case notTLS = "not_tls"
    /// It left before the end.
    case peerClosed = "peer_closed"
    /// It refused our certificate, or what we chose.
    case refusedByPeer = "refused_by_peer"
    /// It offers no version of TLS that is allowed.
    case protocolVersion = "protocol_version"
    case noSharedCipher = "no_shared_cipher"
    case noSharedGroup = "no_shared_group"
    /// It showed no certificate where one is required.
    case noCertificate = "no_certificate"
    /// Its certificate has expired, or that of its authority has.
    case expired
    /// Its certificate is not valid yet.
    case notYetValid = "not_yet_valid"
    /// Its certificate is not signed by an authority of `client_ca`, whatever name that goes by.
    case unknownAuthority = "unknown_ca"
    /// Its certificate is for something else than a TLS client (RFC 5280 section 4.2.1.12), such as a server's.
    case wrongUsage = "wrong_usage"
    /// Its certificate cannot be accepted for another reason.
    case badCertificate = "bad_certificate"
    /// Its certificate has none of `client_allowed_sans`.
    case nameNotAllowed = "san_not_allowed"
    /// It broke the protocol.
    case malformed
    case other

    /// What the peer has shown, where that was the reason: for people.
    var ofCertificate: String? {
        switch self {
        case .noCertificate: "no certificate"
        case .expired: "a certificate that has expired"
        case .notYetValid: "a certificate that is not valid yet"
        case .unknownAuthority: "a certificate that no known authority has signed"
        case .wrongUsage: "a certificate that is not for TLS clients"
        case .badCertificate: "a certificate that cannot be accepted"
        case .nameNotAllowed: "a certificate with none of client_allowed_sans"
        case .timeout, .plainHTTP, .notTLS, .peerClosed, .refusedByPeer, .protocolVersion, .noSharedCipher,
            .noSharedGroup, .malformed, .other:
            nil
        }
    }

    /// What BoringSSL has to say is only to be had as text: names of its reasons (`SSL_R_…`), which it keeps.
    ///
    /// - Parameter certificate: What the peer has shown, if anything.
    init(_ error: any Error, certificate: NIOSSLCertificate?, authorities: ClientAuthorities, now: Int64) {
        guard case NIOSSLError.handshakeFailed(let failure)? = error as? NIOSSLError else {
            self = error is NIOSSLError || error is BoringSSLError ? .other : .peerClosed
            return
        }
        guard case .sslError(let stack) = failure else {
            self = .peerClosed
            return
        }
        if stack.contains(.eofDuringHandshake) {
            self = .peerClosed
            return
        }
        let text = stack.map { "\($0)" }.joined(separator: " ")
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("PEER_DID_NOT_RETURN_A_CERTIFICATE") {
            self = .noCertificate
        } else if says("CERTIFICATE_VERIFY_FAILED") {
            self = certificate.map { authorities.refusal(of: $0, now: now) } ?? .badCertificate
        } else if says(
            "ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_VERSION_NUMBER", "INAPPROPRIATE_FALLBACK")
        {
            self = .protocolVersion
        } else if says("_ALERT_") {
            self = .refusedByPeer
        } else if says("NO_SHARED_CIPHER") {
            self = .noSharedCipher
        } else if says("NO_SHARED_GROUP", "WRONG_CURVE") {
            self = .noSharedGroup
        } else if says(
            "DECODE", "UNEXPECTED", "BAD_", "LENGTH", "EXCESSIVE", "INVALID", "MISMATCH", "TOO_MANY", "ERROR_")
        {
            self = .malformed
        } else {
            self = .other
        }
    }
}
