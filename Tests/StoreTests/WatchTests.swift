import Foundation
import Testing

@testable import Store

@Suite struct WatchTests {
    let scratch: Scratch
    let watch: RecordWatch

    init() throws {
        scratch = try Scratch()
        watch = RecordWatch(path: scratch.path)
    }

    /// What a look says: "changed" with the names that are then read, "unchanged", or the problem.
    private func look() throws -> String {
        switch watch.look() {
        case .unchanged: return "unchanged"
        case .changed(let reader):
            return "changed: " + (try reader.clients(ClientQuery()).rows.map(\.fqdn).joined(separator: " "))
        case .unavailable(let problem): return "\(problem)".prefix { $0 != "(" }.description
        }
    }

    private func remove(_ suffixes: String...) throws {
        for suffix in suffixes { try FileManager.default.removeItem(atPath: scratch.path + suffix) }
    }

    @Test func aRecordIsFollowedFromNothingToItsWritesAndItsStop() throws {
        #expect(try look() == "absent")
        try scratch.put(Data(), at: scratch.path)
        #expect(try look() == "neverWritten")
        let writer = try scratch.writer()
        #expect(try look() == "changed: ")
        #expect(try look() == "unchanged")
        try writer.write(.sample(.sample("a.example")))
        #expect(try look() == "changed: a.example")
        #expect(try look() == "unchanged")
        try writer.close(now: start + 1)
        #expect(try look() == "changed: a.example")
        #expect(try look() == "unchanged")
    }

    @Test func aRecordReadWhileNobodyWroteIsFollowedWhenAProxyStarts() throws {
        try scratch.writer().close(now: start)
        #expect(try look() == "changed: ")
        #expect(try look() == "unchanged")
        let writer = try scratch.writer()
        #expect(try look() == "changed: ")
        try writer.write(.sample(.sample("a.example")))
        #expect(try look() == "changed: a.example")
    }

    @Test func aDeletedRecordIsAbsentAndFoundAgainWhenItIsBack() throws {
        let writer = try scratch.writer()
        try writer.write(.sample(.sample("a.example")))
        #expect(try look() == "changed: a.example")
        try remove("", "-wal", "-shm")
        #expect(try look() == "absent")
        #expect(try writer.write(.sample(.sample("b.example"))) == .recreated(.rescued))
        #expect(try look() == "changed: a.example b.example")
        #expect(try look() == "unchanged")
    }

    @Test func aReplacedRecordIsReadAnew() throws {
        let other = scratch.folder + "/other.db"
        let writer = try scratch.writer(at: other)
        try writer.write(.sample(.sample("other.example")))
        try writer.close(now: start)
        try scratch.writer().close(now: start)
        #expect(try look() == "changed: ")
        try remove("", "-wal", "-shm")
        try FileManager.default.moveItem(atPath: other, toPath: scratch.path)
        #expect(try look() == "changed: other.example")
    }

    @Test func aRecordReplacedByOneItCannotReadIsSaidToBeThat() throws {
        try scratch.writer().close(now: start)
        #expect(try look() == "changed: ")
        try remove("", "-wal", "-shm")
        try scratch.put(Data(repeating: 65, count: 5000), at: scratch.path)
        #expect(try look() == "notADatabase")
        _ = try scratch.writer()
        #expect(try look() == "changed: ")
    }

    @Test func aRecordMigratedUnderneathIsTooNew() throws {
        let writer = try scratch.writer()
        #expect(try look() == "changed: ")
        try writer.connection?.execute(
            "CREATE TABLE extra (x); PRAGMA user_version = \(Schema.current.version + 1)")
        #expect(try look() == "tooNew")
        try writer.connection?.execute("PRAGMA user_version = \(Schema.current.version)")
        #expect(try look() == "changed: ")
    }

    @Test func theLogDoesNotGrowBecauseOfAWatch() throws {
        var options = WriterOptions.quick
        options.checkpointPages = 20
        let writer = try scratch.writer(options: options)
        #expect(try look() == "changed: ")
        var largest = 0
        for round in 0..<100 {
            var batch = RecordBatch(time: start + Int64(round))
            for index in 0..<20 { batch.clients.append(.sample("host-\(index).example", outcomes: [.good(1)])) }
            try writer.write(batch)
            #expect(try look().hasPrefix("changed"))
            largest = max(largest, try scratch.bytes(scratch.path + "-wal").count)
        }
        #expect(largest < 60 * 4200)
    }
}
