@testable import Store

extension FuzzBody {
    /// A client's history as any file may hold it: symbols and durations in any number.
    static let history = FuzzBody(name: "history") { bytes in
        var input = FuzzInput(bytes)
        let added = Int(input.choice())
        let split = min(Int(input.choice()), input.message.count)
        let symbols = Array(input.message[..<split])
        let durations = Array(input.message[split...])
        var ring = HistoryRing()
        // What was loaded before leaves nothing behind.
        ring.append([Outcome(time: 0, duration: 1, status: nil, bytes: 0, failure: nil)])
        symbols.withUnsafeBytes { symbols in
            durations.withUnsafeBytes { ring.load(symbols: symbols, durations: $0) }
        }
        let count = min(symbols.count, durations.count / 4, Ring.outcomes)
        let shown = symbols.suffix(count).map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        try require(ring.symbols == shown, "other symbols")
        try require(ring.durations.count == count, "\(ring.durations.count) durations for \(count) symbols")
        if let last = ring.durations.last {
            let bytes = durations[(durations.count / 4 * 4 - 4)..<(durations.count / 4 * 4)]
            try require(withUnsafeBytes(of: last) { $0.elementsEqual(bytes) }, "another duration")
        }
        let median = ring.median()
        try require((median == nil) == (count == 0), "a median of nothing")
        if let median {
            try require(ring.durations.contains(UInt32(median).littleEndian), "a median that nothing took")
        }

        let outcome = Outcome(time: .min, duration: added > 127 ? .max : .min, status: added, bytes: .min, failure: nil)
        ring.append(Array(repeating: outcome, count: added))
        let expected = min(count + added, Ring.outcomes)
        try require(
            ring.symbols.count == expected && ring.durations.count == expected, "\(ring.symbols.count) outcomes")
    }
}
