import DequeModule
import Store

/// Failures that wait to be written, in the order in which they happened: at most so many of one name, and so many in all. What a
/// name has too many of goes at its own expense.
///
/// Adding costs O(1) over time, whoever fails.
struct FailureBacklog {
    private struct Entry {
        let number: UInt64
        let failure: FailureRecord
    }

    private let capacity: Int
    private let capacityPerName: Int
    private var names: [String: Deque<Entry>] = [:]
    /// The names of all entries, oldest first. Entries that went at their name's expense are still here, until they outnumber the
    /// others.
    private var order = Deque<(number: UInt64, name: String)>()
    private(set) var count = 0

    init(capacity: Int, capacityPerName: Int = Ring.failuresPerName) {
        self.capacity = capacity
        self.capacityPerName = capacityPerName
    }

    /// - Parameter number: Greater than those of all before.
    /// - Returns: How many older ones had to go.
    mutating func append(_ failure: FailureRecord, number: UInt64) -> Int {
        var dropped = 0
        if let waiting = names[failure.fqdn]?.count, waiting >= capacityPerName {
            names[failure.fqdn]?.removeFirst()
            count -= 1
            dropped += 1
        }
        while count >= capacity, let oldest = order.popFirst() { dropped += remove(oldest) ? 1 : 0 }
        names[failure.fqdn, default: []].append(Entry(number: number, failure: failure))
        order.append((number, failure.fqdn))
        count += 1
        if order.count > 64 && order.count > 2 * count {
            order = Deque(
                order.filter { [names] entry in
                    (names[entry.name]?.first).map { $0.number <= entry.number } ?? false
                })
        }
        return dropped
    }

    /// Oldest first.
    var sorted: [FailureRecord] { entries.sorted { $0.number < $1.number }.map(\.failure) }

    /// With their numbers, in no order.
    var entries: [(number: UInt64, failure: FailureRecord)] {
        names.values.flatMap { $0.map { ($0.number, $0.failure) } }
    }

    /// - Returns: Whether it was still there.
    private mutating func remove(_ oldest: (number: UInt64, name: String)) -> Bool {
        guard names[oldest.name]?.first?.number == oldest.number else { return false }
        names[oldest.name]?.removeFirst()
        if names[oldest.name]?.isEmpty == true { names[oldest.name] = nil }
        count -= 1
        return true
    }
}
