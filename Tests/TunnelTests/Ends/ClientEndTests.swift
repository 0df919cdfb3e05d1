import Failures
import NIOCore
import TestKit
import Testing

@testable import Tunnel
@testable import Wire

/// The client's end against bytes of a proxy.
@Suite struct ClientEndTests {
    @Test("It begins with a HELLO, and hears what the proxy says to it")
    func greeting() throws {
        let name = try #require(FQDN("a"))
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var bench = ClientBench(
            end: ClientEnd(TunnelSettings(), hello: Hello(names: [name], streams: 5), keys: Seeded(1), at: now))
        #expect(bench.output() == [.hello("Max-Streams: 5\r\nFqdn: a\r\n")])
        guard
            case .welcome(let welcome)? = bench.receive(
                .welcome("Version: 2\r\nWindow: 9\r\nPing-Interval: 3\r\n")
            ).first
        else {
            Issue.record("no WELCOME")
            return
        }
        #expect(welcome.window == 9 && welcome.pingInterval == .seconds(3))
        bench.end.hello(Hello(names: [name], streams: 6))
        #expect(bench.output() == [.hello("Max-Streams: 6\r\nFqdn: a\r\n")])
        // The interval is the proxy's from now on; this end asks after a quarter more.
        #expect(bench.pass(.milliseconds(3_749)) == [] && bench.output() == [])
        #expect(bench.pass(.milliseconds(1)) == [] && bench.output().count == 1)
    }

    @Test("A small response is one message, head and body in one")
    func small() {
        var bench = ClientBench()
        #expect(
            bench.receive(.open(1, 9_000, scrape))
                == [.opened(1, isConnection: false, milliseconds: 9_000, scrape)])
        bench.end.send(1, ByteBuffer(string: "head"))
        bench.end.send(1, ByteBuffer(string: "body"))
        bench.end.end(1)
        #expect(bench.output() == [.end(1, Array("headbody".utf8))] && bench.end.streamCount == 0)
    }

    @Test("A response among others is cut into messages of 16 KiB; one that is alone fills messages of 64 KiB")
    func messages() {
        var bench = ClientBench(welcome: .welcome("Version: 2\r\nWindow: 1000000\r\nPing-Interval: 15\r\n"))
        _ = (bench.receive(.open(1, scrape)), bench.receive(.open(2, scrape)))
        bench.end.send(1, ByteBuffer(repeating: 1, count: 200_000))
        let alone = bench.end.takeOutput(atMost: 65_536)
        #expect(alone?.readableBytes == 65_536 && alone?.storageCapacity == 65_536)
        bench.end.send(2, ByteBuffer(repeating: 2, count: 40_000))
        let frames = bench.output()
        #expect(frames.map(\.stream) == [1, 2, 1, 2, 1, 2, 1, 1])
        #expect(frames.prefix(6).map(\.payloadCount) == [16_384, 16_384, 16_384, 16_384, 16_384, 7_232])
        #expect(frames.suffix(2).reduce(0) { $0 + $1.payloadCount } == 200_000 - 65_523 - 3 * 16_384)
    }

    @Test("A response stops where the window does")
    func large() {
        var bench = ClientBench(welcome: .welcome("Version: 2\r\nWindow: 40000\r\nPing-Interval: 15\r\n"))
        _ = bench.receive(.open(1, scrape))
        for _ in 0..<5 { bench.end.send(1, ByteBuffer(repeating: 1, count: 10_000)) }
        #expect(bench.output().map(\.payloadCount) == [40_000] && bench.end.waiting(1) == 10_000)
        bench.end.end(1)
        #expect(bench.output() == [] && bench.receive(.window(1, 10_000)) == [])
        #expect(bench.output() == [.end(1, [UInt8](repeating: 1, count: 10_000))])
    }

    @Test("An END without bytes goes out though the window is used up")
    func emptyEnd() {
        var bench = ClientBench(welcome: .welcome("Version: 2\r\nWindow: 1\r\nPing-Interval: 15\r\n"))
        _ = bench.receive(.open(1, scrape))
        bench.end.send(1, ByteBuffer(string: "a"))
        #expect(bench.output() == [.data(1, [97])])
        bench.end.end(1)
        bench.end.end(1)
        #expect(bench.output() == [.end(1)])
    }

    @Test("Streams take turns: a small response waits for one message of each that was before it")
    func turns() {
        var bench = ClientBench()
        for stream in 1...4 as ClosedRange<UInt32> { _ = bench.receive(.open(stream, scrape)) }
        for stream in 1...3 as ClosedRange<UInt32> {
            bench.end.send(TunnelStreamID(stream), ByteBuffer(repeating: 1, count: 60_000))
        }
        bench.end.send(4, ByteBuffer(string: "small"))
        bench.end.end(4)
        #expect(bench.output(atMost: 1).map(\.stream) == [1])
        #expect(bench.output().map(\.stream) == [2, 3, 4, 1, 2, 3, 1, 2, 3, 1, 2, 3])
    }

    @Test("A stream that may not go on holds up nobody")
    func stalled() {
        var bench = ClientBench()
        _ = (bench.receive(.open(1, scrape)), bench.receive(.open(2, scrape)))
        bench.end.send(1, ByteBuffer(repeating: 1, count: 1_000_000))
        #expect(bench.output().reduce(0) { $0 + $1.payloadCount } == 65_536)
        bench.end.send(2, ByteBuffer(string: "x"))
        bench.end.end(2)
        #expect(bench.output() == [.end(2, [120])])
    }

    @Test("What it could not do it says in one RESET, behind which nothing comes")
    func fails() {
        var bench = ClientBench()
        _ = bench.receive(.open(1, scrape))
        bench.end.send(1, ByteBuffer(string: "half"))
        bench.end.fail(1, .targetBroken, "it broke\r\noff")
        bench.end.fail(1, .targetTimeout, "")
        bench.end.send(1, ByteBuffer(string: "more"))
        bench.end.end(1)
        #expect(bench.output() == [.reset(1, "target_broken it broke  off")])
        #expect(bench.receive(.reset(1), .window(1, 5)) == [])
    }

    @Test("A scrape that nobody wants any more is told once, and nothing more goes out for it")
    func wasReset() {
        var bench = ClientBench()
        _ = bench.receive(.open(1, scrape))
        bench.end.send(1, ByteBuffer(string: "half"))
        #expect(bench.receive(.reset(1), .reset(1), .window(1, 1)) == [.reset(1)])
        bench.end.end(1)
        #expect(bench.output() == [] && bench.notes() == [])
    }

    @Test("A connection is said to stand before its bytes, and nothing of it goes before")
    func connection() {
        var bench = ClientBench()
        #expect(
            bench.receive(.open(1, 5, connect)) == [.opened(1, isConnection: true, milliseconds: 5, connect)])
        bench.end.send(1, ByteBuffer(string: "a"))
        #expect(bench.output() == [])
        bench.end.connected(1)
        bench.end.connected(1)
        #expect(bench.output() == [.data(1, []), .data(1, [97])])
        #expect(bench.receive(.data(1, [1]), .data(1, []), .end(1, [2])) == [.data(1, [1]), .data(1, [2]), .ended(1)])
        #expect(bench.end.streamCount == 1)
        bench.end.end(1)
        #expect(bench.output() == [.end(1)] && bench.end.streamCount == 0)
    }

    @Test("That a connection stands is said at once: it needs no credit, and waits for no other stream")
    func standing() {
        var bench = ClientBench(welcome: .welcome("Version: 2\r\nWindow: 1\r\nPing-Interval: 15\r\n"))
        for stream in 1...3 as ClosedRange<UInt32> { _ = bench.receive(.open(stream, scrape)) }
        _ = bench.receive(.open(4, connect))
        for stream in 1...3 as ClosedRange<UInt32> { bench.end.send(TunnelStreamID(stream), ByteBuffer(string: "ab")) }
        bench.end.send(4, ByteBuffer(string: "ab"))
        bench.end.connected(4)
        #expect(bench.output(atMost: 1) == [.data(4, [])])
        #expect(bench.output() == [.data(1, [97]), .data(2, [97]), .data(3, [97]), .data(4, [97])])
    }

    @Test(
        "However small the slices are that a response comes in, and whatever they were read into, they take little memory"
    )
    func smallSlices() {
        for size in [1, 100, 1_023, 1_024, 1_025, 5_000] {
            var outgoing = OutgoingBytes(credit: 1_000_000)
            var sent: [UInt8] = []
            for number in 0..<(65_536 / size) {
                var read = ByteBuffer()
                read.reserveCapacity(131_072)
                let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
                read.writeBytes(bytes)
                outgoing.add(read)
                sent += bytes
            }
            #expect(outgoing.count == sent.count && outgoing.heldBytes <= 4 * sent.count)
            let (slices, isLast) = outgoing.next(atMost: 65_536)
            #expect(slices.count <= 64 && !isLast)
            #expect(slices.flatMap { Array($0.readableBytesView) } == sent)
        }
    }

    @Test("Only a connection stands")
    func notAConnection() {
        var bench = ClientBench()
        _ = bench.receive(.open(1, scrape))
        bench.end.connected(1)
        #expect(bench.output() == [])
    }

    @Test("Room for a connection's bytes is given back as they are passed on")
    func windows() {
        var bench = ClientBench()
        _ = bench.receive(.open(1, connect))
        bench.end.connected(1)
        _ = (bench.output(), bench.receive(.data(1, [UInt8](repeating: 0, count: 20_000))))
        bench.now = bench.now + .seconds(1)
        bench.end.passedOn(1, 20_000, at: bench.now)
        #expect(bench.output() == [.window(1, 20_000)])
    }

    @Test(
        "A frame that the proxy must not send ends the tunnel with 1002",
        arguments: [
            (.hello("Fqdn: a\r\n"), .wrongDirection(.hello)), (.welcome("Version: 9\r\n"), .malformed(.welcome)),
            (.open(2, scrape), .openedTwice), (.open(1, scrape), .openedTwice), (.open(4, scrape), .tooManyStreams),
            (.data(3, [1]), .neverOpened), (.end(9), .neverOpened), (.reset(3), .neverOpened),
            (.window(3, 1), .neverOpened), (.data(1, [1]), .afterEnd), (.data(1, []), .afterEnd),
            (.end(1), .afterEnd), (.data(2, []), .malformed(.data)), (.data(2, [1]), .malformed(.data)),
            (.end(2), .malformed(.end)), (.window(1, 1_048_576), .tooMuchCredit),
        ] as [(WireFrame, TunnelFailure)])
    func wrong(frame: WireFrame, failure: TunnelFailure) {
        var bench = ClientBench(streams: 2)
        _ = bench.receive(.open(1, scrape), .open(2, connect))
        #expect(bench.receive(frame).last == .closed(.failed(failure)))
        #expect(closes(bench.output()) && bench.end.isOver && bench.end.streamCount == 0)
        #expect(bench.receive(.drain) == [])
    }

    @Test("A stream before the first WELCOME, or behind a DRAIN, is a lie")
    func outOfOrder() {
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var early = ClientBench(
            end: ClientEnd(TunnelSettings(), hello: Hello(names: [], streams: 1), keys: Seeded(1), at: now))
        #expect(early.receive(.open(1, scrape)) == [.closed(.failed(.malformed(.open)))])
        var late = ClientBench()
        _ = late.receive(.open(5, scrape))
        #expect(late.receive(.drain, .drain) == [.drained])
        late.end.send(5, ByteBuffer(string: "a"))
        late.end.end(5)
        #expect(late.output() == [.end(5, [97])])
        #expect(late.receive(.open(6, scrape)) == [.closed(.failed(.malformed(.open)))])
    }

    @Test("Streams that the client took more of before may still come after it said less")
    func lessStreams() throws {
        var bench = ClientBench(streams: 2)
        bench.end.hello(Hello(names: [try #require(FQDN("a"))], streams: 1))
        #expect(bench.receive(.open(1, scrape), .open(2, scrape)).count == 2)
    }

    @Test("What it says is masked with keys of its own")
    func masked() throws {
        var bench = ClientBench()
        _ = bench.receive(.open(1, scrape))
        bench.end.end(1)
        let bytes = bench.end.takeOutput(atMost: 100)
        #expect(bytes?.getInteger(at: 1, as: UInt8.self) == 0x85)
    }
}

extension WireFrame {
    var stream: UInt32 { if case .frame(_, let stream, _) = self { stream } else { 0 } }
}
