import NIOCore

/// Writes the frames of a tunnel, each in a message of its own.
struct FrameWriter: Sendable {
    private var socket: WebSocketWriter

    init(_ role: WebSocketRole, keys: (any RandomNumberGenerator & Sendable)?) {
        socket = keys.map { WebSocketWriter(role, keys: $0) } ?? WebSocketWriter(role)
    }

    mutating func write(
        _ type: FrameType, of stream: TunnelStreamID? = nil, _ body: some Collection<ByteBuffer>,
        into output: inout ByteBuffer
    ) {
        socket.writeBinary(head: FrameHead(type, stream), body: body, into: &output)
    }

    mutating func write(_ frame: TunnelFrame, into output: inout ByteBuffer) {
        switch frame {
        case .hello(let fields): write(.hello, CollectionOfOne(fields), into: &output)
        case .welcome(let fields): write(.welcome, CollectionOfOne(fields), into: &output)
        case .open(let stream, let milliseconds, let request):
            socket.writeBinary(
                head: FrameHead(.open, stream, milliseconds), body: CollectionOfOne(request), into: &output)
        case .data(let stream, let bytes): write(.data, of: stream, CollectionOfOne(bytes), into: &output)
        case .end(let stream): write(.end, of: stream, EmptyCollection(), into: &output)
        case .reset(let stream, let text): write(.reset, of: stream, CollectionOfOne(text), into: &output)
        case .window(let stream, let bytes):
            socket.writeBinary(head: FrameHead(.window, stream, bytes), body: EmptyCollection(), into: &output)
        case .drain: write(.drain, EmptyCollection(), into: &output)
        }
    }

    mutating func writePing(_ payload: ByteBuffer, into output: inout ByteBuffer) {
        socket.writePing(payload, into: &output)
    }

    mutating func writePong(_ payload: ByteBuffer, into output: inout ByteBuffer) {
        socket.writePong(payload, into: &output)
    }

    mutating func writeClose(_ close: WebSocketClose, into output: inout ByteBuffer) {
        socket.writeClose(close, into: &output)
    }
}

/// The bytes that a frame begins with, without an array of their own.
private struct FrameHead: RandomAccessCollection {
    private let type: FrameType
    private let stream: UInt32
    private let number: UInt32?

    init(_ type: FrameType, _ stream: TunnelStreamID?, _ number: UInt32? = nil) {
        self.type = type
        self.stream = stream?.number ?? 0
        self.number = number
    }

    var startIndex: Int { 0 }
    var endIndex: Int { FrameReader.headBytes + (number == nil ? 0 : 4) }

    subscript(index: Int) -> UInt8 {
        switch index {
        case 0: type.rawValue
        case 1...4: UInt8(truncatingIfNeeded: stream >> UInt32(8 * (4 - index)))
        default: UInt8(truncatingIfNeeded: (number ?? 0) >> UInt32(8 * (8 - index)))
        }
    }
}
