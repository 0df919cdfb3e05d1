import DequeModule
import Failures
import NIOCore

/// What both ends of a tunnel have in common: frames in and out, the bytes of streams with their credit, pings, and the end of it all.
///
/// A stream, as this end sees it, has two halves: `incoming` until the other end's END, `outgoing` until ours is out; it is gone when both are,
/// or at a RESET of either end. What comes for one that is gone crossed that, and means nothing.
///
/// The connection: open → closing (our close frame is out, the other end's is awaited) → over; or → over at once.
struct TunnelCore: Sendable {
    struct Stream: Sendable {
        let isConnection: Bool
        var incoming: IncomingCredit?
        var outgoing: OutgoingBytes?
        /// A connection that was not there yet.
        var isConnected = false
    }

    enum Event: Sendable {
        case data(TunnelStreamID, ByteBuffer)
        case connected(TunnelStreamID)
        case ended(TunnelStreamID)
        case reset(TunnelStreamID, text: ByteBuffer)
        /// At the client.
        case wantsMore(TunnelStreamID)
        /// At the proxy.
        case sent(TunnelStreamID, Int)
        case roundTrip(TimeAmount)
        /// What is one end's alone.
        case frame(TunnelFrame)
        case closed(TunnelClosing)
    }

    private enum Phase {
        case open
        case closing(until: NIODeadline)
        case over
    }

    private var reader: FrameReader
    private var writer: FrameWriter
    private var phase = Phase.open
    /// Frames and such that are to go ahead of streams' bytes; of them, what opens no streams.
    private var control = ByteBuffer()
    private var plainControl = 0
    /// The newest ping's payload: only that one needs an answer (RFC 6455 section 5.5.3).
    private var pong: ByteBuffer?
    private var turns = Deque<UInt32>()
    private var relieved = Deque<UInt32>()
    /// At the proxy: how many bytes have gone out on which stream, and were not told yet.
    private var sent = Deque<(stream: UInt32, bytes: Int)>()
    private let tellsSent: Bool
    /// Of a message with a stream's bytes that is no larger than 64 KiB: WebSocket's head, with a client's key, and the frame's. Bytes.
    private let headBytes: Int
    private var ending: TunnelClosing?
    private(set) var growthLeft = TunnelSettings.maxGrowth
    var pings: Pings
    var window: Int
    private(set) var streams: [UInt32: Stream] = [:]
    /// The highest number that was opened.
    var highest: UInt32 = 0

    init(
        _ role: WebSocketRole, window: Int, pingInterval: TimeAmount, keys: (any RandomNumberGenerator & Sendable)?,
        at now: NIODeadline
    ) {
        reader = FrameReader(role)
        writer = FrameWriter(role, keys: keys)
        tellsSent = role == .server
        headBytes = WebSocketFrameHead.byteCount(length: 60_000, isMasked: role == .client) + FrameReader.headBytes
        self.window = window
        pings = Pings(interval: pingInterval, isFirst: role == .server, at: now)
    }

    // Inlined, or the whole of it is copied to look.
    @inline(__always) var isOpen: Bool { if case .open = phase { true } else { false } }
    /// Nothing comes any more; what `takeOutput` gives still is to be written, and the connection closed.
    @inline(__always) var isOver: Bool { if case .over = phase { true } else { false } }

    // MARK: In

    mutating func received(_ bytes: consuming ByteBuffer, at now: NIODeadline) {
        guard !isOver else { return }
        pings.heardSomething(at: now)
        reader.receive(bytes)
    }

    /// What comes next of what was received; `nil` when that is all.
    mutating func next(at now: NIODeadline) -> Event? {
        if let ending {
            self.ending = nil
            return .closed(ending)
        }
        if let (number, bytes) = sent.popFirst() { return .sent(TunnelStreamID(number), bytes) }
        while let number = relieved.popFirst() {
            if streams[number]?.outgoing != nil { return .wantsMore(TunnelStreamID(number)) }
        }
        while !isOver {
            do throws(TunnelFailure) {
                guard let event = try take(try reader.nextEvent(), at: now) else { break }
                if case .some(let event) = event { return event }
            } catch {
                fail(error)
            }
        }
        guard let ending else { return nil }
        self.ending = nil
        return .closed(ending)
    }

    /// - Returns: `nil` when nothing more is there; `.some(nil)` for what is no event.
    private mutating func take(_ event: FrameReader.Event, at now: NIODeadline) throws(TunnelFailure) -> Event?? {
        switch event {
        case .needsMore: return nil
        case .ping(let payload):
            if isOpen { pong = payload }
        case .pong(var payload):
            if let time = pings.ponged(payload.readInteger(), at: now) { return .some(.roundTrip(time)) }
        case .close(let close):
            if case .closing = phase {
                end(.done)
            } else {
                writer.writeClose(WebSocketClose(close.code ?? .normal), into: &control)
                end(.closed(close))
            }
        case .frame(let frame):
            // Between our close frame and the other end's nothing has a meaning any more.
            guard isOpen else { return .some(nil) }
            return .some(try take(frame, at: now))
        }
        return .some(nil)
    }

    private mutating func take(_ frame: TunnelFrame, at now: NIODeadline) throws(TunnelFailure) -> Event? {
        switch frame {
        case .hello, .welcome, .open, .drain: return .frame(frame)
        case .data(let stream, let bytes):
            guard let index = try place(of: stream) else { return nil }
            guard streams.values[index].incoming != nil else { throw .afterEnd }
            if streams.values[index].isConnection && !streams.values[index].isConnected {
                guard bytes.readableBytes == 0 else { throw .malformed(.data) }
                streams.values[index].isConnected = true
                streams.values[index].outgoing?.release()
                giveTurn(stream)
                return .connected(stream)
            }
            guard streams.values[index].incoming?.received(bytes.readableBytes, at: now) == true else {
                throw .windowExceeded
            }
            return bytes.readableBytes == 0 ? nil : .data(stream, bytes)
        case .end(let stream):
            guard let index = try place(of: stream) else { return nil }
            guard let incoming = streams.values[index].incoming else { throw .afterEnd }
            guard !streams.values[index].isConnection || streams.values[index].isConnected else {
                throw .malformed(.end)
            }
            growthLeft += incoming.growth(over: window)
            streams.values[index].incoming = nil
            if streams.values[index].outgoing == nil { streams.remove(at: index) }
            return .ended(stream)
        case .reset(let stream, let text):
            guard try place(of: stream) != nil else { return nil }
            forget(stream)
            return .reset(stream, text: text)
        case .window(let stream, let bytes):
            guard let index = try place(of: stream), streams.values[index].outgoing != nil else { return nil }
            guard streams.values[index].outgoing?.granted(Int(bytes)) == true else { throw .tooMuchCredit }
            giveTurn(stream)
            return nil
        }
    }

    private func place(of stream: TunnelStreamID) throws(TunnelFailure) -> Dictionary<UInt32, Stream>.Index? {
        guard stream.number <= highest else { throw .neverOpened }
        return streams.index(forKey: stream.number)
    }

    mutating func connectionLost() {
        guard !isOver else { return }
        if case .closing = phase { end(.done) } else { end(.lost) }
        control = ByteBuffer()
    }

    // MARK: Streams

    mutating func add(_ stream: TunnelStreamID, _ value: Stream) {
        highest = max(highest, stream.number)
        streams[stream.number] = value
    }

    /// Bytes of a stream were passed on to whom they are for.
    mutating func passedOn(_ stream: TunnelStreamID, _ bytes: Int, at now: NIODeadline) {
        guard isOpen, let index = streams.index(forKey: stream.number) else { return }
        let grant =
            streams.values[index].incoming?.passedOn(
                bytes, roundTrip: pings.roundTrip, budget: &growthLeft, at: now) ?? 0
        if grant > 0 { send(.window(stream, bytes: UInt32(clamping: grant))) }
    }

    /// Makes known to the other end that a connection stands. That is no payload: it needs no credit and takes no turn.
    mutating func greet(_ stream: TunnelStreamID) {
        guard isOpen, let index = streams.index(forKey: stream.number), streams.values[index].isConnection,
            !streams.values[index].isConnected
        else { return }
        streams.values[index].isConnected = true
        streams.values[index].outgoing?.release()
        send(.data(stream, ByteBuffer()))
        giveTurn(stream)
    }

    mutating func write(_ stream: TunnelStreamID, _ bytes: ByteBuffer) {
        guard isOpen, let index = streams.index(forKey: stream.number) else { return }
        streams.values[index].outgoing?.add(bytes)
        giveTurn(stream)
    }

    mutating func finish(_ stream: TunnelStreamID) {
        guard isOpen, let index = streams.index(forKey: stream.number) else { return }
        streams.values[index].outgoing?.end()
        giveTurn(stream)
    }

    mutating func reset(_ stream: TunnelStreamID, _ text: ByteBuffer) {
        guard isOpen, streams[stream.number] != nil else { return }
        forget(stream)
        send(.reset(stream, text: text))
    }

    /// Bytes that wait to be sent on it.
    func waiting(_ stream: TunnelStreamID) -> Int { streams[stream.number]?.outgoing?.count ?? 0 }

    private mutating func forget(_ stream: TunnelStreamID) {
        guard let gone = streams.removeValue(forKey: stream.number) else { return }
        growthLeft += gone.incoming?.growth(over: window) ?? 0
        sent.removeAll { $0.stream == stream.number }
    }

    private mutating func giveTurn(_ stream: TunnelStreamID) {
        guard let index = streams.index(forKey: stream.number),
            let outgoing = streams.values[index].outgoing, outgoing.isReady, !outgoing.hasTurn
        else { return }
        streams.values[index].outgoing?.hasTurn = true
        turns.append(stream.number)
    }

    // MARK: Out

    mutating func send(_ frame: TunnelFrame) {
        guard isOpen else { return }
        let before = control.readableBytes
        writer.write(frame, into: &control)
        if case .open = frame {} else { plainControl += control.readableBytes - before }
        if plainControl > TunnelSettings.maxControl || control.readableBytes > TunnelSettings.maxOpening {
            control = ByteBuffer()
            writer.writeClose(WebSocketClose(.policyViolation, reason: "nothing is read here"), into: &control)
            end(.unread)
        }
    }

    /// What is to be written next; `nil` for nothing. Streams take turns at what is left of `most` behind what is not theirs.
    mutating func takeOutput(atMost most: Int) -> ByteBuffer? {
        var output = control
        control = ByteBuffer()
        plainControl = 0
        if let payload = pong, !isOver {
            writer.writePong(payload, into: &output)
        }
        pong = nil
        while isOpen, output.readableBytes < most, let number = turns.popFirst() {
            guard let index = streams.index(forKey: number), streams.values[index].outgoing != nil else { continue }
            streams.values[index].outgoing?.hasTurn = false
            // Nobody waits longer for one message than for several that fill the same write.
            let room = min(TunnelSettings.maxLoneMessage, most - output.readableBytes) - headBytes
            let piece = turns.isEmpty ? max(TunnelSettings.maxPiece, room) : TunnelSettings.maxPiece
            guard streams.values[index].outgoing?.isReady == true,
                let (slices, isLast) = streams.values[index].outgoing?.next(atMost: piece)
            else { continue }
            writer.write(isLast ? .end : .data, of: TunnelStreamID(number), slices, into: &output)
            if tellsSent, isLast || !slices.isEmpty { noteSent(number, slices.byteCount) }
            if isLast {
                streams.values[index].outgoing = nil
                if streams.values[index].incoming == nil { streams.remove(at: index) }
            } else {
                if !tellsSent, streams.values[index].outgoing?.takeRelief() == true { relieved.append(number) }
                if streams.values[index].outgoing?.isReady == true {
                    streams.values[index].outgoing?.hasTurn = true
                    turns.append(number)
                }
            }
        }
        return output.readableBytes > 0 ? output : nil
    }

    private mutating func noteSent(_ number: UInt32, _ bytes: Int) {
        if let last = sent.indices.last, sent[last].stream == number {
            sent[last].bytes += bytes
        } else {
            sent.append((number, bytes))
        }
    }

    // MARK: Time and the end

    var nextDeadline: NIODeadline? {
        switch phase {
        case .open: pings.nextDeadline
        case .closing(let until): until
        case .over: nil
        }
    }

    mutating func timePassed(to now: NIODeadline) {
        switch phase {
        case .open:
            switch pings.timePassed(to: now) {
            case .nothing: break
            case .ping(let number): ping(number)
            case .dead: end(.silent)
            }
        case .closing(let until): if now >= until { end(.done) }
        case .over: break
        }
    }

    mutating func ping(_ number: UInt64) {
        var payload = ByteBuffer()
        payload.writeInteger(number)
        writer.writePing(payload, into: &control)
    }

    mutating func close(_ close: WebSocketClose, at now: NIODeadline) {
        guard isOpen else { return }
        writer.writeClose(close, into: &control)
        phase = .closing(until: now + TunnelSettings.closeTime)
        dropStreams()
    }

    mutating func fail(_ failure: TunnelFailure) {
        guard !isOver else { return }
        if isOpen { writer.writeClose(WebSocketClose(failure.code, reason: failure.explanation), into: &control) }
        if case .closing = phase { end(.done) } else { end(.failed(failure)) }
    }

    private mutating func end(_ how: TunnelClosing) {
        phase = .over
        ending = how
        dropStreams()
    }

    private mutating func dropStreams() {
        streams = [:]
        turns = []
        relieved = []
        sent = []
        pong = nil
    }
}
