import Failures
import Testing

@testable import Store

@Suite("Connections through CONNECT, on record")
struct ConnectionRecordTests {
    let scratch: Scratch
    let writer: StoreWriter

    init() throws {
        scratch = try Scratch()
        writer = try scratch.writer()
    }

    private func failure(_ name: String, _ kind: FailureKind, at time: UnixMilliseconds = start) -> FailureRecord {
        FailureRecord(
            time: time, fqdn: name, kind: kind, text: kind.summary, scrapeID: "c", target: "CONNECT \(name):9443",
            duration: 5, isConnection: true)
    }

    private func change(
        _ name: String, _ counts: ConnectionCounts, failed: [FailureKind] = [], at time: UnixMilliseconds = start
    ) -> ClientChange {
        var change = ClientChange.sample(name, seen: time, connected: true)
        change.connectionCounts = counts
        change.lastConnection = time
        for kind in failed {
            change.connectionFailures[kind, default: 0] += 1
            change.lastFailure = failure(name, kind, at: time)
        }
        return change
    }

    private func batch(_ changes: ClientChange..., at time: UnixMilliseconds = start) -> RecordBatch {
        var batch = RecordBatch(time: time)
        batch.clients = changes
        for change in changes {
            batch.connectionCounts += change.connectionCounts
            if let failure = change.lastFailure { batch.failures.append(failure) }
        }
        return batch
    }

    @Test("add up, of each client and in all, and are none of its scrapes")
    func counts() throws {
        let first = ConnectionCounts(opened: 2, failed: 1, bytesToTarget: 10, bytesToScraper: 5000)
        var change = change("a", first, failed: [.targetUnreachable])
        change.connections = 1
        var more = batch(change)
        more.connections = 3
        try writer.write(more)
        try writer.write(
            batch(self.change("a", ConnectionCounts(failed: 2), failed: [.noPoll, .noPoll], at: start + 1)))
        let reader = try scratch.reader()
        let detail = try #require(try reader.client(fqdn: "a"))
        let sum = ConnectionCounts(opened: 2, failed: 3, bytesToTarget: 10, bytesToScraper: 5000)
        #expect(detail.row.connectionCounts == sum && detail.row.connections == 0)
        #expect(detail.row.scrapes == 0 && detail.row.failures == 0 && detail.row.outcomes.isEmpty)
        #expect(detail.failuresByKind == [] && detail.row.failureShare == nil)
        #expect(detail.connectionFailuresByKind.map(\.kind.known) == [.noPoll, .targetUnreachable])
        #expect(detail.connectionFailuresByKind.map(\.count) == [2, 1])
        let proxy = try reader.proxy()
        #expect(proxy.connectionCounts == sum && proxy.scrapes == 0 && proxy.failures == 0)
    }

    @Test("of a name share the kinds' rows with its scrapes, and are counted apart")
    func kinds() throws {
        try writer.write(.sample(.sample("a", outcomes: [.bad(.noPoll), .bad(.noPush)])))
        try writer.write(batch(change("a", ConnectionCounts(failed: 1), failed: [.noPoll])))
        let detail = try #require(try scratch.reader().client(fqdn: "a"))
        #expect(detail.failuresByKind.map(\.count) == [1, 1])
        #expect(detail.connectionFailuresByKind == [KindCount(kind: RecordedKind(.noPoll), count: 1)])
    }

    @Test("that fail stand among the failures, told apart, with the target")
    func failures() throws {
        try writer.write(.sample(.sample("a", outcomes: [.bad(.noPoll)])))
        try writer.write(batch(change("a", ConnectionCounts(failed: 1), failed: [.targetUnreachable], at: start + 1)))
        let page = try scratch.reader().failures(FailureQuery())
        #expect(page.rows.map(\.isConnection) == [true, false] && page.matching == 2)
        #expect(page.rows[0].target == "CONNECT a:9443" && page.byKind.map(\.count) == [1, 1])
    }

    @Test("make a client one that fails as long as the newest failed, and one that works again by the next")
    func failing() throws {
        func isFailing() throws -> Bool { try scratch.reader().clients(ClientQuery()).counts.failing == 1 }
        try writer.write(.sample(.sample("a", connected: true, outcomes: [.good(1)])))
        #expect(try !isFailing())
        try writer.write(batch(change("a", ConnectionCounts(failed: 1), failed: [.targetUnreachable], at: start + 1)))
        #expect(try isFailing())
        try writer.write(batch(change("a", ConnectionCounts(opened: 1), at: start + 2)))
        #expect(try !isFailing())
        try writer.write(.sample(.sample("a", connected: true, outcomes: [.bad(.noPush, at: start + 3)])))
        #expect(try isFailing())
    }

    @Test("that a client has are gone when the proxy stops, and after it was killed; what they came to stays")
    func restart() throws {
        var change = change("a", ConnectionCounts(opened: 1))
        change.connections = 1
        var batch = batch(change)
        batch.connections = 1
        try writer.write(batch)
        #expect(try scratch.reader().proxy().connections == 1)
        #expect(try scratch.reader().client(fqdn: "a")?.row.connections == 1)
        try writer.close(now: start + 1)
        #expect(try scratch.reader().proxy().connections == 0)
        let next = try scratch.writer(now: start + 2)
        let row = try #require(try scratch.reader().client(fqdn: "a")?.row)
        #expect(row.connections == 0 && row.connectionCounts.opened == 1)
        try next.close(now: start + 3)
    }

    @Test("Counters stop where the record's do", arguments: [Int64.max, 1 << 53])
    func saturated(bytes: Int64) throws {
        var counts = ConnectionCounts(opened: .max, failed: 1, bytesToTarget: bytes, bytesToScraper: bytes)
        counts += counts
        #expect(counts.opened == 1 << 53 && counts.bytesToTarget == 1 << 53)
        for _ in 0..<2 { try writer.write(batch(change("a", counts))) }
        let row = try #require(try scratch.reader().client(fqdn: "a")?.row)
        #expect(row.connectionCounts.opened == 1 << 53 && row.connectionCounts.failed == 4)
    }
}
