import Access

/// The lists of those who may see a part of it, and asked not long ago: a bounded number, and a bounded size. Who asked longest ago makes
/// room.
struct FilteredLists {
    private struct Entry {
        let list: FilteredList
        var bytes = 0
        var lastUse: UInt64
    }

    private let most: Int
    private let mostBytes: Int
    private var entries: [ScrapableNames.ID: Entry] = [:]
    private var uses: UInt64 = 0
    private(set) var bytes = 0

    /// - Parameter mostBytes: The list that was asked for last is kept even where it alone is larger.
    init(most: Int = 64, mostBytes: Int = 33_554_432) {
        self.most = most
        self.mostBytes = mostBytes
    }

    var count: Int { entries.count }

    /// The list of who asks now. Those by other rules are forgotten.
    mutating func list(for names: ScrapableNames) -> FilteredList {
        uses += 1
        if let found = entries[names.id]?.list {
            entries[names.id]?.lastUse = uses
            return found
        }
        if let any = entries.first, any.key.generation != names.id.generation {
            entries = [:]
            bytes = 0
        }
        let list = FilteredList(names)
        entries[names.id] = Entry(list: list, lastUse: uses)
        makeRoom(for: names.id)
        return list
    }

    /// A list takes so many bytes now.
    mutating func grew(_ id: ScrapableNames.ID, to size: Int) {
        guard let before = entries[id]?.bytes, before != size else { return }
        entries[id]?.bytes = size
        bytes += size - before
        makeRoom(for: id)
    }

    private mutating func makeRoom(for kept: ScrapableNames.ID) {
        while entries.count > most || bytes > mostBytes {
            guard let oldest = entries.filter({ $0.key != kept }).min(by: { $0.value.lastUse < $1.value.lastUse })
            else { return }
            entries[oldest.key] = nil
            bytes -= oldest.value.bytes
        }
    }
}
