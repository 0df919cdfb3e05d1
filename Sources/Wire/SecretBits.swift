import Glibc
import Synchronization

/// Random bits fit for secrets, fetched from the system for 16 ids at a time: two system calls for each took 1 % of a proxy's CPU.
/// Each bit is given out once and leaves no copy here.
public struct SecretBits: RandomNumberGenerator, Sendable {
    private struct Supply: Sendable {
        /// As much as `getentropy` gives at once: 256 bytes.
        static let words = 32
        var bits = [UInt64](repeating: 0, count: words)
        var left = 0

        mutating func next() -> UInt64 {
            if left == 0 { refill() }
            left -= 1
            let word = bits[left]
            bits[left] = 0
            return word
        }

        private mutating func refill() {
            let status = bits.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
            if status != 0 {
                // A kernel without the call; the standard library knows other ways, or ends the program.
                var generator = SystemRandomNumberGenerator()
                for index in bits.indices { bits[index] = generator.next() }
            }
            left = Self.words
        }
    }

    private static let supply = Mutex(Supply())

    public init() {}

    /// 64 bits.
    public mutating func next() -> UInt64 { Self.supply.withLock { $0.next() } }

    /// 128 bits.
    static func pair() -> (high: UInt64, low: UInt64) { supply.withLock { ($0.next(), $0.next()) } }
}
