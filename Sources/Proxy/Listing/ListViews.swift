import Access
import Clients

/// The views that were asked for not long ago: a bounded number, and a bounded size. What was asked for longest ago makes room.
struct ListViews {
    /// One way of asking.
    struct Key: Hashable {
        /// By which rules somebody sees a part; `nil` for all of it.
        let names: ScrapableNames.ID?
        let query: ListingQuery

        /// Asked for without anything: the one that upstream has, which never makes room.
        var isPlain: Bool { names == nil && query == ListingQuery() }
    }

    private struct Entry {
        let view: ListView
        var bytes = 0
        var lastUse: UInt64
    }

    private let most: Int
    private let mostBytes: Int
    private let labels: DiscoveryLabels
    private var entries: [Key: Entry] = [:]
    private var uses: UInt64 = 0
    private var serial: UInt64 = 0
    /// Without the one that never makes room.
    private(set) var bytes = 0
    /// How many made room for others.
    private(set) var dropped = 0

    /// - Parameter mostBytes: The view that was asked for last is kept even where it alone is larger.
    init(labels: DiscoveryLabels = .asGiven, most: Int = 64, mostBytes: Int = 134_217_728) {
        self.labels = labels
        self.most = most
        self.mostBytes = mostBytes
    }

    var count: Int { entries.count }

    /// What somebody asks for now. Those by other rules are forgotten.
    ///
    /// - Parameter names: What he may see; `nil` is all.
    mutating func view(of names: ScrapableNames?, _ query: ListingQuery) -> ListView {
        let key = Key(names: names?.id, query: query)
        uses += 1
        if let found = entries[key]?.view {
            entries[key]?.lastUse = uses
            return found
        }
        if let generation = names?.id.generation { forgetOthers(than: generation) }
        serial += 1
        let view = ListView(serial: serial, names, query, labels: labels)
        entries[key] = Entry(view: view, lastUse: uses)
        if !key.isPlain { makeRoom(for: key) }
        return view
    }

    /// A view takes so many bytes now.
    mutating func grew(_ key: Key, to size: Int) {
        guard !key.isPlain, let before = entries[key]?.bytes, before != size else { return }
        entries[key]?.bytes = size
        bytes += size - before
        makeRoom(for: key)
    }

    private mutating func forgetOthers(than generation: AccessRules.Generation) {
        for (key, entry) in entries where key.names.map({ $0.generation != generation }) ?? false {
            entries[key] = nil
            bytes -= entry.bytes
        }
    }

    private mutating func makeRoom(for kept: Key) {
        while entries.count > most || bytes > mostBytes {
            guard
                let oldest = entries.filter({ $0.key != kept && !$0.key.isPlain }).min(by: {
                    $0.value.lastUse < $1.value.lastUse
                })
            else { return }
            entries[oldest.key] = nil
            bytes -= oldest.value.bytes
            dropped += 1
        }
    }
}
