import NIOCore

/// Takes one direction of a WebSocket connection apart while it arrives (RFC 6455), without extensions.
///
/// Messages come out piece by piece: none is gathered. A piece lies in storage of its own, unless it is a good part of the buffer that it was read
/// into: whoever keeps it keeps no more than `maxWaste` times its bytes. At most a control frame is kept back until it is whole. What comes out is
/// the same however the bytes are cut, but for where pieces end.
///
/// Legal order: any number of pieces, the last of each message marked, pings and pongs anywhere between them; `.close`, or a failure. After
/// either nothing more comes, and what still arrives is dropped (sections 1.4 and 7.1.7).
public struct WebSocketReader: Sendable {
    public enum Event: Sendable, Equatable {
        /// The next bytes of a binary message, unmasked; none only in the last piece.
        case binary(ByteBuffer, isLast: Bool)
        /// To be answered with a pong of the same bytes, at most 125.
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        /// To be answered with a close frame, where none has been sent.
        case close(WebSocketClose)
        /// Everything received has come out.
        case needsMore
    }

    private enum State {
        case head(WebSocketFrameHead.Parser)
        /// `left` bytes of a data frame are to come.
        case data(left: Int, isFinal: Bool)
        case control(WebSocketOpcode, left: Int, ByteBuffer)
        case over
    }

    /// How many times its bytes a piece may keep in memory.
    static let maxWaste = 4

    private let sender: WebSocketRole
    private let maxMessageBytes: Int
    private var pending = ByteBuffer()
    /// Has seen all of `pending`: no mask is left there. `nil` where frames have none.
    private var unmasker: Unmasker?
    private var state: State
    /// The lengths of the frames so far of the message that has begun; `nil` between messages.
    private var messageBytes: Int?

    /// - Parameters:
    ///   - role: The end that reads.
    ///   - maxMessageBytes: The longest message taken.
    public init(_ role: WebSocketRole, maxMessageBytes: Int) {
        sender = role == .client ? .server : .client
        self.maxMessageBytes = maxMessageBytes
        unmasker = sender == .client ? Unmasker() : nil
        state = .head(WebSocketFrameHead.Parser(from: sender))
    }

    /// Adds bytes of the connection. They are not copied when everything before has come out, and, where they are masked, nobody else holds them.
    public mutating func receive(_ bytes: consuming ByteBuffer) {
        if case .over = state { return }
        unmasker?.unmask(&bytes)
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// What comes next in the bytes received so far.
    public mutating func next() throws(WebSocketFailure) -> Event {
        do throws(WebSocketFailure) {
            while true {
                if let event = try step() { return event }
            }
        } catch {
            end()
            throw error
        }
    }

    /// - Returns: `nil` when something was taken that is no event.
    private mutating func step() throws(WebSocketFailure) -> Event? {
        switch state {
        case .head(var parser):
            guard let head = try parser.parse(&pending) else { return wait(.head(parser)) }
            state = try payload(of: head)
            return nil
        case .data(let left, let isFinal):
            let count = min(left, pending.readableBytes)
            guard count > 0 || left == 0 else { return wait(state) }
            let piece = takePiece(count)
            if count < left {
                state = .data(left: left - count, isFinal: isFinal)
                return .binary(piece, isLast: false)
            }
            state = .head(WebSocketFrameHead.Parser(from: sender))
            if isFinal { messageBytes = nil }
            return isFinal || count > 0 ? .binary(piece, isLast: isFinal) : nil
        case .control(let opcode, let left, var gathered):
            let count = min(left, pending.readableBytes)
            if let part = pending.readSlice(length: count) { gathered.writeImmutableBuffer(part) }
            guard count == left else { return wait(.control(opcode, left: left - count, gathered)) }
            state = .head(WebSocketFrameHead.Parser(from: sender))
            return try event(opcode, gathered)
        case .over: return .needsMore
        }
    }

    private mutating func payload(of head: WebSocketFrameHead) throws(WebSocketFailure) -> State {
        switch head.opcode {
        case .close, .ping, .pong: return .control(head.opcode, left: head.length, ByteBuffer())
        case .continuation: guard messageBytes != nil else { throw .continuationOfNothing }
        case .binary: guard messageBytes == nil else { throw .messageInsideMessage }
        }
        let before = messageBytes ?? 0
        guard head.length <= maxMessageBytes - before else { throw .messageTooLarge(limit: maxMessageBytes) }
        messageBytes = before + head.length
        return .data(left: head.length, isFinal: head.isFinal)
    }

    /// Takes the next bytes, which are there.
    private mutating func takePiece(_ count: Int) -> ByteBuffer {
        guard count > 0, let piece = pending.readSlice(length: count) else { return ByteBuffer() }
        if piece.storageCapacity <= Self.maxWaste * count { return piece }
        var own = ByteBufferAllocator().buffer(capacity: count)
        own.writeImmutableBuffer(piece)
        return own
    }

    private mutating func event(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) throws(WebSocketFailure) -> Event? {
        switch opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        case .close:
            let close = try WebSocketClose(payload: payload)
            end()
            return .close(close)
        case .continuation, .binary: return nil
        }
    }

    private mutating func end() {
        state = .over
        pending = ByteBuffer()
    }

    /// Nothing of what came is needed any more: an empty remainder would keep the storage of the last read alive.
    private mutating func wait(_ state: State) -> Event {
        self.state = state
        pending = ByteBuffer()
        return .needsMore
    }
}
