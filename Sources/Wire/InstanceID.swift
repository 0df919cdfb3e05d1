/// What tells one process of our client from another that claims the same FQDN: 128 random bits, 32 hexadecimal digits on the
/// wire (`X-Pushprox-Instance`).
public struct InstanceID: Sendable, Hashable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    /// A new one.
    public init() {
        (high, low) = SecretBits.pair()
    }

    /// `nil` for text that is not 32 hexadecimal digits.
    public init?(_ text: String) {
        // A sign would be read as a part of a number.
        guard text.utf8.count == 32, text.utf8.allSatisfy(\.isHexDigit), let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.high = high
        self.low = low
    }

    public var description: String { Self.digits(high) + Self.digits(low) }

    private static func digits(_ word: UInt64) -> String {
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}
