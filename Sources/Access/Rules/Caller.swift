import Wire

/// What somebody has proved, which outlives a change of the rules.
enum Proof: Sendable, Hashable {
    case nothing
    /// A token with this hash was shown.
    case token(TokenHash)
    /// The password was right for this hash.
    case password(user: String, PasswordHash)
    /// The peer has the key of a certificate that the client CA has signed, with these names.
    case certificate([FQDN])
    /// What was shown is no proof of anything.
    case rejected(Rejection)
}

/// Why what somebody showed makes them nobody. For the log; the peer is told the same whatever it was.
public enum Rejection: Sendable, Hashable {
    case nothingShown
    case unknownToken
    /// Or there is no such user.
    case wrongPassword
    /// Not looked at, after too many wrong ones from the same address.
    case slowed
    /// A good certificate, in which no identity is named.
    case unknownCertificate
    /// It was good when the connection began.
    case expiredCertificate
    case malformed(ShownCredential.Flaw)
}

/// Who sends a request, as far as it is known. Made by `AccessRules` alone; may be kept with a connection: `AccessRules.decide` sees when the
/// rules have changed since, and looks again.
public struct Caller: Sendable {
    let proof: Proof
    let known: Identity?
    /// Of the rules that this was found by.
    public let generation: AccessRules.Generation
    /// Why this is nobody; `nil` for an identity.
    public let rejection: Rejection?

    init(proof: Proof, identity: Identity?, rejection: Rejection?, generation: AccessRules.Generation) {
        self.proof = proof
        self.known = identity
        self.rejection = rejection
        self.generation = generation
    }

    /// The identity's name; `nil` for nobody.
    public var identity: String? { known?.name }

    /// Whether the proof was a certificate: it holds as long as that does.
    public var isKnownByCertificate: Bool {
        if case .certificate = proof { true } else { false }
    }

    /// Whether another caller is the same identity, by the same rules and with the same names of its own: whatever one may do, the other may.
    /// An identity may stand for many machines, told apart by the names in their certificates.
    public func mayDoTheSame(as other: Caller) -> Bool {
        identity == other.identity && generation == other.generation && ownNames == other.ownNames
    }

    /// The names in the certificate that was the proof.
    var ownNames: [FQDN] {
        if case .certificate(let names) = proof { names } else { [] }
    }
}
