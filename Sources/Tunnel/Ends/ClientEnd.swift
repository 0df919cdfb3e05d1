import Failures
import NIOCore
import Wire

/// The client's end of a tunnel: a value. Bytes, time and what the client wants go in; events come out of `next`, bytes to write out of `takeOutput`.
///
/// | state | until | then |
/// | --- | --- | --- |
/// | greeting | the first WELCOME came | open |
/// | open | the proxy's DRAIN | drained: nothing more is opened |
/// | any | `close`; the other end closes, breaks a rule, is silent, or is gone | over |
///
/// A stream ends for this end when it has sent its END (of a connection: when both have), at a RESET of either, or with the tunnel; what the other
/// end does is told once. After every call, look at `next` until it has nothing more, then at `takeOutput`.
public struct ClientEnd: Sendable {
    public enum Event: Sendable {
        case welcome(Welcome)
        /// The proxy asks for something.
        ///
        /// - Parameter request: A request as a poll's answer has it, without its id; or a CONNECT, where `isConnection`.
        case opened(TunnelStreamID, isConnection: Bool, milliseconds: UInt32, request: ByteBuffer)
        /// Bytes of a connection; `passedOn` makes room for as many.
        case data(TunnelStreamID, ByteBuffer)
        /// The proxy has nothing more to send on a connection.
        case ended(TunnelStreamID)
        /// Nobody wants what a stream still brings.
        case reset(TunnelStreamID)
        /// Less waits to be sent on a stream than its source was told to pause for.
        case wantsMore(TunnelStreamID)
        /// Nothing is opened here any more.
        case drained
        case roundTrip(TimeAmount)
        /// The end; all streams are gone.
        case closed(TunnelClosing)
    }

    private(set) var core: TunnelCore
    private var isGreeted = false
    private var isDrained = false
    /// The most that was ever said: the proxy may not have heard of less yet.
    private var maxStreams: Int

    /// Begins with a HELLO.
    ///
    /// - Parameters:
    ///   - settings: Of it the ping interval, until a WELCOME says another.
    ///   - keys: Where masking keys come from; another source than the system's is for tests.
    public init(
        _ settings: TunnelSettings, hello: Hello, keys: (any RandomNumberGenerator & Sendable)? = nil,
        at now: NIODeadline
    ) {
        core = TunnelCore(
            .client, window: settings.window, pingInterval: settings.pingInterval, keys: keys, at: now)
        maxStreams = hello.streams
        core.send(.hello(hello.payload))
    }

    public var isOver: Bool { core.isOver }
    /// Streams under way.
    public var streamCount: Int { core.streams.count }

    // MARK: In

    public mutating func received(_ bytes: consuming ByteBuffer, at now: NIODeadline) {
        core.received(bytes, at: now)
    }

    public mutating func connectionLost() { core.connectionLost() }

    public mutating func next(at now: NIODeadline) -> Event? {
        while let event = core.next(at: now) {
            switch event {
            case .data(let stream, let bytes): return .data(stream, bytes)
            // What an empty DATA says is the client's to say.
            case .connected: core.fail(.malformed(.data))
            case .ended(let stream): return .ended(stream)
            case .reset(let stream, _): return .reset(stream)
            case .wantsMore(let stream): return .wantsMore(stream)
            case .sent: continue
            case .roundTrip(let time): return .roundTrip(time)
            case .closed(let how): return .closed(how)
            case .frame(let frame):
                do throws(TunnelFailure) {
                    if let event = try take(frame, at: now) { return event }
                } catch {
                    core.fail(error)
                }
            }
        }
        return nil
    }

    private mutating func take(_ frame: TunnelFrame, at now: NIODeadline) throws(TunnelFailure) -> Event? {
        switch frame {
        case .welcome(let payload):
            guard let welcome = Welcome(payload) else { throw .malformed(.welcome) }
            if !isGreeted { core.window = welcome.window }
            isGreeted = true
            core.pings.interval = welcome.pingInterval
            return .welcome(welcome)
        case .open(let stream, let milliseconds, let request):
            guard isGreeted, !isDrained else { throw .malformed(.open) }
            guard stream.number > core.highest else { throw .openedTwice }
            guard core.streams.count < maxStreams else { throw .tooManyStreams }
            let isConnection = request.readableBytesView.starts(with: "CONNECT ".utf8)
            core.add(
                stream,
                TunnelCore.Stream(
                    isConnection: isConnection,
                    incoming: isConnection ? IncomingCredit(window: core.window) : nil,
                    outgoing: OutgoingBytes(credit: core.window, isHeld: isConnection)))
            return .opened(stream, isConnection: isConnection, milliseconds: milliseconds, request: request)
        case .drain:
            guard !isDrained else { return nil }
            isDrained = true
            return .drained
        case .hello: throw .wrongDirection(.hello)
        // Taken by what both ends have in common.
        case .data, .end, .reset, .window: return nil
        }
    }

    // MARK: Streams

    /// The connection that a stream asked for stands.
    public mutating func connected(_ stream: TunnelStreamID) { core.greet(stream) }

    /// Bytes for the proxy: of a response as a push has it, without the fields that are a push's alone; or of a connection.
    public mutating func send(_ stream: TunnelStreamID, _ bytes: ByteBuffer) { core.write(stream, bytes) }

    /// Nothing more is sent: a response is complete.
    public mutating func end(_ stream: TunnelStreamID) { core.finish(stream) }

    /// Gives a stream up, and says why. Nothing more is told of it.
    ///
    /// - Parameter text: One sentence for whoever reads the scrape's error.
    public mutating func fail(_ stream: TunnelStreamID, _ kind: FailureKind, _ text: String) {
        core.reset(stream, TunnelReset.write(kind, text))
    }

    /// So many bytes of a connection have gone on to whom they are for.
    public mutating func passedOn(_ stream: TunnelStreamID, _ bytes: Int, at now: NIODeadline) {
        core.passedOn(stream, bytes, at: now)
    }

    /// Bytes that wait to be sent on a stream; above `TunnelSettings.highWater` its source is to pause, until `wantsMore`.
    public func waiting(_ stream: TunnelStreamID) -> Int { core.waiting(stream) }

    /// Whether this end has something to send on a stream, or may have yet.
    public func isSending(_ stream: TunnelStreamID) -> Bool { core.streams[stream.number]?.outgoing != nil }

    /// Whether anything is heard of a stream, or sent on it, yet.
    public func isUnderWay(_ stream: TunnelStreamID) -> Bool { core.streams[stream.number] != nil }

    // MARK: The connection

    /// What is said now takes the place of what was said before.
    public mutating func hello(_ hello: Hello) {
        maxStreams = max(maxStreams, hello.streams)
        core.send(.hello(hello.payload))
    }

    public mutating func close(_ close: WebSocketClose, at now: NIODeadline) { core.close(close, at: now) }

    /// What is to be written now, about so many bytes at most; `nil` for nothing.
    public mutating func takeOutput(atMost most: Int) -> ByteBuffer? { core.takeOutput(atMost: most) }

    /// When `timePassed` has something to do, at the earliest.
    public var nextDeadline: NIODeadline? { core.nextDeadline }

    public mutating func timePassed(to now: NIODeadline) { core.timePassed(to: now) }
}
