import Foundation
import Testing

@testable import Store

@Suite struct TroubleTests {
    let scratch: Scratch
    let writer: StoreWriter

    init() throws {
        scratch = try Scratch()
        writer = try scratch.writer()
        try writer.write(.sample(.sample("before.example", connected: true, outcomes: [.good(1)])))
    }

    private func known(_ path: String? = nil) throws -> [String] {
        try scratch.reader(at: path).clients(ClientQuery()).rows.map(\.fqdn)
    }

    private func remove(_ suffixes: String...) throws {
        for suffix in suffixes { try FileManager.default.removeItem(atPath: scratch.path + suffix) }
    }

    @Test func aLockedDatabaseIsBusyAndWritingResumesWithTheSameBatch() throws {
        let outsider = try scratch.outsider()
        try outsider.execute("BEGIN EXCLUSIVE")
        let batch = RecordBatch.sample(.sample("during.example", outcomes: [.good(1)]), at: start + 1)
        let error = #expect(throws: StoreError.self) { try writer.write(batch) }
        #expect(error?.kind == .busy && error?.label == "busy")
        #expect(throws: StoreError.self) { try writer.prune(now: start, retention: 30 * 86_400_000) }
        try outsider.execute("COMMIT")
        #expect(try writer.write(batch) == .written)
        #expect(try known() == ["before.example", "during.example"])
        #expect(try scratch.reader().proxy().scrapes == 2)
    }

    @Test func aFullDatabaseKeepsWhatItHadAndWritingResumes() throws {
        let connection = try #require(writer.connection)
        var batch = RecordBatch(time: start + 1)
        for index in 0..<500 { batch.clients.append(.sample("host-\(index).example", outcomes: [.bad(.noPoll)])) }
        let pages = try connection.integer("PRAGMA page_count") ?? 0
        try connection.execute("PRAGMA max_page_count = \(pages + 2)")
        for _ in 0..<3 {
            let error = #expect(throws: StoreError.self) { try writer.write(batch) }
            #expect(error?.kind == .full)
            #expect(try known() == ["before.example"])
            #expect(try scratch.reader().proxy().heartbeat == start)
        }
        #expect(try writer.write(RecordBatch(time: start + 2)) == .written, "what fits is written")
        try connection.execute("PRAGMA max_page_count = 100000")
        #expect(try writer.write(batch) == .written)
        #expect(try known().count == 100 && scratch.reader().clients(ClientQuery()).matching == 501)
    }

    @Test func aReadOnlyDatabaseSaysSoAndWritingResumes() throws {
        try writer.connection?.execute("PRAGMA query_only = 1")
        let error = #expect(throws: StoreError.self) { try writer.write(RecordBatch(time: start + 1)) }
        #expect(error?.kind == .readOnly)
        try writer.connection?.execute("PRAGMA query_only = 0")
        #expect(try writer.write(RecordBatch(time: start + 1)) == .written)
    }

    @Test func aReaderInTheMiddleOfItsTransactionDoesNotHinderTheWriter() throws {
        let reader = try scratch.reader()
        var matching: [Int] = []
        var outcome: WriteOutcome?
        try reader.snapshot { (reader) throws(RecordProblem) in
            matching.append(try reader.clients(ClientQuery()).matching)
            outcome = try? writer.write(.sample(.sample("during.example")))
            matching.append(try reader.clients(ClientQuery()).matching)
        }
        #expect(outcome == .written)
        #expect(matching == [1, 1], "a snapshot is of one moment")
        #expect(try reader.clients(ClientQuery()).matching == 2)
    }

    @Test func aDeletedDatabaseIsMadeAnewWithAllItHeld() throws {
        try remove("", "-wal", "-shm", ".lock")
        #expect(try writer.write(.sample(.sample("after.example"))) == .recreated(.rescued))
        #expect(try known() == ["after.example", "before.example"])
        #expect(try scratch.reader().client(fqdn: "before.example")?.row.state == .connected, "nothing is restarted")
        #expect(try scratch.reader().proxy().writerLives == true)
        #expect(throws: StoreError.self) { try scratch.writer() }
        #expect(try writer.write(.sample(.sample("later.example"))) == .written)
        #expect(try known() == ["after.example", "before.example", "later.example"])
        #expect(try writer.connection?.text("PRAGMA integrity_check") == "ok")
        #expect(try writer.connection?.integer("PRAGMA user_version") == Int64(Schema.current.version))
        try writer.close(now: start)
        #expect(try scratch.names() == ["record.db", "record.db-shm", "record.db-wal", "record.db.lock"])
    }

    @Test("A copy in the making is for owner and group from its first byte on, whoever may enter the folder")
    func modeOfTheCopy() throws {
        let files = DatabaseFiles(path: scratch.path)
        try Rescue(files: files).makePartial()
        // SQLite writes to this file, and gives its journal the same mode.
        let attributes = try FileManager.default.attributesOfItem(atPath: files.partialRescue)
        let mode = try #require(attributes[.posixPermissions] as? Int)
        #expect(mode & 0o027 == 0 && attributes[.size] as? Int == 0)
        let connection = try #require(writer.connection)
        try Rescue(files: files).copy(from: connection)
        let copy = try FileManager.default.attributesOfItem(atPath: files.rescue)
        #expect(copy[.posixPermissions] as? Int == mode)
        Rescue(files: files).forget()
    }

    @Test func aDatabaseDeletedWithoutItsLogIsMadeAnewToo() throws {
        try remove("")
        #expect(try writer.write(.sample(.sample("after.example"))) == .recreated(.rescued))
        #expect(try known() == ["after.example", "before.example"])
        #expect(try writer.connection?.text("PRAGMA integrity_check") == "ok")
    }

    @Test func aDeletedLogIsMadeAnewWithWhatItHeld() throws {
        try remove("-wal")
        #expect(try writer.write(.sample(.sample("after.example"))) == .recreated(.rescued))
        try writer.close(now: start)
        #expect(try known() == ["after.example", "before.example"])
    }

    @Test func aDeletedFolderIsMadeAnew() throws {
        try FileManager.default.removeItem(atPath: scratch.folder)
        #expect(try writer.write(.sample(.sample("after.example"))) == .recreated(.rescued))
        #expect(try known() == ["after.example", "before.example"])
    }

    @Test func aMovedDatabaseStaysWholeWhereItIsAndIsMadeAnew() throws {
        let moved = scratch.folder + "/moved.db"
        try FileManager.default.moveItem(atPath: scratch.path, toPath: moved)
        #expect(try writer.write(.sample(.sample("after.example"))) == .recreated(.rescued))
        #expect(try known() == ["after.example", "before.example"])
        #expect(try known(moved) == ["before.example"])
    }

    @Test func anotherFileAtThePathIsLeftAloneUntilItIsMovedAway() throws {
        try remove("", "-wal", "-shm")
        let other = Data("somebody's notes".utf8)
        try scratch.put(other, at: scratch.path)
        for _ in 0..<2 {
            let error = #expect(throws: StoreError.self) { try writer.write(.sample(.sample("after.example"))) }
            #expect(error?.kind == .replaced)
            #expect(try scratch.bytes(scratch.path) == other)
        }
        try remove("")
        #expect(try writer.write(.sample(.sample("after.example"))) == .recreated(.rescued))
        #expect(try known() == ["after.example", "before.example"])
    }

    @Test func aRescueThatFailsIsTriedAgain() throws {
        try remove("", "-wal", "-shm")
        // Something in the way of the copy that can't be removed as a file.
        let obstacle = scratch.path + ".rescue-partial"
        try FileManager.default.createDirectory(atPath: obstacle + "/x", withIntermediateDirectories: true)
        #expect(throws: StoreError.self) { try writer.write(.sample(.sample("after.example"))) }
        try FileManager.default.removeItem(atPath: obstacle)
        #expect(try writer.write(.sample(.sample("after.example"))) == .recreated(.rescued))
        #expect(try known() == ["after.example", "before.example"])
    }

    @Test func aRescueCutShortByAKillIsFinishedAtTheNextStart() throws {
        try writer.close(now: start)
        try FileManager.default.moveItem(atPath: scratch.path, toPath: scratch.path + ".rescue")
        let next = try scratch.writer(now: start + minute)
        #expect(next.outcome.origin == .opened && next.outcome.restored.map(\.fqdn) == ["before.example"])
        #expect(!scratch.exists(scratch.path + ".rescue"))
    }

    @Test func stoppingRightAfterTheDatabaseWasDeletedLosesNothing() throws {
        try remove("", "-wal", "-shm")
        try writer.close(now: start + 1)
        #expect(try known() == ["before.example"])
        #expect(try scratch.reader().proxy().stopped == start + 1)
    }

    @Test func aDatabaseDamagedWhileRunningIsMovedAsideAndAFreshOneStarted() throws {
        try writer.listens(at: "192.0.2.1:41234", now: start + 4)
        try writer.connection?.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        // Written over in place, by a copy for instance: the file is the same, its content is not.
        let handle = try #require(FileHandle(forWritingAtPath: scratch.path))
        try handle.write(contentsOf: Data(repeating: 0x5A, count: 60_000))
        try handle.close()
        try writer.connection?.execute("PRAGMA shrink_memory")
        let batch = RecordBatch.sample(.sample("after.example", outcomes: [.good(1)]), at: start + 5)
        guard case .recreated(.startedAfresh(let target, let reason)) = try writer.write(batch) else {
            Issue.record("the damage was not seen")
            return
        }
        #expect(reason.isDamage)
        #expect(try scratch.bytes(try #require(target)).starts(with: [0x5A, 0x5A]))
        #expect(try known() == ["after.example"])
        let proxy = try scratch.reader().proxy()
        #expect(proxy.pid == 4711 && proxy.address == "192.0.2.1:41234")
        #expect(try writer.write(batch) == .written)
    }

    @Test func everyErrorNamesThePathAndHasALabelOfItsOwn() {
        let kinds: [StoreError.Kind] = [
            .busy, .full, .readOnly, .corrupt, .notADatabase, .cannotOpen, .newerSchema(found: 2, known: 1),
            .foreignDatabase(applicationID: 7), .lockedByAnotherProxy(pid: 1), .replaced, .inputOutput, .other,
        ]
        let errors = kinds.map { StoreError($0, code: 0, path: "/some/record.db", detail: "why") }
        #expect(Set(errors.map(\.label)).count == kinds.count)
        for error in errors { #expect(error.description.contains("/some/record.db")) }
    }
}
