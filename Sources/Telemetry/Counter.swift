import Synchronization

/// A number of events that only grows, from 0 at the program's start. Any thread may count; counting is one atomic addition.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    init() {}

    /// Counts `amount` events. Negative amounts are ignored: a counter that falls reads as a restart.
    public func increment(by amount: Int = 1) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    public var value: Int { count.load(ordering: .relaxed) }
}
