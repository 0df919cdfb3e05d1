import DequeModule

/// A bounded set of names; when it is full, the one added first makes room.
struct RecentNames: Sendable {
    private var order = Deque<String>()
    private var names: Set<String> = []
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    mutating func insert(_ name: String) {
        guard names.insert(name).inserted else { return }
        order.append(name)
        // Names that were removed are still in `order`; they go with the oldest.
        while order.count > capacity, let oldest = order.popFirst() { names.remove(oldest) }
    }

    /// Whether the name was there.
    mutating func remove(_ name: String) -> Bool { names.remove(name) != nil }
}
