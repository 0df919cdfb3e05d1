import NIOCore

/// Growing waits between attempts, with jitter, so that many clients that lost one proxy do not all come back at once.
struct Backoff: Sendable, Equatable {
    /// No flag can make a wait longer.
    private static let longest = TimeAmount.hours(24)
    private static let shortest = TimeAmount.milliseconds(1)

    private let initial: TimeAmount
    private let maximum: TimeAmount
    private var next: TimeAmount

    /// - Parameters:
    ///   - initial: the first wait.
    ///   - maximum: the longest; a smaller one than `initial` counts for that too.
    init(initial: TimeAmount, maximum: TimeAmount) {
        self.maximum = min(max(Self.shortest, maximum), Self.longest)
        self.initial = min(max(Self.shortest, initial), self.maximum)
        next = self.initial
    }

    /// How long to wait now: between half of the interval and all of it.
    ///
    /// - Parameter random: 0..<1.
    mutating func wait(random: Double) -> TimeAmount {
        let half = next.nanoseconds / 2
        next = min(maximum, next + .nanoseconds(half))
        return .nanoseconds(half + Int64(Double(half) * random))
    }

    /// How long to wait where nothing has failed, so that many do not come at once: up to the first wait.
    ///
    /// - Parameter random: 0..<1.
    func jitter(random: Double) -> TimeAmount { .nanoseconds(Int64(Double(initial.nanoseconds) * random)) }

    /// A wait that the other side asks for, within our own bounds.
    func bounded(_ wait: TimeAmount) -> TimeAmount { min(max(wait, .nanoseconds(initial.nanoseconds / 2)), maximum) }

    mutating func reset() { next = initial }
}
