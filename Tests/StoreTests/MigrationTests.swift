import Clients
import Testing

@testable import Store

@Suite("A record of the first version")
struct MigrationTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try Version1Record.put(at: scratch.path)
    }

    @Test("is migrated when a proxy starts, with everything that was in it")
    func migrated() throws {
        let now = Version1Record.heartbeat + 1000
        let writer = try scratch.writer(now: now)
        #expect(writer.outcome.origin == .migrated(from: 1) && !writer.outcome.stoppedInOrder)
        #expect(
            writer.outcome.restored.map(\.fqdn).sorted() == [
                "db-1", "going", "web-10.example.com", "web-2.example.com",
            ])
        let reader = try scratch.reader()
        let page = try reader.clients(ClientQuery())
        #expect(page.rows.map(\.fqdn) == ["db-1", "going", "web-2.example.com", "web-10.example.com"])
        #expect(page.rows.map(\.name) == page.rows.map(\.fqdn) && page.rows.allSatisfy { $0.state == .stale })
        #expect(page.rows.map(\.outcomes) == ["!.", "p", ".!", "..!"])
        #expect(page.rows.map(\.scrapes) == [2, 1, 2, 3] && page.rows.map(\.failures) == [0, 1, 0, 0])
        let failures = try reader.failures(FailureQuery())
        #expect(failures.rows.map(\.fqdn) == ["never-there", "going"])
        let proxy = try reader.proxy()
        #expect(proxy.scrapes == 9 && proxy.failures == 2 && proxy.queued == 0)
        #expect(try writer.connection?.integer("SELECT sum(unknown) FROM failure") == 1)
        #expect(try writer.connection?.text("PRAGMA integrity_check") == "ok")
    }

    @Test("has the same schema afterwards as a fresh one")
    func schema() throws {
        let fresh = try Scratch()
        let writers = (try scratch.writer(now: Version1Record.heartbeat), try fresh.writer())
        let migrated = try #require(try writers.0.connection?.text(schemaSQL))
        #expect(try writers.1.connection?.text(schemaSQL) == migrated && migrated.contains("client.sort_key"))
    }

    @Test("takes the spelling of a client when it polls again, and keeps it over the next restart")
    func spelling() throws {
        let now = Version1Record.heartbeat + 1000
        do {
            let writer = try scratch.writer(now: now)
            var change = ClientChange.sample("web-10.example.com", seen: now, connected: true)
            change.name = "Web-10.Example.COM"
            try writer.write(.sample(change, at: now))
        }
        let writer = try scratch.writer(now: now + 1000)
        #expect(writer.outcome.origin == .opened)
        #expect(writer.outcome.restored.map(\.name).contains("Web-10.Example.COM"))
        #expect(try scratch.reader().client(fqdn: "WEB-10.example.com")?.row.name == "Web-10.Example.COM")
    }

    @Test(
        "is too old for a reader of this version, and what a proxy of this version made of it is too new for an older reader"
    )
    func readers() throws {
        let first = Schema(migrations: [Migration1.sql])
        #expect(scratch.problem() == .tooOld(path: scratch.path, found: 1, needed: 4))
        #expect(scratch.problem(schema: first) == nil)
        try scratch.writer(now: Version1Record.heartbeat).close(now: Version1Record.heartbeat)
        #expect(scratch.problem() == nil)
        #expect(scratch.problem(schema: first) == .tooNew(path: scratch.path, found: 4, known: 1))
    }
}

@Suite("A record of the second version")
struct Migration3Tests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try Version2Record.put(at: scratch.path)
    }

    @Test(
        "is migrated when a proxy starts: how scrapes come is not known yet, and of CONNECTs what was denied is told apart"
    )
    func migrated() throws {
        let writer = try scratch.writer(now: Version2Record.heartbeat + 1000)
        #expect(writer.outcome.origin == .migrated(from: 2) && !writer.outcome.stoppedInOrder)
        #expect(writer.outcome.restored.map(\.name).sorted() == ["Web-2", "localhost"])
        let reader = try scratch.reader()
        let rows = try reader.clients(ClientQuery()).rows
        #expect(rows.map(\.fqdn) == ["localhost", "nobody", "web-2"] && rows.map(\.outcomes) == [".!u", "p", "p"])
        #expect(rows.allSatisfy { $0.transport == nil && $0.roundTrip == nil && $0.connections == 0 })
        #expect(rows.allSatisfy { $0.connectionCounts == ConnectionCounts() && $0.lastConnection == nil })
        let failures = try reader.failures(FailureQuery()).rows
        #expect(failures.map(\.isConnection) == [false, false, false, false, true, false])
        #expect(
            failures[4].target == "CONNECT localhost:45961" && failures[5].target == "http://localhost:45961/metrics")
        let detail = try #require(try reader.client(fqdn: "localhost"))
        #expect(detail.failuresByKind.map(\.count) == [1, 1] && detail.connectionFailuresByKind == [])
        #expect(detail.agent == "pushprox-client/0.1.0" && detail.address == "127.0.0.1")
        let proxy = try reader.proxy()
        #expect(proxy.scrapes == 6 && proxy.failures == 5 && proxy.connectionCounts == ConnectionCounts())
        #expect(try writer.connection?.text("PRAGMA integrity_check") == "ok")
    }

    @Test("has the same schema afterwards as a fresh one")
    func schema() throws {
        let fresh = try Scratch()
        let writers = (try scratch.writer(now: Version2Record.heartbeat), try fresh.writer())
        let migrated = try #require(try writers.0.connection?.text(schemaSQL))
        #expect(try writers.1.connection?.text(schemaSQL) == migrated && migrated.contains("client.transport"))
    }

    @Test("is too old for a reader of this version until then, and too new for a reader of its own afterwards")
    func readers() throws {
        let second = Schema(migrations: [Migration1.sql, Migration2.sql])
        #expect(scratch.problem() == .tooOld(path: scratch.path, found: 2, needed: 4))
        #expect(scratch.problem(schema: second) == nil)
        try scratch.writer(now: Version2Record.heartbeat).close(now: Version2Record.heartbeat)
        #expect(scratch.problem() == nil)
        #expect(scratch.problem(schema: second) == .tooNew(path: scratch.path, found: 4, known: 2))
    }
}

@Suite("A record of the third version")
struct Migration4Tests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try Version3Record.put(at: scratch.path)
    }

    @Test("is migrated when a proxy starts: what clients declare is written when they say it next")
    func migrated() throws {
        let now = Version3Record.heartbeat + 1000
        let writer = try scratch.writer(now: now)
        #expect(writer.outcome.origin == .migrated(from: 3) && !writer.outcome.stoppedInOrder)
        #expect(writer.outcome.restored.map(\.name).sorted() == ["LocalHost", "Web-2"])
        #expect(writer.outcome.restored.allSatisfy { $0.declaration == .none })
        let reader = try scratch.reader()
        let rows = try reader.clients(.declared).rows
        #expect(rows.map(\.fqdn) == ["localhost", "nobody", "web-2"] && rows.map(\.outcomes) == [".!u", "p", ""])
        #expect(rows.map(\.transport) == [.tunnel, nil, .poll] && rows[0].connectionCounts.bytesToScraper == 217)
        #expect(rows.allSatisfy { $0.declaration == .none })
        let proxy = try reader.proxy()
        #expect(proxy.scrapes == 4 && proxy.failures == 3 && proxy.discoveryLabels == .asGiven)
        var change = ClientChange.sample("web-2", seen: now, connected: true)
        change.declaration = try Declaration(labelTexts: ["site=berlin"], targetTexts: ["9100 job=node"])
        try writer.write(.sample(change, at: now))
        #expect(try scratch.reader().client(fqdn: "web-2")?.row.declaration == change.declaration)
        #expect(try writer.connection?.text("PRAGMA integrity_check") == "ok")
    }

    @Test("has the same schema afterwards as a fresh one")
    func schema() throws {
        let fresh = try Scratch()
        let writers = (try scratch.writer(now: Version3Record.heartbeat), try fresh.writer())
        let migrated = try #require(try writers.0.connection?.text(schemaSQL))
        #expect(try writers.1.connection?.text(schemaSQL) == migrated && migrated.contains("client_target.port"))
    }

    @Test("is too old for a reader of this version until then, and too new for a reader of its own afterwards")
    func readers() throws {
        let third = Schema(migrations: [Migration1.sql, Migration2.sql, Migration3.sql])
        #expect(scratch.problem() == .tooOld(path: scratch.path, found: 3, needed: 4))
        #expect(scratch.problem(schema: third) == nil)
        try scratch.writer(now: Version3Record.heartbeat).close(now: Version3Record.heartbeat)
        #expect(scratch.problem() == nil)
        #expect(scratch.problem(schema: third) == .tooNew(path: scratch.path, found: 4, known: 3))
    }
}

/// All that tables and views have, in one text.
private let schemaSQL = """
    SELECT group_concat(s.name || '.' || c.name || ' ' || c.type || c."notnull" || ifnull(c.dflt_value, ''), ', ')
    FROM (SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name) s, pragma_table_info(s.name) c
    """
