import Settings

/// A password that must be checked: work for a thread that may take its time.
///
/// For users that nobody knows there is one too, with a hash that no password fits, so that they take as long as others.
public struct PasswordCheck: Sendable {
    let user: String
    let password: Secret
    let hash: PasswordHash
    /// `nil` for a user that nobody knows.
    let identity: Identity?
    let generation: AccessRules.Generation

    /// Checks it, on the thread that calls, for as long as the hash's cost says.
    ///
    /// - Returns: Who that is; nobody, when the password is wrong.
    public func run() -> Caller {
        // Both, for the same work either way.
        let fits = hash.verify(password)
        return fits && identity != nil ? accepted : refused(.wrongPassword)
    }

    /// For when there were too many failed passwords from this address of late: nobody, without a look at the password.
    public func slowed() -> Caller { refused(.slowed) }

    var accepted: Caller {
        Caller(proof: .password(user: user, hash), identity: identity, rejection: nil, generation: generation)
    }

    private func refused(_ rejection: Rejection) -> Caller {
        Caller(proof: .rejected(rejection), identity: nil, rejection: rejection, generation: generation)
    }
}
