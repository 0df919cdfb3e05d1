import Wire

/// The scrapes under way by their ids, spread over shards, so that all of them can be gone through in batches while some come and go: a
/// scrape stays in its shard. Ids are random, so shards are of about the same size.
///
/// Finding one costs what it does in a dictionary.
struct ScrapeTable<Value> {
    static var shardCount: Int { 256 }

    private var shards = [[ScrapeID: Value]](repeating: [:], count: shardCount)
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    subscript(id: ScrapeID) -> Value? {
        get { shards[id.shard(of: Self.shardCount)][id] }
        _modify {
            let shard = id.shard(of: Self.shardCount)
            let before = shards[shard].count
            defer { count += shards[shard].count - before }
            yield &shards[shard][id]
        }
    }

    mutating func removeValue(forKey id: ScrapeID) -> Value? {
        guard let removed = shards[id.shard(of: Self.shardCount)].removeValue(forKey: id) else { return nil }
        count -= 1
        return removed
    }

    /// So many of all, whichever.
    func some(_ most: Int) -> [ScrapeID] { Array(shards.lazy.joined().prefix(most).map(\.key)) }

    /// All of so many shards, from one of them on, that there are at least so many or no more shards.
    ///
    /// - Returns: Where to go on; `nil` beyond the last shard.
    func batch(from start: Int, atLeast least: Int) -> (scrapes: [(key: ScrapeID, value: Value)], next: Int)? {
        guard shards.indices.contains(start) else { return nil }
        var batch: [(key: ScrapeID, value: Value)] = []
        var next = start
        while next < shards.count, batch.count < least {
            batch += shards[next]
            next += 1
        }
        return (batch, next)
    }
}

extension ScrapeTable: Sendable where Value: Sendable {}
