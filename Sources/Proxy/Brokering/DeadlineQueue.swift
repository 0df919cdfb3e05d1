import NIOCore

/// Deadlines of many things, earliest first, where most things end before theirs.
///
/// What has ended is not looked for but left behind. When it outnumbers what lives, each deadline that is added looks at a few
/// entries, round and round, and takes out those that have ended: so no call costs more than O(log n), whatever there is to sweep.
struct DeadlineQueue<ID: Sendable>: Sendable {
    private struct Entry: Sendable {
        let deadline: NIODeadline
        let id: ID
    }

    /// More than two, so that sweeping is faster than adding; a half of the entries at least is to be taken out then.
    private static var looksPerAdd: Int { 4 }

    /// A binary heap: no entry is earlier than the one at half its place.
    private var entries: [Entry] = []
    /// Where the sweep goes on.
    private var cursor = 0

    /// Entries held, those left behind included.
    var count: Int { entries.count }

    /// The earliest deadline, which may be of something that has ended.
    var earliest: NIODeadline? { entries.first?.deadline }

    /// - Parameters:
    ///   - live: How many ids live now, the new one included.
    ///   - isLive: Whether an entry still means something.
    mutating func add(_ id: ID, at deadline: NIODeadline, live: Int, isLive: (ID, NIODeadline) -> Bool) {
        if entries.count > 64 && entries.count > 2 * live { sweep(isLive) }
        entries.append(Entry(deadline: deadline, id: id))
        siftUp(entries.count - 1)
    }

    /// Takes off the earliest entry whose deadline has passed.
    mutating func popPassed(at now: NIODeadline) -> (id: ID, deadline: NIODeadline)? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        remove(at: 0)
        return (first.id, first.deadline)
    }

    private mutating func sweep(_ isLive: (ID, NIODeadline) -> Bool) {
        for _ in 0..<Self.looksPerAdd {
            if cursor >= entries.count { cursor = 0 }
            guard cursor < entries.count else { return }
            if isLive(entries[cursor].id, entries[cursor].deadline) {
                cursor += 1
            } else {
                // What comes to stand here is looked at next.
                remove(at: cursor)
            }
        }
    }

    private mutating func remove(at index: Int) {
        let last = entries.removeLast()
        guard index < entries.count else { return }
        entries[index] = last
        siftUp(index)
        siftDown(index)
    }

    private mutating func siftUp(_ start: Int) {
        let entry = entries[start]
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard entry.deadline < entries[parent].deadline else { break }
            entries[index] = entries[parent]
            index = parent
        }
        entries[index] = entry
    }

    private mutating func siftDown(_ start: Int) {
        let entry = entries[start]
        var index = start
        while true {
            var child = 2 * index + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count && entries[child + 1].deadline < entries[child].deadline { child += 1 }
            guard entries[child].deadline < entry.deadline else { break }
            entries[index] = entries[child]
            index = child
        }
        entries[index] = entry
    }
}
