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
        #expect(try writer.prune(now: start, retention: 30 * 86_400_000) == 2, "one client, one failure")
        #expect(try known() == ["newer.example", "open.example"])
        let connection = try #require(writer.connection)
        for table in ["client_history", "client_failures", "failure"] {
            #expect(try connection.integer("SELECT count(*) FROM \(table)") == 1, "\(table)")
        }
        #expect(try writer.prune(now: start, retention: 30 * 86_400_000) == 0)
    }

    @Test func aClientWithALongRegistrationStaysAsLongAsItIsListed() throws {
        var change = ClientChange.sample("long.example", seen: start - 2 * day)
        change.expires = start + day
        try writer.write(.sample(change))
        #expect(try writer.prune(now: start, retention: day) == 0)
        #expect(try writer.prune(now: start + 2 * day, retention: day) == 1)
    }

    @Test func aboveTheBoundThoseGoneLongestLeaveFirstAndConnectedOnesNever() throws {
        func known(afterRegisteringAt bound: Int) throws -> [String] {
            let scratch = try Scratch()
            var options = WriterOptions.quick
            options.maxClients = bound
            let writer = try scratch.writer(options: options)
            try writer.write(
                .sample(
                    .sample("connected.example", seen: start - day, connected: true),
                    .sample("gone-1.example", seen: start - 3 * day), .sample("gone-2.example", seen: start - 2 * day),
                    .sample("stale.example", seen: start)))
            return try scratch.reader().clients(ClientQuery()).rows.map(\.fqdn)
        }
        #expect(try known(afterRegisteringAt: 3) == ["connected.example", "gone-2.example", "stale.example"])
        #expect(try known(afterRegisteringAt: 2) == ["connected.example", "stale.example"])
        #expect(try known(afterRegisteringAt: 0) == ["connected.example"])
    }

    @Test("However many register, there are never more rows than the bound")
    func theBoundHolds() throws {
        let scratch = try Scratch()
        var options = WriterOptions.quick
        options.maxClients = 1000
        let writer = try scratch.writer(options: options)
        for round in 0..<20 {
            var batch = RecordBatch(time: start + Int64(round) * day)
            batch.clients = (0..<700).map { .sample("host-\(round)-\($0)", seen: start + Int64(round) * day) }
            try writer.write(batch)
            let known = try #require(try writer.connection?.integer("SELECT count(*) FROM client"))
            #expect(known <= 1000 && known >= 700)
        }
        #expect(try scratch.reader().client(fqdn: "host-19-699") != nil)
    }

    @Test func oneCallRemovesABoundedNumberOfRows() throws {
        var batch = RecordBatch(time: start)
        for index in 0..<(WriterSession.pruneLimit + 5) {
            batch.clients.append(.sample("host-\(index).example", seen: start - 40 * day))
        }
        try writer.write(batch)
        #expect(try writer.prune(now: start, retention: 30 * 86_400_000) == WriterSession.pruneLimit)
        #expect(try writer.prune(now: start, retention: 30 * 86_400_000) == 5)
    }
}
