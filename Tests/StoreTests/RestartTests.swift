import Testing

@testable import Store

@Suite struct RestartTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// One client of each state at the last heartbeat, which is a minute after the start.
    private func leaveBehind(stop: Bool) throws {
        let writer = try scratch.writer()
        var batch = RecordBatch.sample(
            .sample("connected.example", connected: true), .sample("stale.example", seen: start),
            .sample("gone.example", seen: start - 10 * minute), at: start + minute)
        batch.clients[0].queued = 3
        batch.clients[0].inFlight = 2
        batch.clients[0].instance = "i-1"
        batch.scrapes = 7
        batch.failedScrapes = 2
        (batch.queued, batch.inFlight) = (3, 2)
        try writer.write(batch)
        if stop { try writer.close(now: start + minute) }
    }

    @Test(arguments: [true, false])
    func downtimeDoesNotCountAgainstAClient(stop: Bool) throws {
        try leaveBehind(stop: stop)
        let now = start + 61 * minute
        let outcome = try scratch.writer(now: now).outcome
        #expect(outcome.origin == .opened && outcome.downtime == 60 * minute && outcome.stoppedInOrder == stop)
        let restored = Dictionary(uniqueKeysWithValues: outcome.restored.map { ($0.fqdn, $0) })
        #expect(restored.keys.sorted() == ["connected.example", "stale.example"])
        let connected = try #require(restored["connected.example"])
        #expect(connected.lastSeen == start + minute && connected.expires == now + 5 * minute)
        #expect(connected.instance == "i-1" && connected.firstSeen == start)
        let stale = try #require(restored["stale.example"])
        #expect(stale.lastSeen == start && stale.expires == start + 65 * minute && stale.instance == nil)

        let reader = try scratch.reader()
        let page = try reader.clients(ClientQuery())
        #expect(page.rows.map(\.fqdn) == ["connected.example", "gone.example", "stale.example"])
        #expect(page.rows.map(\.state) == [.stale, .gone, .stale])
        #expect(page.rows.allSatisfy { $0.queued == 0 && $0.inFlight == 0 })
        let proxy = try reader.proxy()
        #expect(proxy.queued == 0 && proxy.inFlight == 0)
        #expect(proxy.started == now && proxy.stopped == nil && proxy.scrapes == 7 && proxy.failures == 2)
    }

    @Test func restartsInARowKeepWhatIsLeft() throws {
        try leaveBehind(stop: false)
        for round in 1...3 {
            let now = start + minute + Int64(round) * 60 * minute
            let writer = try scratch.writer(now: now)
            #expect(writer.outcome.restored.first { $0.fqdn == "stale.example" }?.expires == now + 4 * minute)
            #expect(writer.outcome.restored.count == 2)
        }
    }

    @Test func aClockThatWentBackwardsIsNoDowntimeAndBringsNobodyBack() throws {
        try leaveBehind(stop: false)
        let now = start - day
        let writer = try scratch.writer(now: now)
        #expect(writer.outcome.downtime == 0)
        #expect(writer.outcome.restored.map(\.fqdn).sorted() == ["connected.example", "stale.example"])
        for client in writer.outcome.restored {
            #expect(client.lastSeen <= now && client.expires <= now + 5 * minute && client.expires > now)
        }
        #expect(try scratch.reader().client(fqdn: "gone.example")?.row.state == .gone)
    }

    @Test func aKilledProxyLosesNothingThatWasWritten() throws {
        let writer = try scratch.writer()
        for round in 0..<50 {
            var batch = RecordBatch(time: start + Int64(round) * 1000)
            for index in 0..<20 {
                batch.clients.append(.sample("host-\(index).example", connected: true, outcomes: [.good(1000)]))
            }
            batch.scrapes = 20
            try writer.write(batch)
        }
        // As kill -9 leaves the files: the log not written back; and once in the middle of a transaction.
        for unfinished in [false, true] {
            if unfinished { try writer.connection?.execute("BEGIN IMMEDIATE; UPDATE client SET scrapes = -1") }
            let copy = scratch.folder + "/killed-\(unfinished).db"
            for suffix in ["", "-wal"] { try scratch.put(scratch.bytes(scratch.path + suffix), at: copy + suffix) }
            let next = try scratch.writer(at: copy, now: start + 60_000)
            #expect(next.outcome.origin == .opened && next.outcome.restored.count == 20)
            #expect(try next.connection?.text("PRAGMA integrity_check") == "ok")
            #expect(try next.connection?.integer("SELECT sum(scrapes) FROM client") == 1000)
            #expect(try next.connection?.integer("SELECT scrapes FROM proxy") == 1000)
        }
    }

    @Test func everyPrefixOfTheLogOpensAsOneOfTheFlushes() throws {
        let writer = try scratch.writer()
        for round in 1...5 {
            try writer.write(.sample(.sample("a.example", outcomes: [.good(1)]), at: start + Int64(round)))
        }
        let database = try scratch.bytes(scratch.path)
        let log = try scratch.bytes(scratch.path + "-wal")
        for length in stride(from: 0, through: log.count, by: 1531) {
            let copy = scratch.folder + "/torn-\(length).db"
            try scratch.put(database, at: copy)
            try scratch.put(log.prefix(length), at: copy + "-wal")
            let next = try scratch.writer(at: copy, now: start + minute)
            let connection = try #require(next.connection)
            // Each flush is whole or not there: the client's count and the proxy's move together.
            let total = try connection.integer("SELECT scrapes FROM proxy")
            #expect(try connection.integer("SELECT ifnull(sum(scrapes), 0) FROM client") == total)
            #expect(try connection.text("PRAGMA integrity_check") == "ok")
        }
    }
}
