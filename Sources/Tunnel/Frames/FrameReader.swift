import NIOCore

/// Takes the frames of a tunnel out of its messages while they arrive. Bytes of streams pass on in the pieces that they come in; everything else is
/// gathered, within bounds.
struct FrameReader: Sendable {
    enum Event: Sendable, Equatable {
        case frame(TunnelFrame)
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        case close(WebSocketClose)
        case needsMore
    }

    /// Type and stream; bytes.
    static let headBytes = 5
    /// The most that a frame has behind its head; bytes.
    static let maxPayload = 65_536
    static let maxMessage = maxPayload + headBytes
    /// Of an OPEN, behind the milliseconds.
    static let maxRequest = maxPayload - 4
    /// A word, a space and a text of at most 1 KiB.
    static let maxReset = 1_024 + 64

    private enum State {
        case head(ByteBuffer)
        case bytes(TunnelStreamID, isEnd: Bool, isFirst: Bool)
        case gathering(FrameType, UInt32, ByteBuffer)
        case skipping
    }

    private var socket: WebSocketReader
    private var state = State.head(ByteBuffer())
    /// What comes behind the event that was given out last.
    private var next: TunnelFrame?

    init(_ role: WebSocketRole) { socket = WebSocketReader(role, maxMessageBytes: Self.maxMessage) }

    mutating func receive(_ bytes: consuming ByteBuffer) { socket.receive(bytes) }

    mutating func nextEvent() throws(TunnelFailure) -> Event {
        if let frame = next {
            next = nil
            return .frame(frame)
        }
        while true {
            let event: WebSocketReader.Event
            do throws(WebSocketFailure) { event = try socket.next() } catch { throw .webSocket(error) }
            switch event {
            case .binary(let piece, let isLast):
                if let frame = try take(piece, isLast) { return .frame(frame) }
            case .ping(let payload): return .ping(payload)
            case .pong(let payload): return .pong(payload)
            case .close(let close): return .close(close)
            case .needsMore: return .needsMore
            }
        }
    }

    private mutating func take(_ piece: ByteBuffer, _ isLast: Bool) throws(TunnelFailure) -> TunnelFrame? {
        var piece = piece
        if case .head(let gathered) = state {
            guard try takeHead(gathered, &piece) else {
                if isLast { throw .shortFrame }
                return nil
            }
        }
        switch state {
        case .head: return nil
        case .bytes(let stream, let isEnd, let isFirst):
            let isEmpty = piece.readableBytes == 0
            guard isLast else {
                state = .bytes(stream, isEnd: isEnd, isFirst: isFirst && isEmpty)
                return isEmpty ? nil : .data(stream, piece)
            }
            state = .head(ByteBuffer())
            if isEmpty && isEnd { return .end(stream) }
            if isEnd { next = .end(stream) }
            return isEmpty && !isFirst ? nil : .data(stream, piece)
        case .gathering(let type, let number, var gathered):
            state = .skipping
            if gathered.readableBytes == 0 { gathered = piece } else { gathered.writeImmutableBuffer(piece) }
            guard gathered.readableBytes <= Self.limit(of: type) else { throw .malformed(type) }
            guard isLast else {
                state = .gathering(type, number, gathered)
                return nil
            }
            state = .head(ByteBuffer())
            return try Self.frame(type, number, gathered)
        case .skipping:
            if isLast { state = .head(ByteBuffer()) }
            return nil
        }
    }

    /// - Returns: Whether the head is complete; what follows it is left in `piece`.
    private mutating func takeHead(_ gathered: ByteBuffer, _ piece: inout ByteBuffer) throws(TunnelFailure) -> Bool {
        var head = gathered
        if head.readableBytes == 0 && piece.readableBytes >= Self.headBytes {
            head = piece
            piece.moveReaderIndex(forwardBy: Self.headBytes)
        } else {
            state = .skipping
            let missing = min(Self.headBytes - head.readableBytes, piece.readableBytes)
            if let part = piece.readSlice(length: missing) { head.writeImmutableBuffer(part) }
            guard head.readableBytes == Self.headBytes else {
                state = .head(head)
                return false
            }
        }
        guard let byte = head.readInteger(as: UInt8.self), let number = head.readInteger(as: UInt32.self) else {
            throw .shortFrame
        }
        guard let type = FrameType(rawValue: byte) else {
            // Later versions may add some that need no understanding.
            guard byte >= 128 else { throw .unknownType(byte) }
            state = .skipping
            return true
        }
        guard (number == 0) == type.isOfConnection else { throw .wrongStream(type) }
        switch type {
        case .data, .end: state = .bytes(TunnelStreamID(number), isEnd: type == .end, isFirst: true)
        case .hello, .welcome, .open, .reset, .window, .drain: state = .gathering(type, number, ByteBuffer())
        }
        return true
    }

    private static func limit(of type: FrameType) -> Int {
        switch type {
        case .reset: maxReset
        case .window: 4
        case .drain: 0
        case .hello, .welcome, .open, .data, .end: maxPayload
        }
    }

    private static func frame(
        _ type: FrameType, _ number: UInt32, _ payload: ByteBuffer
    ) throws(TunnelFailure) -> TunnelFrame? {
        var payload = payload
        let stream = TunnelStreamID(number)
        switch type {
        case .hello: return .hello(payload)
        case .welcome: return .welcome(payload)
        case .open:
            guard let milliseconds = payload.readInteger(as: UInt32.self) else { throw .malformed(type) }
            return .open(stream, milliseconds: milliseconds, request: payload)
        case .reset: return .reset(stream, text: payload)
        case .window:
            guard let bytes = payload.readInteger(as: UInt32.self) else { throw .malformed(type) }
            return .window(stream, bytes: bytes)
        case .drain: return .drain
        case .data, .end: return nil
        }
    }
}

extension FrameType {
    var isOfConnection: Bool {
        switch self {
        case .hello, .welcome, .drain: true
        case .open, .data, .end, .reset, .window: false
        }
    }
}
