import CNIOBoringSSL
import NIOSSL

/// Whose certificates clients may show, for finding out why one was not accepted: NIOSSL keeps BoringSSL's reason to itself, so the
/// certificate is looked at once more, by the same code and the same authorities. Costs what the handshake's own look did, and only
/// where that one failed; it decides nothing.
///
/// `@unchecked Sendable`: the store is complete when `init` returns, and is only looked into from then on, which BoringSSL lets any
/// number of threads do (`X509_STORE`, in its x509.h).
final class ClientAuthorities: @unchecked Sendable {
    private let names: Set<CertificateName>
    private let store: OpaquePointer?

    init(_ certificates: [NIOSSLCertificate]) {
        names = Set(certificates.map { CertificateName($0.subjectName) })
        store = X509_STORE_new()
        for certificate in certificates { Self.parsed(certificate) { _ = X509_STORE_add_cert(store, $0) } }
    }

    deinit { X509_STORE_free(store) }

    /// Why a certificate that was not accepted was not.
    ///
    /// Only the peer's own is looked at, for those that it sent along are not to be had. Where its issuer is none of the authorities,
    /// what is wrong with the certificate itself comes first: that issuer may be good.
    ///
    /// - Parameter now: Seconds since 1970.
    func refusal(of certificate: NIOSSLCertificate, now: Int64) -> HandshakeFailure {
        var refusal = HandshakeFailure.badCertificate
        Self.parsed(certificate) { x509 in
            switch verificationError(of: x509) {
            case X509_V_ERR_CERT_HAS_EXPIRED: refusal = .expired
            case X509_V_ERR_CERT_NOT_YET_VALID: refusal = .notYetValid
            case X509_V_ERR_INVALID_PURPOSE: refusal = .wrongUsage
            case X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
                refusal = .unknownAuthority
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
                // Another key under the name of one of ours.
                refusal =
                    names.contains(CertificateName(certificate.issuerName))
                    ? .unknownAuthority : flaw(of: certificate, x509, now) ?? .unknownAuthority
            default: break
            }
        }
        return refusal
    }

    private func flaw(of certificate: NIOSSLCertificate, _ x509: OpaquePointer, _ now: Int64) -> HandshakeFailure? {
        if Int64(certificate.notValidAfter) < now { return .expired }
        if Int64(certificate.notValidBefore) > now { return .notYetValid }
        return X509_check_purpose(x509, X509_PURPOSE_SSL_CLIENT, 0) == 1 ? nil : .wrongUsage
    }

    private func verificationError(of x509: OpaquePointer) -> Int32 {
        guard let context = X509_STORE_CTX_new() else { return X509_V_ERR_OUT_OF_MEM }
        defer { X509_STORE_CTX_free(context) }
        guard X509_STORE_CTX_init(context, store, x509, nil) == 1,
            // What BoringSSL asks of a client's certificate.
            X509_STORE_CTX_set_default(context, "ssl_client") == 1
        else { return X509_V_ERR_UNSPECIFIED }
        return X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context)
    }

    /// Calls with BoringSSL's own form of a certificate, which it may keep by counting its references.
    private static func parsed(_ certificate: NIOSSLCertificate, _ body: (OpaquePointer) -> Void) {
        guard let der = try? certificate.toDERBytes() else { return }
        // NIOSSL takes what is in this thread's queue for its own.
        defer { ERR_clear_error() }
        der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            guard let x509 = d2i_X509(nil, &start, bytes.count) else { return }
            defer { X509_free(x509) }
            body(x509)
        }
    }
}
