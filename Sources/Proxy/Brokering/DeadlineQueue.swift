import HeapModule
import NIOCore

/// Deadlines of many things, earliest first, where most things end before theirs.
///
/// What has ended is not looked for but left behind, and swept out when it outnumbers what lives: a deadline costs
/// O(log n) to add and, over time, O(1) to cancel.
struct DeadlineQueue<ID: Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        let deadline: NIODeadline
        let id: ID

        static func < (left: Entry, right: Entry) -> Bool { left.deadline < right.deadline }
        static func == (left: Entry, right: Entry) -> Bool { left.deadline == right.deadline }
    }

    private var heap = Heap<Entry>()

    /// Entries held, those left behind included.
    var count: Int { heap.count }

    /// The earliest deadline, which may be of something that has ended.
    var earliest: NIODeadline? { heap.min?.deadline }

    /// - Parameters:
    ///   - live: How many ids live now, the new one included.
    ///   - isLive: Whether an entry still means something.
    mutating func add(_ id: ID, at deadline: NIODeadline, live: Int, isLive: (ID, NIODeadline) -> Bool) {
        if heap.count > 64 && heap.count > 2 * live {
            heap = Heap(heap.unordered.filter { isLive($0.id, $0.deadline) })
        }
        heap.insert(Entry(deadline: deadline, id: id))
    }

    /// Takes off the earliest entry whose deadline has passed.
    mutating func popPassed(at now: NIODeadline) -> (id: ID, deadline: NIODeadline)? {
        guard let first = heap.min, first.deadline <= now else { return nil }
        heap.removeMin()
        return (first.id, first.deadline)
    }
}
