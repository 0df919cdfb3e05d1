/// One client's newest outcomes, as `client_history` stores them: a symbol and a duration each, oldest first.
///
/// A buffer that is loaded, extended and stored again for one client after the other, so that a flush of thousands does
/// not allocate.
struct HistoryRing {
    /// ASCII, as `Outcome.symbol`.
    private(set) var symbols: [UInt8] = []
    /// Microseconds, in the byte order of the file (little-endian), saturated.
    private(set) var durations: [UInt32] = []
    private var sorted: [UInt32] = []

    /// - Parameters:
    ///   - symbols: the column `outcomes`; empty for a client without history.
    ///   - durations: the column `durations_us`. Where the two differ in length (somebody edited the file), the newest
    ///     entries that both have are taken.
    mutating func load(symbols stored: UnsafeRawBufferPointer, durations storedDurations: UnsafeRawBufferPointer) {
        clear()
        let available = storedDurations.count / 4
        let count = min(stored.count, available, Ring.outcomes)
        symbols.append(contentsOf: Self.symbols(stored).suffix(count))
        for index in (available - count)..<available {
            durations.append(storedDurations.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        }
    }

    /// The newest symbols of the column `outcomes`; anything that is not a symbol becomes "?".
    static func symbols(_ stored: UnsafeRawBufferPointer) -> [UInt8] {
        stored.suffix(Ring.outcomes).map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
    }

    mutating func clear() {
        symbols.removeAll(keepingCapacity: true)
        durations.removeAll(keepingCapacity: true)
    }

    mutating func append(_ outcomes: [Outcome]) {
        let fresh = outcomes.suffix(Ring.outcomes)
        let surplus = symbols.count + fresh.count - Ring.outcomes
        if surplus > 0 {
            symbols.removeFirst(surplus)
            durations.removeFirst(surplus)
        }
        for outcome in fresh {
            symbols.append(outcome.symbol.asciiValue ?? UInt8(ascii: "?"))
            durations.append(UInt32(clamping: outcome.duration).littleEndian)
        }
    }

    /// The median of all durations, failed scrapes' included, in microseconds: the upper one of the two in the middle.
    mutating func median() -> Int64? {
        guard !durations.isEmpty else { return nil }
        sorted.removeAll(keepingCapacity: true)
        for duration in durations { sorted.append(UInt32(littleEndian: duration)) }
        sorted.sort()
        return Int64(sorted[sorted.count / 2])
    }
}
