import Foundation
import Testing

@testable import Store

@Suite struct LockTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func aSecondWriterIsRefusedAndToldWhoHasTheLock() throws {
        let first = try scratch.writer()
        let error = #expect(throws: StoreError.self) { try scratch.writer() }
        #expect(error?.kind == .lockedByAnotherProxy(pid: 4711))
        #expect(error?.description.contains("process 4711") == true)
        try first.write(.sample(.sample("a.example")))
        try first.close(now: start)
        #expect(try scratch.writer().outcome.origin == .opened)
    }

    @Test func theLockIsFoundThroughASymbolicLink() throws {
        let link = scratch.folder + "/link.db"
        let writer = try scratch.writer()
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: scratch.path)
        #expect(throws: StoreError.self) { try scratch.writer(at: link) }
        #expect(try scratch.reader(at: link).proxy().writerLives == true)
        try writer.close(now: start)
    }

    @Test func testingTheLockDoesNotTakeIt() throws {
        let files = DatabaseFiles(path: scratch.path)
        #expect(WriterLock.isHeld(files) == nil)
        do {
            let lock = try WriterLock.take(files, pid: 1)
            #expect(WriterLock.isHeld(files) == true)
            _ = consume lock
        }
        #expect(WriterLock.isHeld(files) == false)
    }

    @Test func openingAndClosingTheLockFileElsewhereInTheProcessKeepsTheLock() throws {
        let writer = try scratch.writer()
        _ = try scratch.bytes(scratch.path + ".lock")
        #expect(throws: StoreError.self) { try scratch.writer() }
        try writer.close(now: start)
    }
}
