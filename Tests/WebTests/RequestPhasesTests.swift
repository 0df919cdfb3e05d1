import NIOCore
import Testing
import Wire

@testable import Web

@Suite("A connection's requests, as a value") struct RequestPhasesTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let post = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"

    @Test("A request goes from head to body to its answer, and the next one begins")
    func order() {
        var drive = PhasesDrive()
        drive.bytes(Self.post + "12")
        #expect(drive.done() == ["begin POST /b", "body 12"])
        drive.bytes("345" + Self.get)
        #expect(drive.done() == ["body 345", "ended"])
        drive.answer()
        #expect(drive.done() == ["begin GET /a", "ended"])
        drive.answer()
        #expect(drive.done() == [])
        #expect(drive.phases.isIdle)
    }

    @Test("However its bytes are cut, a request is the same", arguments: 1...12)
    func pieces(length: Int) {
        var drive = PhasesDrive()
        let text = Self.get + "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        var rest = text[...]
        while !rest.isEmpty {
            drive.bytes(String(rest.prefix(length)))
            rest = rest.dropFirst(length)
            if drive.log.last == "ended" { drive.answer() }
        }
        let body = drive.done().filter { $0.hasPrefix("body") }.map { $0.dropFirst(5) }.joined()
        #expect(body == "abc")
        #expect(drive.phases.isIdle)
    }

    @Test(
        "An empty line behind a request leaves the connection idle, however it is cut; before the first one a request is still owed"
    )
    func emptyLine() {
        for pieces in [["\r\n"], ["\r", "\n"], ["\r\n\r", "\n"]] {
            var drive = PhasesDrive()
            for piece in pieces { drive.bytes(piece) }
            #expect(!drive.phases.isIdle && drive.phases.deadline != nil)
            drive.bytes(Self.get)
            drive.answer()
            for piece in pieces { drive.bytes(piece) }
            #expect(drive.phases.isIdle && drive.phases.deadline == nil, "\(pieces)")
        }
    }

    @Test("A request that is answered out of its turn has the next one wait for a turn of its own")
    func turns() {
        var drive = PhasesDrive()
        drive.bytes(Self.get + Self.get)
        drive.answer(inTurn: false)
        #expect(drive.done() == ["begin GET /a", "ended", "later"])
        drive.tell { phases, _ in phases.writabilityChanged(true) }
        #expect(drive.done() == [])
        drive.tell { phases, _ in phases.turnCame() }
        #expect(drive.done() == ["begin GET /a", "ended"])
        drive.answer(inTurn: false)
        #expect(drive.done() == [])
    }

    @Test(
        "What an answer says of the connection, and what becomes of it",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", RequestPhases.Persistence.asUsual, [String]()),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", .closes, ["close whenWritten"]),
            ("GET / HTTP/1.0\r\n\r\n", .closes, ["close whenWritten"]),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", .isKept, []),
            ("GET / HTTP/1.0\r\n\r\nGET", .closes, ["close outputWhenWritten"]),
        ])
    func persistence(request: String, expected: RequestPhases.Persistence, then: [String]) {
        var drive = PhasesDrive()
        drive.bytes(request)
        #expect(drive.phases.persistence() == expected)
        _ = drive.done()
        drive.answer()
        #expect(drive.done() == then)
    }

    @Test("A peer that waits for 100 Continue gets it; one that is answered without it can't go on")
    func expecting() {
        let head = "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        var drive = PhasesDrive()
        drive.bytes(head)
        #expect(drive.done() == ["begin POST /x", "continue"])
        drive.bytes("ok")
        #expect(drive.done() == ["body ok", "ended"])
        #expect(drive.phases.persistence() == .asUsual)

        drive = PhasesDrive()
        drive.admits = false
        drive.bytes(head)
        #expect(drive.phases.persistence() == .closes)
        drive.answer()
        #expect(drive.done() == ["begin POST /x", "close outputWhenWritten"])
    }

    // MARK: Admission

    @Test("While admission decides, the peer is not read and owes nothing; what has come is kept")
    func admitting() {
        var drive = PhasesDrive()
        drive.admits = false
        drive.bytes(Self.post + "12")
        #expect(drive.done() == ["begin POST /b"])
        #expect(!drive.phases.wantsReading)
        #expect(drive.phases.deadline == nil)
        drive.time(.hours(1))
        drive.bytes("345")
        #expect(drive.done() == [])
        drive.admit()
        #expect(drive.done() == ["body 12345", "ended"])
        #expect(drive.phases.wantsReading)
    }

    @Test("The time that admission takes is not the peer's")
    func admissionTime() {
        var drive = PhasesDrive()
        drive.admits = false
        drive.bytes(Self.post)
        drive.time(.hours(1))
        drive.admit()
        #expect(drive.phases.deadline == drive.now + PhasesDrive.patience)
    }

    @Test("A verdict on an earlier request, a second one, and one that comes after the end change nothing")
    func lateVerdicts() {
        var drive = PhasesDrive()
        drive.admits = false
        drive.bytes(Self.get + Self.get)
        let first = drive.phases.number
        #expect(drive.phases.isAdmitting(first))
        drive.answer()
        #expect(drive.done() == ["begin GET /a", "begin GET /a"])
        #expect(!drive.phases.isAdmitting(first))
        drive.admit(first)
        #expect(drive.done() == ["late verdict"])
        drive.admit()
        #expect(drive.done() == ["ended"])
        drive.admit()
        drive.tell { phases, _ in phases.lost() }
        drive.admit()
        #expect(drive.done() == ["late verdict", "late verdict"])
    }

    @Test("More than is worth keeping while admission decides ends the connection")
    func admittingTooMuch() {
        var drive = PhasesDrive()
        drive.admits = false
        drive.bytes(Self.post)
        for _ in 0..<4 { drive.bytes(String(repeating: "x", count: RequestPhases.maxHeldBytes / 3)) }
        #expect(drive.done() == ["begin POST /b", "refuse tooMuchBehind", "close outputWhenWritten"])
        #expect(drive.phases.received.readableBytes == 0)
    }

    // MARK: Time

    @Test(
        "A peer owes a request from the start, and again from its first byte; in between and while it waits it owes nothing"
    )
    func owing() {
        var drive = PhasesDrive()
        let begin = drive.now
        #expect(drive.phases.deadline == begin + PhasesDrive.patience)
        drive.time(.seconds(1))
        drive.bytes("GET /a HT")
        #expect(drive.phases.deadline == begin + PhasesDrive.patience)
        drive.bytes("TP/1.1\r\nHost: a\r\n\r\n")
        #expect(drive.phases.deadline == nil)
        drive.time(.hours(1))
        #expect(drive.done() == ["begin GET /a", "ended"])
        drive.answer()
        #expect(drive.phases.deadline == nil && drive.phases.isIdle)
        drive.bytes("G")
        #expect(drive.phases.deadline == drive.now + PhasesDrive.patience && !drive.phases.isIdle)
    }

    @Test("A request that arrives whole is never on the clock")
    func whole() {
        var drive = PhasesDrive()
        drive.bytes(Self.get)
        drive.answer()
        drive.phases.bytesArrived(ByteBuffer(string: Self.post + "12345"))
        while drive.phases.next(drive.now) != nil {
            _ = drive.phases.admitted(drive.phases.number)
            #expect(drive.phases.deadline == nil)
        }
    }

    @Test("Who never asks is closed without a word, who asks too slowly is told")
    func slow() {
        var drive = PhasesDrive()
        drive.time(PhasesDrive.patience - .nanoseconds(1))
        #expect(drive.done() == [])
        drive.time(.nanoseconds(1))
        #expect(drive.done() == ["close atOnce slow"])
        for beginning in ["GET /", Self.post + "12"] {
            drive = PhasesDrive()
            drive.bytes(beginning)
            _ = drive.done()
            drive.time(PhasesDrive.patience)
            #expect(drive.done() == ["refuse slow", "close outputWhenWritten"])
        }
    }

    @Test("The answer to what is no request is none to the HEAD before it")
    func slowBehindHead() {
        var drive = PhasesDrive()
        drive.bytes("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(drive.phases.isHead)
        drive.answer()
        drive.bytes("GET /")
        drive.phases.timePassed(drive.now + PhasesDrive.patience)
        guard case .refuse(.slow) = drive.phases.next(drive.now) else {
            Issue.record("it was not refused")
            return
        }
        #expect(!drive.phases.isHead)
    }

    @Test("An exchange can stop the clock of a body, and resume it; not that of others")
    func exchangeClock() {
        var drive = PhasesDrive()
        drive.bytes(Self.post + "1")
        drive.tell { phases, _ in phases.clockStopped() }
        drive.bytes("2")
        #expect(drive.phases.deadline == nil)
        drive.time(.hours(1))
        drive.tell { phases, now in phases.clockResumed(now) }
        #expect(drive.phases.deadline == drive.now + PhasesDrive.patience)
        drive.bytes("345")
        drive.tell { phases, now in phases.clockResumed(now) }
        #expect(drive.phases.deadline == nil)
        drive.answer()
        drive.bytes("GET")
        drive.tell { phases, _ in phases.clockStopped() }
        #expect(drive.phases.deadline != nil)
    }

    @Test("A peer that was told and sends nothing more is held for a small part of its time, and a few seconds at most")
    func lingering() {
        for (patience, expected) in [
            (TimeAmount.seconds(4), TimeAmount.seconds(1)), (.seconds(10), .seconds(2)), (.hours(1), .seconds(2)),
            (.nanoseconds(1), .nanoseconds(0)), (.nanoseconds(.max), .seconds(2)),
        ] {
            var drive = PhasesDrive()
            drive.phases = RequestPhases(maxHeadBytes: 1_000, patience: patience)
            drive.bytes("rubbish\r\n\r\n")
            #expect(drive.phases.deadline == nil, "before its answer is written")
            drive.tell { phases, now in phases.outputClosed(now) }
            #expect(drive.phases.deadline == drive.now + expected)
            drive.time(.milliseconds(10))
            drive.bytes("more of it")
            _ = drive.done()
            drive.time(expected)
            #expect(drive.done() == (expected == .nanoseconds(0) ? [] : ["close atOnce"]))
        }
    }
}
