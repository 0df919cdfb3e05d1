import Settings

/// What is known of a bearer token: its SHA-256, as `sha256:` and 64 hexadecimal digits. Tokens are long and random, so a plain hash will do,
/// and a token is found by it at once, whatever the number of tokens.
public struct TokenHash: Sendable, Hashable, CustomStringConvertible {
    private static let prefix = "sha256:"

    private let digest: Digest

    public init(of token: Secret) { digest = Digest(of: token.exposed) }

    /// - Parameter text: As it stands in a file; `nil` for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let digest = Digest(hex: text.dropFirst(Self.prefix.count)) else {
            return nil
        }
        self.digest = digest
    }

    /// As it stands in a file.
    public var description: String { Self.prefix + digest.hex }
}
