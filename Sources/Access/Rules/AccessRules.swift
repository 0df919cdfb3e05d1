import Settings
import Synchronization
import Wire

/// Who may do what: identities with what they are known by and what they are granted, and what needs no credential. Never changes; a new file
/// makes new rules.
///
/// Whoever shows a token or a certificate is found by a look-up, whatever the number of identities.
public final class AccessRules: Sendable {
    /// Tells one set of rules from every other in this process.
    public struct Generation: Sendable, Hashable {
        private static let last = Atomic<UInt64>(0)
        private let number: UInt64

        static func next() -> Generation { Generation(number: last.add(1, ordering: .relaxed).newValue) }
    }

    /// Two identities that would be known by the same thing.
    public struct Conflict: Error, CustomStringConvertible {
        public let description: String
    }

    /// How the rules of a program came about.
    public enum Origin: Sendable, Hashable {
        /// There are none: everybody may do everything.
        case open
        /// An access file, or users of the web configuration, or both.
        case configured
    }

    /// Without a file and users: everybody may do everything.
    public static let open = AccessRules(origin: .open, identities: [], anonymous: .everything)

    public let origin: Origin
    public let generation: Generation
    /// What needs no credential, and what everybody may do whatever they show.
    let anonymous: Grants
    private let byToken: [TokenHash: Identity]
    private let byUser: [String: Identity]
    private let byCertificateName: [FQDN: Identity]
    private let byAnyCertificate: Identity?
    /// Checked for users that nobody knows: of the cost that most users' hashes have, so that they take as long.
    private let unknownUserHash: PasswordHash?

    /// The rules of an access file, of the users of a web configuration file, or of both.
    ///
    /// - Parameters:
    ///   - file: `nil` without a file: users, if there are any, may do everything, and nobody else may do anything.
    ///   - users: `basic_auth_users` of the web configuration file: identities that may do everything.
    /// - Throws: When a user is also an identity with a password.
    public convenience init(file: AccessFile?, users: [(name: String, hash: PasswordHash)] = []) throws(Conflict) {
        if file == nil, users.isEmpty {
            self.init(origin: .open, identities: [], anonymous: .everything)
            return
        }
        let taken = Set(file?.identities.map(\.name) ?? [])
        for user in users where taken.contains(user.name) {
            throw Conflict(
                description:
                    "\(user.name.withoutControls) is a user of the web configuration file, who may do everything, and an "
                    + "identity of the access file; give one of them another name")
        }
        let everybody = users.map { Identity(name: $0.name, password: $0.hash, grants: .everything) }
        self.init(
            origin: .configured, identities: (file?.identities ?? []) + everybody,
            anonymous: file?.anonymous ?? .nothing)
    }

    private init(origin: Origin, identities: [Identity], anonymous: Grants) {
        var tokens: [TokenHash: Identity] = [:]
        var users: [String: Identity] = [:]
        var names: [FQDN: Identity] = [:]
        var any: Identity?
        var costs: [Int: Int] = [:]
        for identity in identities {
            for token in identity.tokens { tokens[token] = identity }
            if let password = identity.password {
                users[identity.name] = identity
                costs[password.cost, default: 0] += 1
            }
            switch identity.certificate {
            case .names(let own): for name in own { names[name] = identity }
            case .any: any = identity
            case nil: break
            }
        }
        self.origin = origin
        self.anonymous = anonymous
        generation = .next()
        byToken = tokens
        byUser = users
        byCertificateName = names
        byAnyCertificate = any
        let usual = costs.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
        unknownUserHash = PasswordHash.unmatchable(cost: usual ?? PasswordHash.usualCost)
    }

    /// What came of what somebody showed.
    public enum Authentication: Sendable {
        case known(Caller)
        /// A password, which takes time to check.
        case password(PasswordCheck)
    }

    /// Whom a request comes from. A credential in the request counts before the certificate of its connection.
    ///
    /// - Parameters:
    ///   - credential: From `Proxy-Authorization` on a scrape, from `Authorization` on everything else.
    ///   - certificateNames: The DNS names in the peer's certificate; `nil` without one that the client CA has signed.
    public func authenticate(_ credential: ShownCredential, certificateNames: [FQDN]? = nil) -> Authentication {
        switch credential {
        case .none: .known(caller(for: certificateNames.map { .certificate($0) } ?? .nothing))
        case .malformed(let flaw): .known(caller(for: .rejected(.malformed(flaw))))
        case .some(.token(let token)): .known(caller(for: .token(TokenHash(of: token))))
        case .some(.password(let user, let password)):
            check(user, byUser[user], password).map { .password($0) } ?? .known(caller(for: .rejected(.wrongPassword)))
        }
    }

    /// Nobody: who was known by a certificate that has run out since.
    public func expired() -> Caller { caller(for: .rejected(.expiredCertificate)) }

    /// Whether anybody is known by a certificate.
    public var knowsCertificates: Bool { byAnyCertificate != nil || !byCertificateName.isEmpty }

    private func check(_ user: String, _ identity: Identity?, _ password: Secret) -> PasswordCheck? {
        guard !byUser.isEmpty, let hash = identity?.password ?? unknownUserHash else { return nil }
        return PasswordCheck(user: user, password: password, hash: hash, identity: identity, generation: generation)
    }

    /// The same caller by these rules: the same value when it is from these rules already. A password that was right stays right while its
    /// hash stays.
    public func current(_ caller: Caller) -> Caller {
        caller.generation == generation ? caller : self.caller(for: caller.proof)
    }

    private func caller(for proof: Proof) -> Caller {
        let identity: Identity? =
            switch proof {
            case .nothing, .rejected: nil
            case .token(let hash): byToken[hash]
            // Another hash means another password: it must be shown again.
            case .password(let user, let hash): byUser[user].flatMap { $0.password == hash ? $0 : nil }
            // Who is named, by the first name that names somebody, comes before who has just any certificate.
            case .certificate(let names): names.lazy.compactMap { self.byCertificateName[$0] }.first ?? byAnyCertificate
            }
        return Caller(
            proof: proof, identity: identity, rejection: identity == nil ? rejection(of: proof) : nil,
            generation: generation)
    }

    private func rejection(of proof: Proof) -> Rejection {
        switch proof {
        case .nothing: .nothingShown
        case .token: .unknownToken
        case .password: .wrongPassword
        case .certificate: .unknownCertificate
        case .rejected(let rejection): rejection
        }
    }
}
