import Clients
import TestKit
import Testing

@testable import Store

@Suite("What clients declare, on record")
struct DeclarationRecordTests {
    let scratch: Scratch
    let writer: StoreWriter

    init() throws {
        scratch = try Scratch()
        writer = try scratch.writer()
    }

    private func declaration(_ fqdn: String) throws -> Declaration? {
        try scratch.reader().client(fqdn: fqdn)?.row.declaration
    }

    private func count(_ table: String) throws -> Int64? {
        try writer.connection?.integer("SELECT count(*) FROM \(table)")
    }

    @Test("is read as it was said, on a client's page and in a list that asks for it")
    func roundTrip() throws {
        let change = try ClientChange.declaring(
            "a", ["site=new%20york", "rack=4", "empty="],
            ["9100 job=node", "9113/snmp?module=if_mib team=web%20ops", "1/%C3%A9"])
        try writer.write(.sample(change, .sample("b")))
        #expect(try declaration("a") == change.declaration && declaration("b") == Declaration.none)
        let reader = try scratch.reader()
        #expect(try reader.clients(.declared).rows.map(\.declaration) == [change.declaration, .none])
        let plain = try reader.clients(ClientQuery())
        #expect(plain.rows.map(\.declaration) == [.none, .none] && plain.hasLabels)
        let value = try writer.connection?.text("SELECT value FROM client_label WHERE name = 'site'")
        #expect(value == "new york")
    }

    @Test("is written anew when it changes, and when it is not said any more, and only then")
    func rewritten() throws {
        func writes(_ change: ClientChange) throws -> Int64 {
            let before = try writer.connection?.integer("SELECT total_changes()") ?? 0
            try writer.write(.sample(change))
            return (try writer.connection?.integer("SELECT total_changes()") ?? 0) - before
        }
        let said = try ClientChange.declaring("a", ["site=berlin"], ["9100 job=node", "9113"])
        try writer.write(.sample(said))
        // The client's row, and the heartbeat.
        #expect(try writes(said) == 2)
        #expect(try writes(.declaring("a", ["site=paris"], ["9100 job=node", "9113"])) == 2 + 3 + 3)
        #expect(try declaration("a")?.labels.map(\.value) == ["paris"])
        // A name that is scraped says nothing of its client.
        try writer.write(.sample(.scraped("a", at: start)))
        #expect(try declaration("a")?.targets.count == 2)
        #expect(try writes(.sample("a")) == 2 + 3)
        #expect(try declaration("a") == Declaration.none && count("client_label") == 0 && count("client_target") == 0)
        #expect(try writes(.sample("a")) == 2)
    }

    @Test("goes with its client, and is not the next one's of that name")
    func removed() throws {
        try writer.write(.sample(.declaring("a", ["site=berlin"], ["9100"], connected: false)))
        #expect(try writer.prune(now: start + 60 * day, retention: 30 * day) == 1)
        #expect(try count("client_label") == 0 && count("client_target") == 0)
        try writer.write(.sample(.sample("a")))
        #expect(try declaration("a") == Declaration.none)
    }

    @Test("is there again after a restart, for who was live", arguments: [true, false])
    func restart(stopped: Bool) throws {
        let said = try ClientChange.declaring("web-2", ["site=berlin"], ["9100 job=node"])
        var spelled = said
        spelled.name = "Web-2"
        try writer.write(.sample(spelled, .sample("other")))
        let connection = try #require(writer.connection)
        if stopped { try writer.close(now: start) } else { connection.close() }
        let copy = scratch.folder + "/copy.db"
        for suffix in ["", "-wal"] { try scratch.put(scratch.bytes(scratch.path + suffix), at: copy + suffix) }
        let next = try scratch.writer(at: copy, now: start + 1)
        let restored = Dictionary(uniqueKeysWithValues: next.outcome.restored.map { ($0.name, $0.declaration) })
        #expect(restored == ["Web-2": said.declaration, "other": .none])
    }

    @Test("is left out where a hand has spoilt it, and written anew when the client says it again")
    func damaged() throws {
        let said = try ClientChange.declaring(
            "a", ["site=berlin", "rack=4", "row=7"], ["9100 job=node", "9113", "9200", "9300", "9400"])
        try writer.write(.sample(said))
        try writer.close(now: start)
        let hand = try Tampering(path: scratch.path)
        try hand.run("UPDATE client_label SET name = '__address__' WHERE name = 'site'")
        try hand.run("UPDATE client_label SET value = 'a' || char(10) || 'b' WHERE name = 'rack'")
        try hand.run("UPDATE client_target SET port = 0 WHERE port = 9100")
        try hand.run("UPDATE client_target SET port = 99999 WHERE port = 9113")
        try hand.run("UPDATE client_target SET path = 'metrics x=y' WHERE port = 9200")
        try hand.run("UPDATE client_target SET labels = '__scheme__=https' WHERE port = 9300")
        try hand.run("UPDATE proxy SET discovery_labels = 'everything'")
        hand.close()
        let reader = try scratch.reader()
        let left = try Declaration(labelTexts: ["row=7"], targetTexts: ["9400"])
        #expect(try declaration("a") == left)
        #expect(try reader.discoverable().map(\.declaration) == [left])
        #expect(try reader.proxy().discoveryLabels == .off)
        #expect(try reader.groups(GroupQuery(label: "rack")).rows.map(\.value) == [nil])

        let next = try scratch.writer(now: start + 1)
        #expect(next.outcome.restored.map(\.declaration) == [left])
        try next.write(.sample(said, at: start + 2))
        #expect(try declaration("a") == said.declaration)
        #expect(try next.connection?.integer("SELECT count(*) FROM client_target") == 5)
    }

    @Test("is never more than a client may say, whatever stands in the record")
    func bounds() throws {
        try writer.write(.sample(.declaring("a", ["site=berlin"])))
        let connection = try #require(writer.connection)
        for number in 0..<100 {
            try connection.execute("INSERT INTO client_label VALUES (1, 'x\(number)', '\(number)')")
            try connection.execute("INSERT INTO client_target VALUES (1, \(number + 1), '/metrics', '')")
        }
        let many = try #require(try declaration("a"))
        #expect(many.labels.count <= Declaration.maxLabels && many.targets.count == Declaration.maxTargets)
        try connection.execute("UPDATE client_label SET value = printf('%.*c', 3000, 'v')")
        #expect(try declaration("a")?.labels.count == 2)
        try connection.execute("UPDATE client_label SET value = printf('%.*c', 30000, 'v')")
        #expect(try declaration("a")?.labels == [])
    }

    @Test("tells from one that says anything else, in whatever order it was said")
    func digest() throws {
        func digest(_ labels: [String], _ targets: [String] = []) throws -> Int64? {
            try Declaration(labelTexts: labels, targetTexts: targets).digest
        }
        #expect(try digest([]) == nil)
        #expect(try digest(["a=1", "b=2"], ["9100", "9200"]) == digest(["b=2", "a=1"], ["9200", "9100"]))
        let all = try [
            digest(["a=1"]), digest(["a=2"]), digest(["a="]), digest(["a1="]), digest(["a=1", "b=1"]),
            digest([], ["1"]),
            digest([], ["1 a=1"]), digest(["a=1"], ["1"]), digest([], ["1/metrics2"]), digest([], ["1", "2"]),
        ]
        #expect(Set(all).count == all.count)
        // As the first version of this program has it: another number, and all is written anew once.
        #expect(try digest(["site=berlin"], ["9100 job=node"]) == -8_280_258_454_002_323_344)
    }
}

@Suite("Clients by what they say of themselves")
struct LabelQueryTests {
    let scratch: Scratch
    let writer: StoreWriter

    init() throws {
        scratch = try Scratch()
        writer = try scratch.writer()
        var failing = try ClientChange.declaring("web-10", ["site=berlin", "rack=10"])
        failing.outcomes = [.bad(.noPush)]
        failing.failures = [.noPush: 1]
        failing.lastFailure = .sample("web-10", .noPush)
        (failing.queued, failing.inFlight) = (3, 2)
        let batch = RecordBatch.sample(
            failing, try .declaring("web-2", ["site=berlin", "rack=2"], ["9100 job=node"], connected: false),
            try .declaring("db", ["site=paris", "rack=2"], seen: start - 60 * minute, connected: false),
            .sample("plain", connected: true), .scraped("typo", at: start))
        try writer.write(batch)
    }

    private func names(_ labels: [String], without: String? = nil, text: String = "") throws -> [String] {
        var query = ClientQuery()
        query.labels = try labels.map { try Label(written: $0) }
        query.withoutLabel = without
        query.text = text
        let page = try scratch.reader().clients(query)
        #expect(page.counts.all == 5 && page.matching == page.rows.count)
        return page.rows.map(\.fqdn)
    }

    @Test("are found by one label, by several, by a label and a part of the name, and by none")
    func filter() throws {
        #expect(try names(["site=berlin"]) == ["web-2", "web-10"])
        #expect(try names(["site=berlin", "rack=2"]) == ["web-2"])
        #expect(try names(["rack=2"], text: "D") == ["db"])
        #expect(try names(["site=berli"]) == [] && names(["job=node"]) == [])
        #expect(try names([], without: "site") == ["plain", "typo"])
    }

    @Test("stand in groups, in the natural order of the values, those without one last")
    func groups() throws {
        let page = try scratch.reader().groups(GroupQuery(label: "site"))
        #expect(page.label == "site" && page.rows.map(\.value) == ["berlin", "paris", nil] && page.matching == 3)
        let (berlin, paris, rest) = (page.rows[0], page.rows[1], page.rows[2])
        #expect(berlin.counts.live == 2 && berlin.counts.inFlight == 1 && berlin.counts.stale == 1)
        #expect(berlin.counts.failing == 1 && berlin.queued == 3 && berlin.inFlight == 2)
        #expect(paris.counts.live == 0 && paris.counts.gone == 1 && paris.queued == 0)
        // Not the name that nobody has polled under.
        #expect(rest.counts.all == 1 && rest.counts.connected == 1 && page.counts.unknown == 1)
        let racks = try scratch.reader().groups(GroupQuery(label: "rack"))
        #expect(racks.rows.map(\.value) == ["2", "10", nil])
    }

    @Test("stand in the groups of the name that most of them use, when none is asked for")
    func names() throws {
        let page = try scratch.reader().groups(GroupQuery())
        #expect(page.names == ["rack", "site"] && page.label == "rack")
        let empty = try Scratch()
        let other = try empty.writer()
        try other.write(.sample(.sample("a")))
        let none = try empty.reader().groups(GroupQuery())
        #expect(none.label == nil && none.rows == [] && none.counts.all == 1)
    }

    @Test("are counted in groups as far as they match, and a window of the groups is read")
    func window() throws {
        var query = GroupQuery(label: "site")
        query.clients.states = [.stale, .gone]
        #expect(try scratch.reader().groups(query).rows.map(\.value) == ["berlin", "paris"])
        query = GroupQuery(label: "site")
        (query.offset, query.limit, query.selected) = (7, 1, .some("paris"))
        var page = try scratch.reader().groups(query)
        #expect(page.offset == 2 && page.rows.map(\.value) == [nil] && page.selectedPosition == 1)
        query.selected = .some(nil)
        page = try scratch.reader().groups(query)
        #expect(page.selectedPosition == 2)
    }

    @Test("are told to service discovery as they spell their names, connected for a moment longer than they are")
    func discoverable() throws {
        var spelled = try ClientChange.declaring("web-3", ["a=1"], seen: start, connected: false)
        (spelled.name, spelled.transport, spelled.agent) = ("Web-3", .poll, "curl/8")
        try writer.write(.sample(spelled, at: start + 9_000))
        var found = try scratch.reader().discoverable()
        #expect(found.map(\.name) == ["plain", "web-2", "Web-3", "web-10"])
        #expect(found.map(\.state) == [.connected, .connected, .connected, .connected])
        #expect(found[2].agent == "curl/8" && found[2].declaration == spelled.declaration && found[0].agent == nil)
        try writer.write(.sample(at: start + 11_000))
        found = try scratch.reader().discoverable()
        #expect(found.map(\.state) == [.connected, .stale, .stale, .connected])
    }
}
