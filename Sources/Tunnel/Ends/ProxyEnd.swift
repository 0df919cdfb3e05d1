import Failures
import NIOCore
import Wire

/// The proxy's end of a tunnel: a value. Bytes, time and what the proxy wants go in; events come out of `next`, bytes to write out of `takeOutput`.
///
/// | state | until | then |
/// | --- | --- | --- |
/// | greeting | a HELLO came, and `welcome` answered it | open |
/// | open | `drain` | draining |
/// | open, draining | `close`; the other end closes, breaks a rule, is silent, or is gone | over |
///
/// Another HELLO may come at any time, and is answered by another `welcome`. A stream is opened here, and only while open; it ends by the client's
/// END (of a connection: by that and ours), by a RESET of either end, or with the tunnel, and each of these is told once, unless this end asked
/// for it. After every call, look at `next` until it has nothing more, then at `takeOutput`.
public struct ProxyEnd: Sendable {
    public enum Event: Sendable {
        /// To be answered by `welcome`.
        case hello(Hello)
        /// The client has made the connection that was asked for.
        case connected(TunnelStreamID)
        /// Bytes of a stream, in order; `passedOn` makes room for as many. They keep at most four times their size in memory.
        case data(TunnelStreamID, ByteBuffer)
        /// The client has nothing more to send on it.
        case ended(TunnelStreamID)
        /// The client gave it up.
        case reset(TunnelStreamID, FailureKind, text: String)
        /// So many bytes of a connection have gone into `takeOutput` since it was last said; 0 where that is its end alone.
        case sent(TunnelStreamID, Int)
        case roundTrip(TimeAmount)
        /// The end; all streams are gone.
        case closed(TunnelClosing)
    }

    /// What a stream is opened for.
    public enum Purpose: Sendable {
        /// A request, which the client answers.
        case scrape
        /// Bytes in both directions.
        case connection
    }

    private let settings: TunnelSettings
    private(set) var core: TunnelCore
    private var helloDue: NIODeadline?
    private var isGreeted = false
    /// How many streams there may be at once: what the last HELLO says, as far as the windows allow.
    public private(set) var maxStreams = 0
    public private(set) var isDraining = false

    public init(_ settings: TunnelSettings, at now: NIODeadline) {
        let settings = settings.valid
        self.settings = settings
        core = TunnelCore(
            .server, window: settings.window, pingInterval: settings.pingInterval, keys: nil, at: now)
        helloDue = now + settings.helloTimeout
    }

    public var isOver: Bool { core.isOver }
    /// Streams under way.
    public var streamCount: Int { core.streams.count }
    /// Whether a stream is under way.
    public func isUnderWay(_ stream: TunnelStreamID) -> Bool { core.streams[stream.number] != nil }
    /// Whether another stream can be opened.
    public var hasRoom: Bool { isGreeted && core.isOpen && !isDraining && core.streams.count < maxStreams }

    // MARK: In

    /// - Parameter bytes: Changed where they lie, if nobody else holds them.
    public mutating func received(_ bytes: consuming ByteBuffer, at now: NIODeadline) {
        core.received(bytes, at: now)
    }

    public mutating func connectionLost() { core.connectionLost() }

    public mutating func next(at now: NIODeadline) -> Event? {
        while let event = core.next(at: now) {
            switch event {
            case .data(let stream, let bytes): return .data(stream, bytes)
            case .connected(let stream): return .connected(stream)
            case .ended(let stream): return .ended(stream)
            case .reset(let stream, let text):
                let (kind, words) = TunnelReset.parse(text)
                return .reset(stream, kind, text: words)
            // What `sent` says is all that is to be known here.
            case .wantsMore: continue
            case .sent(let stream, let bytes): return .sent(stream, bytes)
            case .roundTrip(let time): return .roundTrip(time)
            case .closed(let how): return .closed(how)
            case .frame(.hello(let payload)):
                guard let hello = Hello(payload) else {
                    core.fail(.malformed(.hello))
                    continue
                }
                helloDue = nil
                maxStreams = min(hello.streams, settings.maxStreams)
                return .hello(hello)
            case .frame(.welcome): core.fail(.wrongDirection(.welcome))
            case .frame(.open): core.fail(.wrongDirection(.open))
            case .frame: core.fail(.wrongDirection(.drain))
            }
        }
        return nil
    }

    // MARK: Streams

    /// Opens a stream.
    ///
    /// - Parameters:
    ///   - milliseconds: How much time is left for it.
    ///   - write: Writes the request as a poll's answer has it, without its id; or a CONNECT.
    /// - Returns: `nil` when there is no room, or the request is larger than a message may be.
    public mutating func open(
        _ purpose: Purpose, milliseconds: UInt32, at now: NIODeadline, writing write: (inout ByteBuffer) -> Void
    ) -> TunnelStreamID? {
        guard hasRoom else { return nil }
        let (number, overflow) = core.highest.addingReportingOverflow(1)
        guard !overflow else {
            drain()
            return nil
        }
        let stream = TunnelStreamID(number)
        var request = ByteBuffer()
        request.reserveCapacity(512)
        write(&request)
        guard request.readableBytes <= FrameReader.maxRequest else { return nil }
        let incoming = IncomingCredit(window: settings.window)
        switch purpose {
        case .scrape:
            core.add(stream, TunnelCore.Stream(isConnection: false, incoming: incoming, outgoing: nil))
        case .connection:
            core.add(
                stream,
                TunnelCore.Stream(
                    isConnection: true, incoming: incoming,
                    outgoing: OutgoingBytes(credit: settings.window, isHeld: true)))
        }
        core.send(.open(stream, milliseconds: milliseconds, request: request))
        return stream
    }

    /// So many bytes of a stream have gone on to whom they are for.
    public mutating func passedOn(_ stream: TunnelStreamID, _ bytes: Int, at now: NIODeadline) {
        core.passedOn(stream, bytes, at: now)
    }

    /// Bytes of a connection, for the client. They wait until it has connected, and while it has no room for more; whoever gives them goes by what
    /// `sent` says.
    public mutating func send(_ stream: TunnelStreamID, _ bytes: ByteBuffer) { core.write(stream, bytes) }

    /// Nothing more is sent on a connection.
    public mutating func end(_ stream: TunnelStreamID) { core.finish(stream) }

    /// Gives a stream up. Nothing more is told of it.
    public mutating func reset(_ stream: TunnelStreamID) { core.reset(stream, ByteBuffer()) }

    // MARK: The connection

    /// Answers the newest HELLO. From the first one on streams can be opened, and the first ping goes out.
    public mutating func welcome(refused: [Welcome.Refused], at now: NIODeadline) {
        core.send(
            .welcome(
                Welcome(window: settings.window, pingInterval: settings.pingInterval, refused: refused).payload))
        if !isGreeted, core.isOpen {
            isGreeted = true
            core.ping(core.pings.ask(at: now))
        }
    }

    /// Opens nothing any more, and tells the client to dial anew.
    public mutating func drain() {
        guard !isDraining else { return }
        isDraining = true
        core.send(.drain)
    }

    public mutating func close(_ close: WebSocketClose, at now: NIODeadline) { core.close(close, at: now) }

    /// What is to be written now, about so many bytes at most; `nil` for nothing.
    public mutating func takeOutput(atMost most: Int) -> ByteBuffer? { core.takeOutput(atMost: most) }

    /// When `timePassed` has something to do, at the earliest.
    public var nextDeadline: NIODeadline? {
        guard let deadline = core.nextDeadline else { return nil }
        return helloDue.map { min($0, deadline) } ?? deadline
    }

    public mutating func timePassed(to now: NIODeadline) {
        if let due = helloDue, now >= due {
            helloDue = nil
            core.fail(.helloMissing)
        }
        core.timePassed(to: now)
    }
}
