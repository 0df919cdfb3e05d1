import Foundation
import Testing

@testable import Store

@Suite struct ReaderStateTests {
    let scratch: Scratch
    var path: String { scratch.path }

    init() throws { scratch = try Scratch() }

    @Test func aMissingFileIsAbsent() throws {
        #expect(scratch.problem() == .absent(path: path))
        try scratch.put(Data(), at: scratch.folder + "/file")
        guard case .unavailable(let problem) = StoreReader.open(path: scratch.folder + "/file/record.db") else {
            return
        }
        #expect(problem == .absent(path: scratch.folder + "/file/record.db"))
    }

    @Test func anEmptyFileAndAnEmptyDatabaseWereNeverWritten() throws {
        try scratch.put(Data(), at: path)
        #expect(scratch.problem() == .neverWritten(path: path))
        try scratch.outsider().execute("PRAGMA journal_mode = WAL; CREATE TABLE x (y); DROP TABLE x")
        #expect(scratch.problem() == .neverWritten(path: path))
    }

    @Test func aRecordWithoutItsProxysRowWasNeverWritten() throws {
        try scratch.writer().close(now: start)
        try scratch.outsider().execute("DELETE FROM proxy")
        #expect(scratch.problem() == .neverWritten(path: path))
    }

    @Test func whatIsNoRecordIsSaidToBeWhatItIs() throws {
        try scratch.put(Data(repeating: 65, count: 5000), at: path)
        #expect(scratch.problem() == .notADatabase(path: path))
        try FileManager.default.removeItem(atPath: path)
        try scratch.put(Data(), at: path)
        try scratch.outsider().execute("CREATE TABLE theirs (x)")
        #expect(scratch.problem() == .foreign(path: path))
    }

    @Test func aDamagedRecordIsCorrupt() throws {
        try scratch.writer().close(now: start)
        var bytes = try scratch.bytes(path)
        bytes.replaceSubrange(100..<1100, with: Data(repeating: 0xA5, count: 1000))
        try scratch.put(bytes, at: path)
        guard case .corrupt? = scratch.problem() else {
            Issue.record("\(String(describing: scratch.problem()))")
            return
        }
    }

    @Test func versionsOtherThanItsOwnAreToldApart() throws {
        let newer = Schema.current.with("CREATE TABLE extra (x)")
        let current = Schema.current.version
        try scratch.writer().close(now: start)
        #expect(scratch.problem(schema: newer) == .tooOld(path: path, found: current, needed: current + 1))
        try scratch.writer(schema: newer).close(now: start)
        #expect(scratch.problem() == .tooNew(path: path, found: current + 1, known: current))
    }

    @Test func aFolderAtThePathIsUnreadable() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard case .unreadable(_, let reason)? = scratch.problem() else {
            Issue.record("a folder was read")
            return
        }
        #expect(reason.contains("not a regular file"))
    }

    @Test func everyProblemIsASentenceThatNamesThePath() {
        let problems: [RecordProblem] = [
            .absent(path: path), .neverWritten(path: path), .unreadable(path: path, reason: "so."),
            .notADatabase(path: path), .corrupt(path: path, reason: "so"), .foreign(path: path),
            .tooOld(path: path, found: 1, needed: 2), .tooNew(path: path, found: 2, known: 1), .busy(path: path),
        ]
        for problem in problems { #expect(problem.sentence.contains(path) && problem.sentence.hasSuffix(".")) }
    }

    @Test func readingMakesNoFilesAndChangesNone() throws {
        try scratch.writer().close(now: start)
        // As in a folder that the reader may not write to, with the files beside it gone.
        for suffix in ["-wal", "-shm", ".lock"] { try FileManager.default.removeItem(atPath: path + suffix) }
        let before = try scratch.bytes(path)
        let reader = try scratch.reader()
        #expect(reader.isImmutable)
        #expect(try reader.proxy().stopped == start && reader.proxy().writerLives == nil)
        #expect(try scratch.names() == ["record.db"])
        #expect(try scratch.bytes(path) == before)
    }

    @Test func aLivingWritersRecordIsReadThroughItsLog() throws {
        let writer = try scratch.writer()
        try writer.write(.sample(.sample("a.example")))
        let reader = try scratch.reader()
        #expect(!reader.isImmutable)
        #expect(try reader.clients(ClientQuery()).matching == 1)
        try writer.close(now: start)
    }

    @Test func aKilledWritersLogIsReadToo() throws {
        let writer = try scratch.writer()
        try writer.write(.sample(.sample("a.example")))
        let copy = scratch.folder + "/copy.db"
        for suffix in ["", "-wal", "-shm"] { try scratch.put(scratch.bytes(path + suffix), at: copy + suffix) }
        let reader = try scratch.reader(at: copy)
        #expect(!reader.isImmutable)
        #expect(try reader.clients(ClientQuery()).matching == 1)
    }

    @Test func aReaderCannotWrite() throws {
        let writer = try scratch.writer()
        let reader = try scratch.reader()
        #expect(throws: StoreError.self) { try reader.connection.execute("DELETE FROM proxy") }
        try writer.close(now: start)
    }

    @Test func anOddPathIsOpenedAsItIs() throws {
        let path = scratch.folder + "/a b%20?x#é.db"
        try scratch.writer(at: path).close(now: start)
        let reader = try scratch.reader(at: path)
        #expect(try reader.isImmutable && reader.proxy().pid == 4711)
    }
}
