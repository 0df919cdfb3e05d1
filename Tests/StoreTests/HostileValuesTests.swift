import Clients
import Foundation
import Glibc
import TestKit
import Testing

@testable import Store

@Suite("A record with values that nothing would write", .computes)
struct HostileValuesTests {
    /// A record with something in every table, stopped in order, its schema's word taken away.
    private func record(relaxed: Bool = true) throws -> Scratch {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        var batch = RecordBatch.sample(
            .sample("a.example", connected: true, outcomes: [.good(5), .bad(.noPush)]),
            try .declaring("b.example", ["site=berlin", "rack=4"], ["9100 job=node", "9113/snmp?module=x"]),
            .scraped("typo.example", at: start))
        batch.seconds = [
            SecondSample(second: start / 1000, queued: 1, inFlight: 2, liveClients: 3, scrapes: 4, failures: 5)
        ]
        try writer.write(batch)
        try writer.close(now: start)
        guard relaxed else { return scratch }
        var tampering = try Tampering(path: scratch.path)
        try tampering.relax()
        tampering.close()
        return scratch
    }

    /// Reads everything in every way. What cannot be read is a problem with a sentence.
    private func readAll(_ scratch: Scratch, _ comment: Comment) {
        do throws(RecordProblem) {
            let reader: StoreReader
            switch StoreReader.open(path: scratch.path) {
            case .ready(let opened): reader = opened
            case .unavailable(let problem): throw problem
            }
            let proxy = try reader.proxy()
            #expect(Meaning.time.contains(proxy.heartbeat) && Meaning.time.contains(proxy.started), comment)
            #expect(Meaning.count.contains(proxy.scrapes) && Meaning.count.contains(proxy.registrationTimeout), comment)
            for sort in ClientSort.allCases {
                var query = ClientQuery()
                query.sort = sort
                for row in try reader.clients(query).rows {
                    for time in [row.firstSeen, row.lastSeen, row.expires, row.lastScrape ?? 0, row.conflict ?? 0] {
                        #expect(Meaning.time.contains(time), comment)
                    }
                    #expect(Meaning.count.contains(Int64(row.scrapes)), comment)
                    #expect(row.outcomes.count <= Ring.outcomes && row.outcomes.allSatisfy(\.isASCII), comment)
                    #expect(row.fqdn.utf8.count <= 3 * Limit.fqdn, comment)
                    _ = try reader.client(id: row.id)
                    _ = try reader.client(fqdn: row.fqdn)
                }
            }
            var query = GroupQuery()
            for name in [nil, "site"] {
                query.label = name
                let page = try reader.groups(query)
                #expect(page.rows.reduce(0) { $0 + $1.counts.all } <= page.counts.all, comment)
                for group in page.rows { #expect(Meaning.count.contains(Int64(group.queued)), comment) }
            }
            for client in try reader.discoverable() {
                var writer = DiscoveryWriter(DiscoveryWriter.Options(hasMeta: true))
                writer.write(client.name, client.declaration, state: .stale, agent: client.agent ?? "")
                let entries = Array("[{}".utf8) + writer.take() + Array("]".utf8)
                #expect((try? JSONSerialization.jsonObject(with: Data(entries))) != nil, comment)
            }
            for row in try reader.failures(FailureQuery()).rows {
                #expect(Meaning.time.contains(row.time) && Meaning.count.contains(row.duration), comment)
            }
            for sample in try reader.seconds(since: 0) { #expect(Meaning.second.contains(sample.second), comment) }
        } catch {
            #expect(!error.sentence.isEmpty, comment)
        }
    }

    @Test("is read, opened, written and pruned like any other, whatever stands where", arguments: Tampering.values)
    func relaxed(value: String) throws {
        let original = try record()
        var fitted = 0
        for column in try Tampering(path: original.path).columns() {
            let scratch = try Scratch()
            try scratch.put(original.bytes(original.path), at: scratch.path)
            let tampering = try Tampering(path: scratch.path)
            guard tampering.put(value, in: column) else {
                tampering.close()
                continue
            }
            tampering.close()
            fitted += 1
            try live(with: scratch, "\(value) in \(column)")
        }
        #expect(fitted > 50)
    }

    @Test(
        "is damage where the schema forbids them, and a fresh one is started", arguments: ["'text'", "NULL", "X'00'"])
    func strict(value: String) throws {
        let original = try record()
        for column in try Tampering(path: original.path).columns() where column.table != "sqlite_sequence" {
            let scratch = try Scratch()
            try scratch.put(original.bytes(original.path), at: scratch.path)
            let tampering = try Tampering(path: scratch.path)
            guard tampering.put(value, in: column) else {
                tampering.close()
                continue
            }
            // The schema says again what it said.
            let clean = try Scratch()
            try clean.writer().close(now: start)
            try tampering.run("ATTACH '\(clean.path)' AS clean; PRAGMA writable_schema = ON")
            try tampering.run(
                """
                UPDATE main.sqlite_master SET sql = (SELECT sql FROM clean.sqlite_master c WHERE c.name = sqlite_master.name)
                  WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                """)
            tampering.close()
            // A check that finds nothing must not be what it hangs on.
            for seconds in [0.25, 0] {
                let copy = try Scratch()
                try copy.put(scratch.bytes(scratch.path), at: copy.path)
                var options = WriterOptions.quick
                options.checkSeconds = seconds
                try live(with: copy, options: options, "\(value) in \(column), checked for \(seconds) s")
            }
        }
    }

    @Test(
        "is a record like any other when they are numbers: nothing adds up to what its columns can't hold",
        arguments: ["9223372036854775807", "-9223372036854775808", "9007199254740992", "9223372036854", "-1"])
    func numbers(value: String) throws {
        let original = try record(relaxed: false)
        var fitted = 0
        for column in try Tampering(path: original.path).columns() {
            let scratch = try Scratch()
            try scratch.put(original.bytes(original.path), at: scratch.path)
            let tampering = try Tampering(path: scratch.path)
            let fits = tampering.put(value, in: column)
            tampering.close()
            guard fits else { continue }
            fitted += 1
            try live(with: scratch, "\(value) in \(column)")
            #expect(try scratch.names().allSatisfy { !$0.contains("corrupt") }, "\(value) in \(column)")
        }
        #expect(fitted > 45)
    }

    /// Other tests start processes, and between its beginning and its program each has all that is open here, locks included: thousands
    /// of openings meet one sooner or later.
    private func opened(_ scratch: Scratch, now: UnixMilliseconds, options: WriterOptions) throws -> StoreWriter {
        for _ in 0..<100_000 {
            do {
                return try scratch.writer(now: now, options: options)
            } catch let error as StoreError where error.label == "locked_by_another_proxy" {
                sched_yield()
            }
        }
        return try scratch.writer(now: now, options: options)
    }

    /// A proxy's life on it: everything must work, twice.
    private func live(with scratch: Scratch, options: WriterOptions = .quick, _ comment: Comment) throws {
        readAll(scratch, comment)
        for round in 1...2 as ClosedRange<Int64> {
            let now = start + round * day
            let writer = try opened(scratch, now: now, options: options)
            for client in writer.outcome.restored {
                #expect(client.expires > now && client.expires <= now + 5 * minute && client.lastSeen <= now, comment)
            }
            for step in 1...2 as ClosedRange<Int64> {
                let declaring = try ClientChange.declaring("b.example", ["site=berlin"], ["9100"], seen: now)
                var batch = RecordBatch.sample(
                    .sample("a.example", seen: now, connected: true, outcomes: [.good(7), .bad(.noPoll, at: now)]),
                    declaring, .scraped("typo.example", at: now), at: now + step)
                batch.seconds = [
                    SecondSample(
                        second: now / 1000 + step, queued: 1, inFlight: 2, liveClients: 3, scrapes: 4, failures: 5)
                ]
                #expect(throws: Never.self, comment) { try writer.write(batch) }
                #expect(throws: Never.self, comment) { try writer.prune(now: now + step, retention: 30 * 86_400_000) }
            }
            let reader = try scratch.reader()
            #expect(try reader.client(fqdn: "b.example")?.row.declaration.targets.map(\.text) == ["9100"], comment)
            let row = try #require(try reader.client(fqdn: "a.example")?.row, comment)
            #expect(row.state == .connected && row.scrapes >= 4 && row.lastSeen == now, comment)
            #expect(try reader.proxy().heartbeat == now + 2, comment)
            #expect(try reader.seconds(since: now / 1000).count == 2, comment)
            #expect(try reader.failures(FailureQuery()).rows.first?.time == now, comment)
            readAll(scratch, comment)
            try writer.close(now: now + 2)
        }
    }
}
