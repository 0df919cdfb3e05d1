import DequeModule

/// Names in the order in which they came, each once; any may leave. Everything costs O(1) over time.
struct NameQueue {
    private var order = Deque<(name: String, turn: UInt64)>()
    /// The turns of those that are here: what else is in `order` has left.
    private var turns: [String: UInt64] = [:]
    private var turn: UInt64 = 0

    var count: Int { turns.count }
    func contains(_ name: String) -> Bool { turns[name] != nil }

    /// A name that is here keeps its place.
    mutating func insert(_ name: String) {
        guard turns[name] == nil else { return }
        turn += 1
        turns[name] = turn
        order.append((name, turn))
        if order.count > 64 && order.count > 2 * turns.count {
            order = Deque(order.filter { [turns] in turns[$0.name] == $0.turn })
        }
    }

    mutating func remove(_ name: String) { turns[name] = nil }

    mutating func popFirst() -> String? {
        while let first = order.popFirst() {
            guard turns[first.name] == first.turn else { continue }
            turns[first.name] = nil
            return first.name
        }
        return nil
    }
}
