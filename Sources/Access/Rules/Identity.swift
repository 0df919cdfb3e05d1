import Wire

/// Somebody that the rules know: how they are known, and what they may do.
///
/// A class, for requests and connections to share.
final class Identity: Sendable {
    enum Certificate: Sendable, Hashable {
        /// Whatever the client CA has signed.
        case any
        /// One that has one of these names.
        case names([FQDN])
    }

    let name: String
    let password: PasswordHash?
    let tokens: [TokenHash]
    let certificate: Certificate?
    let grants: Grants

    init(
        name: String, password: PasswordHash? = nil, tokens: [TokenHash] = [], certificate: Certificate? = nil,
        grants: Grants
    ) {
        self.name = name
        self.password = password
        self.tokens = tokens
        self.certificate = certificate
        self.grants = grants
    }
}
