import Failures
import NIOCore
import Testing

@testable import Tunnel

/// The proxy's end against bytes of a client.
@Suite struct ProxyEndTests {
    @Test("A HELLO is told, answered by a WELCOME, and pinged after at once: the pong gives the round trip")
    func greeting() throws {
        var bench = ProxyBench(end: ProxyEnd(TunnelSettings(), at: .uptimeNanoseconds(1_000_000_000_000)))
        #expect(bench.output() == [] && !bench.end.hasRoom && bench.open() == nil)
        let notes = bench.receive(.hello("Fqdn: a\r\nMax-Streams: 1\r\n"))
        guard case .hello(let hello)? = notes.first, notes.count == 1 else {
            Issue.record("\(notes)")
            return
        }
        #expect(hello.names.map(\.spelling) == ["a"] && !bench.end.hasRoom)
        bench.end.welcome(refused: [.init(name: hello.names[0], reason: "it is taken")], at: bench.now)
        let frames = bench.output()
        #expect(
            frames.first
                == .welcome("Version: 2\r\nWindow: 65536\r\nPing-Interval: 15\r\nRefused: a it is taken\r\n"))
        guard frames.count == 2, case .ping(let payload) = frames[1] else {
            Issue.record("\(frames)")
            return
        }
        bench.now = bench.now + .milliseconds(40)
        #expect(bench.receive(.pong(payload)) == [.roundTrip(.milliseconds(40))])
        #expect(bench.receive(.pong(payload), .pong([]), .pong([1])) == [])
        #expect(bench.end.hasRoom)
    }

    @Test("Another HELLO takes the place of the first, and is welcomed without a ping")
    func again() {
        var bench = ProxyBench(streams: 1)
        let first = bench.open()
        #expect(first == 1 && bench.open() == nil)
        guard case .hello(let hello)? = bench.receive(.hello("Fqdn: b\r\nMax-Streams: 2\r\n")).first else {
            Issue.record("no HELLO")
            return
        }
        #expect(hello.names.map(\.spelling) == ["b"])
        _ = bench.output()
        bench.end.welcome(refused: [], at: bench.now)
        #expect(bench.output() == [.welcome()])
        #expect(bench.open() == 2 && bench.open() == nil)
    }

    @Test("A client that says nothing in time is closed")
    func silentClient() {
        var bench = ProxyBench(end: ProxyEnd(TunnelSettings(), at: .uptimeNanoseconds(1_000_000_000_000)))
        #expect(bench.end.nextDeadline == bench.now + .seconds(10))
        #expect(bench.pass(.milliseconds(9_999)) == [])
        #expect(bench.pass(.milliseconds(1)) == [.closed(.failed(.helloMissing))])
        #expect(closes(bench.output()) && bench.end.isOver && bench.end.nextDeadline == nil)
    }

    @Test("OPEN has the time left and the request; numbers go up from 1 and come once")
    func opens() {
        var bench = ProxyBench(streams: 2)
        #expect(bench.open() == 1 && bench.open(.connection) == 2 && !bench.end.hasRoom && bench.open() == nil)
        #expect(bench.output() == [.open(1, scrape), .open(2, connect)])
        #expect(bench.receive(.end(1)) == [.ended(1)])
        #expect(bench.end.hasRoom && bench.open() == 3)
        bench.end.reset(2)
        #expect(bench.output() == [.open(3, scrape), .reset(2)] && bench.open() == 4)
    }

    @Test("A request that is larger than a message may be is not sent, and costs nothing else")
    func largeRequest() {
        var bench = ProxyBench()
        let stream = bench.end.open(.scrape, milliseconds: 1, at: bench.now) {
            $0.writeRepeatingByte(65, count: 65_533)
        }
        #expect(stream == nil && bench.end.streamCount == 0 && bench.output() == [])
        #expect(
            bench.end.open(.scrape, milliseconds: 1, at: bench.now) { $0.writeRepeatingByte(65, count: 65_532) } == 1)
        var reader = FrameReader(.client)
        while let bytes = bench.end.takeOutput(atMost: 100_000) { reader.receive(bytes) }
        #expect(throws: Never.self) { try reader.nextEvent() }
    }

    @Test("What a client answers comes in order, and the end of it once")
    func response() {
        var bench = ProxyBench()
        _ = (bench.open(), bench.open())
        #expect(
            bench.receive(.data(1, [1, 2]), .end(2, [3]), .data(1, []), .end(1, [4])) == [
                .data(1, [1, 2]), .data(2, [3]), .ended(2), .data(1, [4]), .ended(1),
            ])
        #expect(bench.end.streamCount == 0)
    }

    @Test(
        "What crossed our RESET means nothing",
        arguments: [
            WireFrame.data(1, [1]), .data(1, []), .end(1, [1]), .reset(1, "x"), .window(1, 5), .window(1, .max),
        ])
    func crossing(frame: WireFrame) {
        for purpose in [ProxyEnd.Purpose.scrape, .connection] {
            var bench = ProxyBench()
            _ = bench.open(purpose)
            bench.end.reset(1)
            #expect(bench.receive(frame) == [] && !bench.end.isOver)
            bench.end.reset(1)
            bench.end.passedOn(1, 5, at: bench.now)
            bench.end.send(1, ByteBuffer(string: "x"))
            bench.end.end(1)
            #expect(bench.output() == [.open(1, purpose == .scrape ? scrape : connect), .reset(1)])
        }
    }

    @Test("What comes behind a client's END or RESET means nothing, as the stream is over")
    func late() {
        var bench = ProxyBench()
        _ = (bench.open(), bench.open())
        #expect(bench.receive(.end(1), .data(1, [1]), .end(1), .reset(1)) == [.ended(1)])
        #expect(
            bench.receive(.reset(2, "target_timeout it is slow"), .data(2, [1]), .end(2), .reset(2))
                == [.reset(2, .targetTimeout, "it is slow")])
    }

    @Test(
        "A frame that the client must not send ends the tunnel with 1002",
        arguments: [
            (.welcome(), .wrongDirection(.welcome)), (.open(9, "GET"), .wrongDirection(.open)),
            (.drain, .wrongDirection(.drain)), (.hello("Agent: x\r\n"), .malformed(.hello)),
            (.data(3, [1]), .neverOpened), (.end(3), .neverOpened), (.reset(3), .neverOpened),
            (.window(3, 1), .neverOpened), (.data(2, [1]), .malformed(.data)), (.end(2, [1]), .malformed(.data)),
            (.end(2), .malformed(.end)), (.window(2, 1_048_576), .tooMuchCredit), (.window(2, .max), .tooMuchCredit),
            (.frame(99, 1, []), .unknownType(99)), (.data(1, [UInt8](repeating: 0, count: 65_536)), nil),
        ] as [(WireFrame, TunnelFailure?)])
    func wrong(frame: WireFrame, failure: TunnelFailure?) {
        var bench = ProxyBench()
        _ = (bench.open(), bench.open(.connection), bench.output())
        var notes = bench.receive(frame)
        if failure == nil { notes = bench.receive(.data(1, [1])) }
        #expect(notes.last == .closed(.failed(failure ?? .windowExceeded)))
        #expect(closes(bench.output()) && bench.end.isOver && bench.end.streamCount == 0)
        #expect(
            bench.receive(.hello("Fqdn: a\r\n"), .data(1, [1])) == [] && bench.open() == nil && bench.output() == [])
    }

    @Test("A second END of a connection whose other half goes on is a lie, not late")
    func twoEnds() {
        var bench = ProxyBench()
        _ = bench.open(.connection)
        #expect(bench.receive(.data(1, []), .end(1, [1])) == [.connected(1), .data(1, [1]), .ended(1)])
        #expect(bench.receive(.data(1, [1])) == [.closed(.failed(.afterEnd))])
    }

    // MARK: Connections

    @Test("What a scraper sends before the client has connected waits for that, its end too")
    func early() {
        var bench = ProxyBench()
        _ = (bench.open(.connection), bench.output())
        bench.end.send(1, ByteBuffer(string: "tls"))
        bench.end.end(1)
        #expect(bench.output() == [] && bench.end.waiting(1) == 3)
        #expect(bench.receive(.data(1, [])) == [.connected(1)])
        #expect(bench.output() == [.end(1, Array("tls".utf8))])
        #expect(bench.receive(.data(1, [1]), .end(1)) == [.sent(1, 3), .data(1, [1]), .ended(1)])
        #expect(bench.end.streamCount == 0)
    }

    @Test("Either half of a connection may end first")
    func halves() {
        var bench = ProxyBench()
        _ = (bench.open(.connection), bench.output())
        #expect(bench.receive(.data(1, []), .end(1)) == [.connected(1), .ended(1)])
        bench.end.send(1, ByteBuffer(string: "a"))
        #expect(bench.output() == [.data(1, [97])] && bench.end.streamCount == 1)
        bench.end.end(1)
        bench.end.send(1, ByteBuffer(string: "late"))
        #expect(bench.output() == [.end(1)] && bench.end.streamCount == 0)
    }

    @Test("No more goes to a client than its window takes, and the source is told what has gone")
    func outgoing() {
        var bench = ProxyBench()
        _ = (bench.open(.connection), bench.receive(.data(1, [])), bench.output())
        bench.end.send(1, ByteBuffer(repeating: 5, count: 131_073))
        #expect(bench.output().map(\.payloadCount) == [65_527, 9] && bench.notes() == [.sent(1, 65_536)])
        #expect(bench.receive(.window(1, 32_768)) == [] && bench.output().map(\.payloadCount) == [32_768])
        #expect(bench.notes() == [.sent(1, 32_768)])
        #expect(bench.receive(.window(1, 1)) == [] && bench.output().map(\.payloadCount) == [1])
        #expect(bench.notes() == [.sent(1, 1)] && bench.end.waiting(1) == 32_768)
        #expect(bench.receive(.window(1, 0)) == [] && bench.output() == [])
        bench.end.end(1)
        #expect(bench.output() == [])
        #expect(bench.receive(.window(1, 32_768)) == [])
        #expect(bench.output().map(\.payloadCount) == [32_768] && bench.notes() == [.sent(1, 32_768)])
    }

    @Test("That the end alone has gone is told too; of a connection that was given up nothing is")
    func sent() {
        var bench = ProxyBench()
        for stream in 1...2 as ClosedRange<UInt32> {
            _ = (bench.open(.connection), bench.receive(.data(stream, [])), bench.output())
        }
        bench.end.end(1)
        #expect(bench.output() == [.end(1)] && bench.notes() == [.sent(1, 0)])
        bench.end.send(2, ByteBuffer(string: "a"))
        #expect(bench.output() == [.data(2, [97])])
        bench.end.reset(2)
        #expect(bench.notes() == [])
    }

    // MARK: The connection

    @Test("After a DRAIN nothing is opened, and what is under way goes on")
    func drain() {
        var bench = ProxyBench()
        _ = (bench.open(), bench.output())
        bench.end.drain()
        bench.end.drain()
        #expect(bench.output() == [.drain] && !bench.end.hasRoom && bench.open() == nil && bench.end.isDraining)
        #expect(bench.receive(.end(1, [1])) == [.data(1, [1]), .ended(1)])
    }

    @Test("Our close is answered, or given up after five seconds; either way it ends once")
    func closing() {
        for answers in [true, false] {
            var bench = ProxyBench()
            _ = (bench.open(), bench.output())
            bench.end.close(WebSocketClose(.goingAway, reason: "restart"), at: bench.now)
            bench.end.close(WebSocketClose(.normal), at: bench.now)
            bench.end.drain()
            #expect(bench.output() == [.close(1001, "restart")] && bench.end.streamCount == 0 && !bench.end.isOver)
            #expect(
                bench.open() == nil && bench.receive(.data(1, [1]), .ping([1]), .drain) == [] && bench.output() == [])
            if answers {
                #expect(bench.receive(.close(1001, "")) == [.closed(.done)])
            } else {
                #expect(bench.end.nextDeadline == bench.now + .seconds(5))
                #expect(bench.pass(.seconds(5)) == [.closed(.done)])
            }
            #expect(bench.end.isOver && bench.output() == [] && bench.pass(.seconds(100)) == [])
            bench.end.connectionLost()
            #expect(bench.notes() == [])
        }
    }

    @Test("The client's close is answered with its code, behind what it sent before")
    func closed() {
        var bench = ProxyBench()
        _ = (bench.open(), bench.output())
        #expect(
            bench.receive(.data(1, [1]), .close(1000, "bye"), .data(1, [2]))
                == [.data(1, [1]), .closed(.closed(WebSocketClose(.normal, reason: "bye")))])
        #expect(bench.output() == [.close(1000, "")] && bench.end.isOver)
        var other = ProxyBench()
        #expect(other.receive(.close(nil, "")) == [.closed(.closed(WebSocketClose(nil)))])
        #expect(other.output() == [.close(1000, "")])
    }

    @Test("A lost connection ends everything, and nothing is written any more")
    func lost() {
        var bench = ProxyBench()
        _ = bench.open()
        bench.end.connectionLost()
        #expect(bench.notes() == [.closed(.lost)] && bench.output() == [] && bench.end.streamCount == 0)
    }

    @Test("Pings are answered with what they bring; of several that wait, the newest")
    func pongs() {
        var bench = ProxyBench()
        #expect(bench.receive(.ping([1, 2]), .ping([3])) == [] && bench.output() == [.pong([3])])
        #expect(bench.receive(.ping([])) == [] && bench.output() == [.pong([])])
    }

    @Test("A client that lets our answers pile up is given up; scrapes that wait to go out are no such thing")
    func unread() {
        var bench = ProxyBench(streams: 1_000)
        for _ in 0..<1_000 {
            _ = bench.end.open(.scrape, milliseconds: 1, at: bench.now) { $0.writeRepeatingByte(65, count: 2_000) }
        }
        #expect(bench.notes() == [] && bench.end.streamCount == 1_000)
        var rounds = 0
        while !bench.end.isOver {
            rounds += 1
            bench.end.welcome(refused: [], at: bench.now)
        }
        #expect(rounds > 10_000 && bench.notes() == [.closed(.unread)])
        #expect(closes(bench.output(), 1008))
    }

    @Test("So are scrapes beyond 4 MiB")
    func unreadScrapes() {
        var bench = ProxyBench(streams: 1_000)
        var most = 0
        while !bench.end.isOver {
            most = bench.end.streamCount
            _ = bench.end.open(.scrape, milliseconds: 1, at: bench.now) { $0.writeRepeatingByte(65, count: 60_000) }
        }
        #expect(most == 69 && bench.notes() == [.closed(.unread)])
    }

    @Test("What is due goes out in one buffer, as much as is asked for")
    func oneBuffer() throws {
        var bench = ProxyBench()
        _ = (bench.open(.connection), bench.receive(.data(1, [])), bench.output())
        bench.end.send(1, ByteBuffer(repeating: 5, count: 50_000))
        let request = 2 + 5 + 4 + scrape.utf8.count
        _ = bench.open()
        let output = bench.end.takeOutput(atMost: 20_000)
        let first = try #require(output)
        #expect(first.readableBytes == 20_000)
        let frames = WireFrame.all(Array(first.readableBytesView), isMasked: false)
        #expect(frames.map(\.payloadCount) == [4 + scrape.utf8.count, 20_000 - request - 9])
        #expect(bench.output().map(\.payloadCount) == [50_000 - (20_000 - request - 9)])
    }
}

extension WireFrame {
    var payloadCount: Int {
        switch self {
        case .frame(_, _, let bytes): bytes.count
        default: -1
        }
    }
}
