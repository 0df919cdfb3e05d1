import Clients
import Testing

@testable import Store

@Suite("How scrapes come to a client")
struct TransportRecordTests {
    let scratch: Scratch
    let writer: StoreWriter

    init() throws {
        scratch = try Scratch()
        writer = try scratch.writer()
    }

    private func change(
        _ name: String, _ transport: Transport?, _ roundTrip: Int64? = nil, connected: Bool = true,
        seen: UnixMilliseconds = start
    ) -> ClientChange {
        var change = ClientChange.sample(name, seen: seen, connected: connected)
        (change.transport, change.roundTrip) = (transport, roundTrip)
        change.agent = transport.map { "agent/\($0)" }
        change.address = transport.map { _ in "10.0.0.1" }
        change.instance = transport.map { _ in "one" }
        return change
    }

    private func client(_ name: String) throws -> ClientDetail {
        try #require(try scratch.reader().client(fqdn: name))
    }

    @Test("is what its newest delivery was; the round trip is one of a tunnel that there is")
    func newest() throws {
        try writer.write(.sample(change("a", .tunnel, 12_345)))
        var row = try client("a").row
        #expect(row.transport == .tunnel && row.roundTrip == 12_345)
        try writer.write(.sample(change("a", .poll)))
        row = try client("a").row
        #expect(row.transport == .poll && row.roundTrip == nil)
        try writer.write(.sample(change("a", .tunnel, 7)))
        // It is gone, and scraped: nothing is known of it but that.
        try writer.write(.sample(.scraped("a", at: start + day)))
        row = try client("a").row
        #expect(row.transport == .tunnel && row.roundTrip == nil)
    }

    @Test("stays on record over a restart, with what else a delivery said, until the next one comes")
    func restart() throws {
        try writer.write(.sample(change("a", .tunnel, 7)))
        try writer.close(now: start + 1000)
        let next = try scratch.writer(now: start + 2000)
        #expect(try client("a").row.roundTrip == nil)
        // A scrape waits for the client, which this process has not seen.
        var restored = change("a", nil, connected: false)
        (restored.queued, restored.instance) = (1, "one")
        try next.write(.sample(restored, at: start + 3000))
        var detail = try client("a")
        #expect(detail.row.transport == .tunnel && detail.row.queued == 1)
        #expect(detail.agent == "agent/tunnel" && detail.address == "10.0.0.1" && detail.instance == "one")
        try next.write(.sample(change("a", .poll), at: start + 4000))
        detail = try client("a")
        #expect(detail.row.transport == .poll && detail.agent == "agent/poll")
    }

    @Test("is counted for those connected, sorted by with polls first, and filtered by whatever their state")
    func reading() throws {
        try writer.write(
            .sample(
                change("t1", .tunnel, 30_000), change("p1", .poll), change("t2", .tunnel, 5000),
                change("p2", .poll, connected: false), change("old", nil), .scraped("typo", at: start)))
        let reader = try scratch.reader()
        func names(_ ask: (inout ClientQuery) -> Void) throws -> [String] {
            var query = ClientQuery()
            ask(&query)
            return try reader.clients(query).rows.map(\.fqdn)
        }
        let counts = try reader.clients(ClientQuery()).counts
        #expect(counts.onPolls == 1 && counts.onTunnels == 2)
        #expect(try names { $0.sort = .transport } == ["p1", "p2", "t1", "t2", "old", "typo"])
        let byPing = try names { ($0.sort, $0.direction) = (.roundTrip, ClientSort.roundTrip.firstDirection) }
        #expect(byPing.prefix(2) == ["t1", "t2"])
        #expect(try names { $0.transports = [.poll] } == ["p1", "p2"])
        let connected = try names { ($0.transports, $0.states) = ([.poll], [.connected]) }
        #expect(connected == ["p1"])
        #expect(try names { $0.transports = [.poll, .tunnel] }.count == 4)
    }

    @Test("is in the view for people, in milliseconds to a tenth; a word of a later version is none that is known")
    func words() throws {
        try writer.write(.sample(change("a", .tunnel, 12_345)))
        let outsider = try scratch.outsider()
        #expect(try outsider.text("SELECT transport || ' ' || ping_ms FROM live_clients") == "tunnel 12.3")
        try outsider.execute("UPDATE client SET transport = 'pigeon'")
        #expect(try client("a").row.transport == nil)
        #expect(try scratch.reader().clients(ClientQuery()).counts.onTunnels == 0)
    }
}
