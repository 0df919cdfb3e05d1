import NIOSSL

/// A cipher suite by the name that Go and IANA have for it; those of Go's `tls.CipherSuites()`, all of which BoringSSL has.
///
/// Those of TLS 1.3 may be named, as in Go, without effect: BoringSSL offers all three, always. Go ignores them too.
public enum CipherSuite: String, Sendable, CaseIterable {
    case ecdheECDSAAES128GCM = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    case ecdheRSAAES128GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    case ecdheECDSAAES256GCM = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    case ecdheRSAAES256GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    case ecdheECDSAChaCha = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    case ecdheRSAChaCha = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
    case ecdheECDSAAES128CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
    case ecdheRSAAES128CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
    case ecdheECDSAAES256CBC = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
    case ecdheRSAAES256CBC = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
    case aes128GCM = "TLS_AES_128_GCM_SHA256"
    case aes256GCM = "TLS_AES_256_GCM_SHA384"
    case chaCha = "TLS_CHACHA20_POLY1305_SHA256"

    /// What is offered where nothing is said: with forward secrecy, and encryption that authenticates.
    public static let standard: [CipherSuite] = [
        .ecdheECDSAAES128GCM, .ecdheRSAAES128GCM, .ecdheECDSAAES256GCM, .ecdheRSAAES256GCM, .ecdheECDSAChaCha,
        .ecdheRSAChaCha,
    ]

    /// Names that Go knows too, among its insecure ones.
    public static let unsound: Set<String> = [
        "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    ]

    public var isForTLS13: Bool {
        switch self {
        case .aes128GCM, .aes256GCM, .chaCha: true
        default: false
        }
    }

    /// CBC, of which scanners complain for good reason.
    public var isDated: Bool {
        switch self {
        case .ecdheECDSAAES128CBC, .ecdheRSAAES128CBC, .ecdheECDSAAES256CBC, .ecdheRSAAES256CBC: true
        default: false
        }
    }

    /// - Important: NIOSSL stops the program where a context has none for TLS 1.2, so never pass on those of TLS 1.3 alone.
    var cipher: NIOTLSCipher {
        switch self {
        case .ecdheECDSAAES128GCM: .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        case .ecdheRSAAES128GCM: .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        case .ecdheECDSAAES256GCM: .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        case .ecdheRSAAES256GCM: .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
        case .ecdheECDSAChaCha: .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        case .ecdheRSAChaCha: .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
        case .ecdheECDSAAES128CBC: .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
        case .ecdheRSAAES128CBC: .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
        case .ecdheECDSAAES256CBC: .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
        case .ecdheRSAAES256CBC: .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
        case .aes128GCM: .TLS_AES_128_GCM_SHA256
        case .aes256GCM: .TLS_AES_256_GCM_SHA384
        case .chaCha: .TLS_CHACHA20_POLY1305_SHA256
        }
    }
}

/// A group for the key exchange, by exporter-toolkit's name.
public enum TLSCurve: String, Sendable, CaseIterable {
    case x25519 = "X25519"
    case p256 = "CurveP256"
    case p384 = "CurveP384"
    case p521 = "CurveP521"

    var curve: NIOTLSCurve {
        switch self {
        case .x25519: .x25519
        case .p256: .secp256r1
        case .p384: .secp384r1
        case .p521: .secp521r1
        }
    }
}
