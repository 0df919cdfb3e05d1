import NIOCore
import Testing

@testable import Tunnel

/// What a reader makes of frames, with the bytes of a stream joined.
private func read(_ role: WebSocketRole, _ pieces: [[UInt8]]) -> (events: [FrameReader.Event], failure: TunnelFailure?)
{
    var reader = FrameReader(role)
    var events: [FrameReader.Event] = []
    for piece in pieces {
        reader.receive(ByteBuffer(bytes: piece))
        do throws(TunnelFailure) {
            while true {
                let event = try reader.nextEvent()
                if event == .needsMore { break }
                if case .frame(.data(let stream, let more)) = event,
                    case .frame(.data(let last, var bytes))? = events.last,
                    stream == last
                {
                    bytes.writeImmutableBuffer(more)
                    events[events.count - 1] = .frame(.data(stream, bytes))
                } else {
                    events.append(event)
                }
            }
        } catch {
            return (events, error)
        }
    }
    return (events, nil)
}

private func read(_ frames: [WireFrame]) -> (events: [FrameReader.Event], failure: TunnelFailure?) {
    read(.client, frames.map { $0.bytes(key: nil) })
}

@Suite struct FrameReaderTests {
    private static let all: [WireFrame] = [
        .hello("Fqdn: a\r\n"), .welcome("Version: 2\r\n"), .open(1, 258, "GET"), .data(7, [1, 2, 3]), .ping([9]),
        .data(0x0102_0304, []), .end(7), .end(8, [4, 5]), .reset(7, "target_timeout it"), .window(7, 0xFFFF_FFFF),
        .drain,
        .frame(200, 0, [1, 2]), .frame(255, 5, []), .pong([]), .close(1000, "bye"),
    ]
    private static let events: [FrameReader.Event] = [
        .frame(.hello(ByteBuffer(string: "Fqdn: a\r\n"))), .frame(.welcome(ByteBuffer(string: "Version: 2\r\n"))),
        .frame(.open(1, milliseconds: 258, request: ByteBuffer(string: "GET"))),
        .frame(.data(7, ByteBuffer(bytes: [1, 2, 3]))), .ping(ByteBuffer(bytes: [9])),
        .frame(.data(0x0102_0304, ByteBuffer())), .frame(.end(7)), .frame(.data(8, ByteBuffer(bytes: [4, 5]))),
        .frame(.end(8)), .frame(.reset(7, text: ByteBuffer(string: "target_timeout it"))),
        .frame(.window(7, bytes: 0xFFFF_FFFF)), .frame(.drain), .pong(ByteBuffer()),
        .close(WebSocketClose(.normal, reason: "bye")),
    ]

    @Test("Every frame comes out as it went in, and types from 128 on are skipped")
    func all() {
        let reading = read(Self.all)
        #expect(reading.events == Self.events && reading.failure == nil)
    }

    @Test("However the bytes are cut, the same comes out", arguments: [1, 2, 3, 5, 7, 64])
    func cut(size: Int) {
        for key in [nil, [1, 2, 3, 4]] as [[UInt8]?] {
            let bytes = Self.all.flatMap { $0.bytes(key: key) }
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            let reading = read(key == nil ? .client : .server, pieces)
            #expect(reading.events == Self.events && reading.failure == nil)
        }
    }

    @Test("A message in fragments, with a ping between them, is one frame", arguments: [1, 2, 4, 5, 6, 8])
    func fragments(size: Int) {
        for (payload, event) in [
            (
                [5, 0, 0, 0, 9, 1, 2, 3],
                [FrameReader.Event.frame(.data(9, ByteBuffer(bytes: [1, 2, 3]))), .frame(.end(9))]
            ),
            ([4, 0, 0, 0, 9], [.frame(.data(9, ByteBuffer()))]),
            ([7, 0, 0, 0, 9, 0, 0, 1, 0], [.frame(.window(9, bytes: 256))]),
        ] as [([UInt8], [FrameReader.Event])] {
            var bytes = frame(0x02, [])
            for start in stride(from: 0, to: payload.count, by: size) {
                bytes += frame(0x00, Array(payload[start..<min(start + size, payload.count)])) + frame(0x89)
            }
            bytes += frame(0x80)
            let reading = read(.client, [bytes])
            var events: [FrameReader.Event] = []
            for event in reading.events where event != .ping(ByteBuffer()) {
                if case .frame(.data(let stream, let more)) = event,
                    case .frame(.data(stream, var before))? = events.last
                {
                    before.writeImmutableBuffer(more)
                    events[events.count - 1] = .frame(.data(stream, before))
                } else {
                    events.append(event)
                }
            }
            #expect(events == event && reading.failure == nil)
        }
    }

    @Test(
        "What is no frame is refused",
        arguments: [
            ([], .shortFrame), ([4], .shortFrame), ([4, 0, 0, 1], .shortFrame), ([0, 0, 0, 0, 0], .unknownType(0)),
            ([9, 0, 0, 0, 0], .unknownType(9)), ([127, 0, 0, 0, 1], .unknownType(127)),
            ([200], .shortFrame),
            ([1, 0, 0, 0, 1], .wrongStream(.hello)), ([2, 0, 0, 0, 1], .wrongStream(.welcome)),
            ([3, 0, 0, 0, 0, 0, 0, 0, 0], .wrongStream(.open)), ([4, 0, 0, 0, 0], .wrongStream(.data)),
            ([5, 0, 0, 0, 0], .wrongStream(.end)), ([6, 0, 0, 0, 0], .wrongStream(.reset)),
            ([7, 0, 0, 0, 0, 0, 0, 0, 1], .wrongStream(.window)), ([8, 0, 0, 0, 1], .wrongStream(.drain)),
            ([3, 0, 0, 0, 1, 0, 0, 0], .malformed(.open)), ([7, 0, 0, 0, 1, 0, 0, 0], .malformed(.window)),
            ([7, 0, 0, 0, 1, 0, 0, 0, 1, 1], .malformed(.window)), ([8, 0, 0, 0, 0, 1], .malformed(.drain)),
            ([6, 0, 0, 0, 1] + [UInt8](repeating: 65, count: 1_089), .malformed(.reset)),
        ] as [([UInt8], TunnelFailure)])
    func refused(payload: [UInt8], failure: TunnelFailure) {
        for bytes in [frame(0x82, payload), frame(0x02, payload) + frame(0x80)] {
            #expect(read(.client, [bytes]).failure == failure)
            #expect(read(.client, bytes.map { [$0] }).failure == failure)
        }
        #expect(failure.code == .protocolError && !failure.explanation.isEmpty)
    }

    @Test("A frame holds 64 KiB behind its head, and not a byte more")
    func largest() {
        let most = [UInt8](repeating: 7, count: 65_536)
        #expect(read([.data(1, most)]).events == [.frame(.data(1, ByteBuffer(bytes: most)))])
        #expect(read([.open(1, 5, String(repeating: "x", count: 65_532))]).failure == nil)
        let reading = read([.data(1, most + [7])])
        #expect(reading.events == [] && reading.failure == .webSocket(.messageTooLarge(limit: 65_541)))
    }

    @Test("The payload of a stream is handed on as it comes: what is read is not gathered")
    func pieces() throws {
        var reader = FrameReader(.client)
        var bytes = ByteBuffer(bytes: WireFrame.end(1, [1, 2, 3, 4]).bytes(key: nil))
        let first = bytes.readSlice(length: 9)
        reader.receive(try #require(first))
        #expect(try reader.nextEvent() == .frame(.data(1, ByteBuffer(bytes: [1, 2]))))
        #expect(try reader.nextEvent() == .needsMore)
        reader.receive(bytes)
        #expect(try reader.nextEvent() == .frame(.data(1, ByteBuffer(bytes: [3, 4]))))
        #expect(try reader.nextEvent() == .frame(.end(1)))
    }

    @Test("Frames are written as they are read", arguments: [WebSocketRole.client, .server])
    func written(role: WebSocketRole) {
        var writer = FrameWriter(role, keys: nil)
        var output = ByteBuffer()
        for case .frame(let frame) in Self.events { writer.write(frame, into: &output) }
        let frames = WireFrame.all(Array(output.readableBytesView), isMasked: role == .client)
        let expected = Self.all.filter { if case .frame(let type, _, _) = $0 { type < 128 } else { false } }
        // Data and END are two frames of the reader's.
        #expect(frames == expected.flatMap { $0 == .end(8, [4, 5]) ? [.data(8, [4, 5]), .end(8)] : [$0] })
    }
}
