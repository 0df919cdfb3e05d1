import NIOCore
import Testing
import Wire

@testable import Web

@Suite("What ends a request, or its connection, as a value") struct RequestEndingsTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let post = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"

    // MARK: What is no acceptable request

    @Test(
        "What is no acceptable request is refused, and nothing behind it is looked at",
        arguments: [
            ("rubbish\r\n\r\n", RequestPhases.Fault.head(.malformedStartLine)),
            ("GET / HTTP/1.1\r\n\r\n", .head(.missingHost)), ("GET / HTTP/3.0\r\n\r\n", .head(.unsupportedVersion)),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                .head(.ambiguousLength)
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 1_000), .head(.tooLarge(limit: 1_000))),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", .malformedBody),
        ])
    func malformed(request: String, fault: RequestPhases.Fault) {
        var drive = PhasesDrive()
        drive.bytes(request + Self.get)
        #expect(drive.done().suffix(2) == ["refuse \(fault)", "close outputWhenWritten"])
        drive.bytes(Self.get)
        #expect(drive.done() == [])
    }

    @Test("A body that turns out malformed when part of the answer is out ends with a reset, not with a second answer")
    func malformedBehindAnswer() {
        var drive = PhasesDrive()
        drive.bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        _ = drive.done()
        drive.phases.answerBegan()
        drive.bytes("zz\r\n")
        #expect(drive.done() == ["close withReset malformedBody"])
    }

    // MARK: Answers before the end

    @Test("The rest of a body that was answered early is thrown away, and owed; then the connection goes on")
    func early() {
        var drive = PhasesDrive()
        drive.bytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
        drive.answer()
        #expect(drive.done() == ["begin POST /", "body 12345"])
        #expect(drive.phases.deadline != nil && drive.phases.wantsReading)
        drive.answer()
        #expect(drive.done() == ["nothing to answer"])
        drive.bytes("67890" + Self.get)
        #expect(drive.done() == ["begin GET /a", "ended"])
    }

    @Test("Who is slow with what is thrown away has its answer, and is closed")
    func slowRest() {
        var drive = PhasesDrive()
        drive.bytes(Self.post)
        drive.answer()
        _ = drive.done()
        drive.time(PhasesDrive.patience)
        #expect(drive.done() == ["close outputWhenWritten slow"])
    }

    @Test("An endless body is thrown away as far as its bound; then as much again while the connection ends")
    func endless() {
        var drive = PhasesDrive()
        drive.bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        drive.answer()
        _ = drive.done()
        let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
        for _ in 0..<16 { drive.bytes(chunk) }
        #expect(drive.done() == [])
        drive.bytes(chunk)
        #expect(drive.done() == ["close outputWhenWritten"])
        for _ in 0..<15 { drive.bytes(chunk) }
        #expect(drive.done() == [])
        for _ in 0..<2 { drive.bytes(chunk) }
        #expect(drive.done() == ["close atOnce"])
    }

    @Test("A malformed rest of what is thrown away ends the connection")
    func malformedRest() {
        var drive = PhasesDrive()
        drive.bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        drive.answer()
        drive.bytes("zz\r\n")
        #expect(drive.done() == ["begin POST /", "close outputWhenWritten malformedBody"])
    }

    // MARK: What comes behind

    @Test("Behind a request that takes little, a little is kept and more ends it", arguments: [512, 513, 70_000])
    func behind(count: Int) {
        var drive = PhasesDrive()
        drive.maxBehind = 512
        drive.bytes(Self.get)
        drive.bytes(String(repeating: "x", count: count))
        #expect(drive.phases.wantsReading)
        let refusal = ["refuse tooMuchBehind", "close outputWhenWritten"]
        #expect(drive.done() == ["begin GET /a", "ended"] + (count > 512 ? refusal : []))
    }

    @Test("Behind other requests reading pauses at 64 KiB, and goes on with the answer")
    func pipelined() {
        var drive = PhasesDrive()
        drive.bytes(Self.get)
        drive.bytes(String(repeating: Self.get, count: WebLimits.maxPipelinedBytes / Self.get.utf8.count))
        #expect(drive.phases.wantsReading)
        drive.bytes(Self.get)
        #expect(!drive.phases.wantsReading)
        drive.answer()
        #expect(drive.phases.wantsReading)
        drive.bytes(String(repeating: "x", count: RequestPhases.maxHeldBytes))
        #expect(drive.done().last == "close outputWhenWritten")
    }

    @Test("Nothing more is asked of a peer that reads no answers, until it does")
    func unwritable() {
        var drive = PhasesDrive()
        drive.tell { phases, _ in phases.writabilityChanged(false) }
        #expect(drive.phases.wantsReading)
        drive.bytes(Self.get)
        #expect(!drive.phases.wantsReading)
        #expect(drive.done() == [])
        drive.tell { phases, _ in phases.writabilityChanged(true) }
        #expect(drive.phases.wantsReading)
        #expect(drive.done() == ["begin GET /a", "ended"])
    }

    @Test("The buffer of a read is kept for no longer than there is something in it")
    func buffers() {
        var drive = PhasesDrive()
        drive.bytes(Self.post)
        #expect(drive.phases.received.storageCapacity == 0)
        drive.phases.bytesArrived(ByteBuffer(string: String(repeating: "x", count: 100_000)))
        drive.drain()
        drive.phases.batchEnded()
        #expect(drive.phases.received.storageCapacity <= 262_144)
        drive.answer()
        drive.bytes(Self.get + "GET")
        drive.phases.batchEnded()
        #expect(drive.phases.received.storageCapacity <= 4_096)
    }

    // MARK: The end

    @Test("Late words of an exchange change nothing")
    func lateWords() {
        var drive = PhasesDrive()
        drive.bytes(Self.get)
        drive.answer()
        drive.tell { phases, now in
            phases.readingPaused(true)
            phases.clockResumed(now)
            phases.clockStopped()
        }
        #expect(drive.phases.isIdle && drive.phases.wantsReading)
        drive.abort()
        drive.takeOver()
        drive.answer()
        #expect(
            drive.done() == [
                "begin GET /a", "ended", "nothing to abort", "not taken over", "nothing to answer",
            ])
    }

    @Test("An answer that will never be complete ends with a reset")
    func aborted() {
        var drive = PhasesDrive()
        drive.bytes(Self.get + Self.get)
        drive.abort()
        drive.answer()
        drive.bytes(Self.get)
        #expect(drive.done() == ["begin GET /a", "ended", "close withReset", "nothing to answer"])
    }

    @Test("Taken over, a connection gives up the bytes that came too early, and has no say any more")
    func takenOver() {
        var drive = PhasesDrive()
        drive.bytes(Self.get)
        drive.answer()
        drive.bytes(Self.post + "12345early")
        drive.bytes(" bytes")
        _ = drive.done()
        drive.takeOver()
        drive.takeOver()
        #expect(drive.done() == ["taken over: early bytes", "not taken over"])
        drive.answer()
        drive.bytes(Self.get)
        drive.time(.hours(1))
        #expect(drive.done() == ["nothing to answer"])
        #expect(drive.phases.deadline == nil && drive.phases.wantsReading && !drive.phases.isIdle)
    }

    @Test("Nobody takes a connection before its request is whole and admitted, or behind the beginning of an answer")
    func takenTooSoon() {
        var drive = PhasesDrive()
        drive.takeOver()
        drive.admits = false
        drive.bytes(Self.post)
        drive.takeOver()
        drive.admit()
        drive.takeOver()
        drive.bytes("12345")
        drive.phases.answerBegan()
        drive.takeOver()
        #expect(
            drive.done() == [
                "not taken over", "begin POST /b", "not taken over", "not taken over", "body 12345", "ended",
                "not taken over",
            ])
    }
}
