/// Growing waits between attempts, with jitter, so that many clients that lost one proxy do not all come back at once.
struct Backoff: Sendable, Equatable {
    /// No flag can make a wait longer: a day, in nanoseconds.
    private static let longest: Int64 = 86_400_000_000_000

    private let initial: Int64
    private let maximum: Int64
    private var next: Int64

    /// - Parameters:
    ///   - initial: the first wait, nanoseconds.
    ///   - maximum: the longest, nanoseconds; a smaller one than `initial` counts for that too.
    init(initial: Int64, maximum: Int64) {
        self.maximum = min(max(1_000_000, maximum), Self.longest)
        self.initial = min(max(1_000_000, initial), self.maximum)
        next = self.initial
    }

    /// How long to wait now: between half of the interval and all of it.
    ///
    /// - Parameter random: 0..<1.
    mutating func wait(random: Double) -> Int64 {
        let interval = next
        next = min(maximum, interval + interval / 2)
        return interval / 2 + Int64(Double(interval / 2) * random)
    }

    /// A wait that the other side asks for, within our own bounds.
    func bounded(_ wait: Int64) -> Int64 { min(max(wait, initial / 2), maximum) }

    mutating func reset() { next = initial }
}
