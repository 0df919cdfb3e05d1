import Foundation
import Testing

@testable import Store

/// The version of this program's schema.
private let current = Schema.current.version

@Suite struct OpeningTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func aFreshRecordIsMadeWithItsFolder() throws {
        let path = scratch.folder + "/deep/er/record.db"
        let writer = try scratch.writer(at: path)
        #expect(writer.outcome == OpenOutcome(origin: .created, downtime: 0, stoppedInOrder: true, restored: []))
        let proxy = try scratch.reader(at: path).proxy()
        #expect(proxy.started == start && proxy.heartbeat == start && proxy.stopped == nil)
        #expect(proxy.version == "0.1.0" && proxy.address == "127.0.0.1:8080" && proxy.pid == 4711)
        #expect(proxy.writerLives == true)
        let connection = try #require(writer.connection)
        #expect(try connection.integer("PRAGMA application_id") == 0x5050_5258)
        #expect(try connection.integer("PRAGMA user_version") == Int64(current))
        #expect(try connection.text("PRAGMA journal_mode") == "wal")
        #expect(try connection.integer("PRAGMA foreign_keys") == 1)
    }

    @Test func anEmptyFileBecomesARecord() throws {
        try scratch.put(Data(), at: scratch.path)
        #expect(try scratch.writer().outcome.origin == .created)
    }

    @Test func theFilesAreForOwnerAndGroupOnly() throws {
        let writer = try scratch.writer()
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + suffix)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode & 0o027 == 0, "\(suffix): \(String(mode, radix: 8))")
        }
        try writer.close(now: start)
    }

    @Test func aCleanStopKeepsTheFilesBesideAndEmptiesTheLog() throws {
        let writer = try scratch.writer()
        try writer.write(.sample(.sample("a.example")))
        try writer.close(now: start + 5)
        #expect(try scratch.names() == ["record.db", "record.db-shm", "record.db-wal", "record.db.lock"])
        #expect(try scratch.bytes(scratch.path + "-wal").isEmpty)
        let proxy = try scratch.reader().proxy()
        #expect(proxy.stopped == start + 5 && proxy.heartbeat == start + 5 && proxy.writerLives == false)
        #expect(throws: StoreError.self) { try writer.write(RecordBatch(time: start)) }
    }

    @Test func anOlderRecordIsMigratedWithItsRows() throws {
        try scratch.writer().write(.sample(.sample("a.example")))
        let next = Schema.current.with("ALTER TABLE client ADD COLUMN colour TEXT DEFAULT 'red'")
        let writer = try scratch.writer(schema: next)
        #expect(writer.outcome.origin == .migrated(from: current))
        #expect(try writer.connection?.text("SELECT colour FROM client WHERE fqdn = 'a.example'") == "red")
        #expect(try writer.connection?.integer("PRAGMA user_version") == Int64(current + 1))
    }

    @Test func aMigrationThatFailsChangesNothing() throws {
        try scratch.writer().close(now: start)
        let broken = Schema.current.with("CREATE TABLE extra (x); INSERT INTO extra VALUES (1, 2)")
        // A step that does not fit is taken for damage, so the file is kept aside as it was and a fresh one tried; that fails too.
        #expect(throws: StoreError.self) { try scratch.writer(schema: broken) }
        let aside = try #require(scratch.names().first { $0.hasPrefix("record.db.corrupt-") && !$0.hasSuffix("wal") })
        let connection = try scratch.outsider(scratch.folder + "/" + aside)
        #expect(try connection.integer("PRAGMA user_version") == Int64(current))
        #expect(try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'") == 0)
    }

    @Test func aNewerRecordIsRefusedAndNotAByteOfItChanges() throws {
        let newer = Schema.current.with("CREATE TABLE extra (x)")
        // One that was stopped in order, and one that was killed: there the new version stands in the log alone.
        for inOrder in [true, false] {
            let writer = try scratch.writer(schema: newer)
            try writer.write(.sample(.sample("a.example")))
            let copy = scratch.folder + "/copy-\(inOrder).db"
            if inOrder { try writer.close(now: start) }
            for suffix in ["", "-wal"] { try scratch.put(scratch.bytes(scratch.path + suffix), at: copy + suffix) }
            if !inOrder { try writer.close(now: start) }
            let before = try (scratch.bytes(copy), scratch.bytes(copy + "-wal"))
            let error = #expect(throws: StoreError.self) { try scratch.writer(at: copy) }
            #expect(error?.kind == .newerSchema(found: current + 1, known: current))
            #expect(try scratch.bytes(copy) == before.0 && scratch.bytes(copy + "-wal") == before.1)
        }
    }

    @Test func anotherProgramsDatabaseIsRefusedAndNotAByteOfItChanges() throws {
        for id in [0, 77] {
            let path = scratch.folder + "/foreign-\(id).db"
            try scratch.put(Data(), at: path)
            try scratch.outsider(path).execute("PRAGMA application_id = \(id); CREATE TABLE theirs (x)")
            let before = try scratch.bytes(path)
            let error = #expect(throws: StoreError.self) { try scratch.writer(at: path) }
            #expect(error?.kind == .foreignDatabase(applicationID: id))
            #expect(try scratch.bytes(path) == before)
        }
    }

    @Test func aFileThatIsNoDatabaseIsMovedAside() throws {
        let text = Data("these are notes, not a database".utf8)
        try scratch.put(text, at: scratch.path)
        let writer = try scratch.writer(now: 1_763_868_660_000)
        guard case .movedAside(let target, let reason) = writer.outcome.origin else {
            Issue.record("not moved aside: \(writer.outcome)")
            return
        }
        #expect(reason.kind == .notADatabase)
        #expect(target == DatabaseFiles(path: scratch.path).database + ".corrupt-20251123T033100Z")
        #expect(try scratch.bytes(target) == text)
        #expect(try scratch.reader().proxy().pid == 4711)
    }

    @Test func twoDamagedFilesInOneSecondAreBothKept() throws {
        for _ in 0..<2 {
            try scratch.put(Data("no database".utf8), at: scratch.path)
            try scratch.writer().close(now: start)
        }
        #expect(try scratch.names().filter { $0.contains(".corrupt-") && !$0.contains("Z-wal") }.count >= 2)
    }

    @Test(arguments: [40, 100, 4096 + 8, 3 * 4096 + 8, 12 * 4096])
    func aDamagedDatabaseIsMovedAside(offset: Int) throws {
        let writer = try scratch.writer()
        var batch = RecordBatch(time: start)
        for index in 0..<500 { batch.clients.append(.sample("host-\(index).example", connected: true)) }
        try writer.write(batch)
        try writer.close(now: start)
        var bytes = try scratch.bytes(scratch.path)
        bytes.replaceSubrange(offset..<(offset + 2048), with: Data(repeating: 0xA5, count: 2048))
        try scratch.put(bytes, at: scratch.path)
        guard case .movedAside(let target, _) = try scratch.writer().outcome.origin else {
            Issue.record("damage at \(offset) was not seen")
            return
        }
        #expect(try scratch.bytes(target) == bytes)
    }

    @Test func aRecordWhoseTablesAreMissingIsMovedAside() throws {
        try scratch.writer().close(now: start)
        try scratch.outsider().execute("DROP TABLE second")
        guard case .movedAside(_, let reason) = try scratch.writer().outcome.origin else {
            Issue.record("the missing table was not seen")
            return
        }
        #expect(reason.kind == .corrupt && reason.detail.contains("second"))
    }

    @Test func aLogLeftByADeletedDatabaseDoesNotEnterTheNewOne() throws {
        let writer = try scratch.writer()
        try writer.write(.sample(.sample("old.example")))
        let log = try scratch.bytes(scratch.path + "-wal")
        try writer.close(now: start)
        for name in try scratch.names() { try FileManager.default.removeItem(atPath: scratch.folder + "/" + name) }
        try scratch.put(log, at: scratch.path + "-wal")
        #expect(try scratch.writer().outcome.origin == .created)
        #expect(try scratch.reader().clients(ClientQuery()).counts.all == 0)
    }

    @Test func aFolderAtThePathIsAnErrorThatSaysSo() throws {
        try FileManager.default.createDirectory(atPath: scratch.path, withIntermediateDirectories: false)
        let error = #expect(throws: StoreError.self) { try scratch.writer() }
        #expect(error?.kind == .cannotOpen && error?.description.contains("not a regular file") == true)
    }

    @Test func aFolderThatCannotBeMadeIsAnErrorThatNamesIt() throws {
        try scratch.put(Data("x".utf8), at: scratch.folder + "/file")
        let error = #expect(throws: StoreError.self) { try scratch.writer(at: scratch.folder + "/file/sub/record.db") }
        #expect(error?.kind == .cannotOpen)
        #expect(error?.description.contains(scratch.folder + "/file/sub") == true)
    }
}
