import Wire

/// Tells whether a request shows what the one before it did, without keeping that: 128 bits under keys of this process's own.
struct CredentialMark: Sendable, Hashable {
    private let high, low: Int
    let isNothing: Bool

    /// - Parameter header: The name of the field that has the credential.
    init(_ head: RequestHead, _ header: String) {
        var hashers = (Hasher(), Hasher())
        hashers.0.combine(0)
        hashers.1.combine(1)
        var isNothing = true
        head.message.forEachValue(header) { value in
            isNothing = false
            hashers.0.combine(value.count)
            hashers.0.combine(bytes: value)
            hashers.1.combine(value.count)
            hashers.1.combine(bytes: value)
            return true
        }
        self.isNothing = isNothing
        (high, low) = isNothing ? (0, 0) : (hashers.0.finalize(), hashers.1.finalize())
    }
}
