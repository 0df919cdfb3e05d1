/// Which numbers have been seen: one bit each, for numbers up to a bound.
struct TokenLedger {
    /// Beyond this nothing is remembered: 32 MB of bits, 12 hours at 6,000 scrapes a second.
    static let largest: UInt64 = 256 * 1_024 * 1_024

    private var words: [UInt64] = []

    /// `false` when the number had been inserted before.
    mutating func insert(_ number: UInt64) -> Bool {
        guard number < Self.largest else { return true }
        let word = Int(number / 64)
        if word >= words.count {
            words.append(contentsOf: repeatElement(0, count: max(word + 1 - words.count, words.count)))
        }
        let bit: UInt64 = 1 << (number % 64)
        defer { words[word] |= bit }
        return words[word] & bit == 0
    }
}
