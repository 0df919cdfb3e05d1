import Synchronization

/// A number that rises and falls. Any thread may set it.
public final class Gauge: Sendable {
    private let current = Atomic<Int>(0)

    init() {}

    public func set(_ value: Int) { current.store(value, ordering: .relaxed) }

    /// Adds `amount`, which may be negative.
    public func add(_ amount: Int) { current.wrappingAdd(amount, ordering: .relaxed) }

    public var value: Int { current.load(ordering: .relaxed) }
}
