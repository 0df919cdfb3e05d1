import Foundation
import Testing

@testable import Store

@Suite struct RetentionTests {
    let scratch: Scratch
    let writer: StoreWriter

    init() throws {
        scratch = try Scratch()
        writer = try scratch.writer()
    }

    private func known() throws -> [String] { try scratch.reader().clients(ClientQuery()).rows.map(\.fqdn) }

    @Test func clientsGoneForLongLeaveWithAllTheirRows() throws {
        try writer.write(
            .sample(
                .sample("old.example", seen: start - 31 * day, outcomes: [.bad(.noPush, at: start - 31 * day)]),
                .sample("newer.example", seen: start - 29 * day, outcomes: [.bad(.noPush, at: start - 29 * day)]),
                .sample("open.example", seen: start - 31 * day, connected: true)))
        #expect(try writer.prune(now: start) == 2, "one client, one failure")
        #expect(try known() == ["newer.example", "open.example"])
        let connection = try #require(writer.connection)
        for table in ["client_history", "client_failures", "failure"] {
            #expect(try connection.integer("SELECT count(*) FROM \(table)") == 1, "\(table)")
        }
        #expect(try writer.prune(now: start) == 0)
    }

    @Test func aClientWithALongRegistrationStaysAsLongAsItIsListed() throws {
        var change = ClientChange.sample("long.example", seen: start - 2 * day)
        change.expires = start + day
        try writer.write(.sample(change))
        #expect(try writer.prune(now: start, retention: day) == 0)
        #expect(try writer.prune(now: start + 2 * day, retention: day) == 1)
    }

    @Test func aboveTheBoundThoseGoneLongestLeaveFirstAndConnectedOnesNever() throws {
        try writer.write(
            .sample(
                .sample("connected.example", seen: start - day, connected: true),
                .sample("gone-1.example", seen: start - 3 * day), .sample("gone-2.example", seen: start - 2 * day),
                .sample("stale.example", seen: start)))
        try writer.prune(now: start, maxClients: 3)
        #expect(try known() == ["connected.example", "gone-2.example", "stale.example"])
        try writer.prune(now: start, maxClients: 2)
        #expect(try known() == ["connected.example", "stale.example"])
        try writer.prune(now: start, maxClients: 0)
        #expect(try known() == ["connected.example"])
    }

    @Test func oneCallRemovesABoundedNumberOfRows() throws {
        var batch = RecordBatch(time: start)
        for index in 0..<(WriterSession.pruneLimit + 5) {
            batch.clients.append(.sample("host-\(index).example", seen: start - 40 * day))
        }
        try writer.write(batch)
        #expect(try writer.prune(now: start) == WriterSession.pruneLimit)
        #expect(try writer.prune(now: start) == 5)
    }
}
