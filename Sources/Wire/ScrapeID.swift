import NIOCore

/// The id that links a scrape to the push that answers it: a random UUID (version 4, RFC 9562), so that it can't be guessed and a
/// stranger can't answer for a client.
public struct ScrapeID: Sendable, Hashable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    /// A new one. 122 bits come from the system's random number generator, which is fit for secrets.
    public init() {
        let bits = SecretBits.pair()
        self.init(high: bits.high, low: bits.low)
    }

    /// One made of the given bits; version and variant are set.
    public init(high: UInt64, low: UInt64) {
        self.high = high & ~0xF000 | 0x4000
        self.low = low & ~(0b11 << 62) | 0b10 << 62
    }

    /// `nil` for text that is no UUID in the usual form (36 characters, any case): no id of ours.
    // Not generic, and over bytes in one piece: looking up the types of a generic sequence took 6 % of a scrape.
    public init?(_ text: String) {
        var text = text
        guard text.utf8.count == 36, let words = text.withUTF8(Self.words) else { return nil }
        self.high = words.high
        self.low = words.low
    }

    /// One of so many groups, of which each has about as many ids that were made at random.
    ///
    /// - Parameter count: A power of two, at most 65,536.
    public func shard(of count: Int) -> Int { Int(truncatingIfNeeded: low) & (count - 1) }

    private static func words(_ text: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
        var words: (high: UInt64, low: UInt64) = (0, 0)
        var digits = 0
        for index in text.indices {
            let byte = text[index]
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x61...0x66: digit = byte - 0x61 + 10
            case 0x41...0x46: digit = byte - 0x41 + 10
            default: return nil
            }
            if digits < 16 {
                words.high = words.high << 4 | UInt64(digit)
            } else {
                words.low = words.low << 4 | UInt64(digit)
            }
            digits += 1
        }
        return words
    }

    /// The 36 characters, lower-case.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { bytes in
            var out = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    bytes[out] = UInt8(ascii: "-")
                    out += 1
                }
                let word = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (index & 15))) & 0xF
                bytes[out] = digit < 10 ? 0x30 + digit : 0x61 + digit - 10
                out += 1
            }
            return out
        }
    }

    // The bits are random already; one word of them is a hash.
    public func hash(into hasher: inout Hasher) { hasher.combine(low) }
}
