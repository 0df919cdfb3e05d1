import NIOCore

/// What both ends of a tunnel keep to. The proxy's are told to the client in a WELCOME.
public struct TunnelSettings: Sendable {
    /// How many bytes of a stream may be under way at its beginning.
    public var window = 65_536
    public var pingInterval = TimeAmount.seconds(15)
    /// How long a client may take to say who it is.
    public var helloTimeout = TimeAmount.seconds(10)
    /// The most streams at once, whatever a client asks for.
    public var maxStreams = Hello.maxStreams

    /// The largest window of a stream; bytes.
    public static let maxWindow = 1_048_576
    /// By how much the windows of all streams together may have grown; bytes.
    static let maxGrowth = 4_194_304
    /// The most bytes of a stream in a message: streams take turns at this. Bytes.
    static let maxPiece = 16_384
    /// The largest message that carries them where no other stream waits for its turn, all heads included. Bytes.
    static let maxLoneMessage = 65_536
    /// The most that waits for a stream before its source is to pause, and down to which it resumes; bytes.
    public static let highWater = 65_536
    static let lowWater = 32_768
    /// The most that the windows of all streams may be at their beginning, which bounds how many there are; bytes.
    static let maxWindows = 67_108_864
    /// The most that waits besides streams' bytes, and the most with what opens streams. A peer that reads nothing and lets us write on is given up;
    /// bytes.
    static let maxControl = 1_048_576
    static let maxOpening = 4_194_304
    /// For the other end's close frame, once ours is out.
    static let closeTime = TimeAmount.seconds(5)

    public init() {}

    /// With what no WELCOME can say brought to the nearest that it can.
    var valid: Self {
        var valid = self
        valid.window = min(max(window, 1), Self.maxWindow)
        valid.pingInterval = min(max(pingInterval, Welcome.minInterval), Welcome.maxInterval)
        valid.maxStreams = min(max(1, maxStreams), Self.maxWindows / valid.window)
        return valid
    }
}

/// How a tunnel ended.
public enum TunnelClosing: Sendable, Equatable {
    /// The connection, without a word.
    case lost
    /// Nothing was heard for two and a half ping intervals.
    case silent
    /// The other end closed it.
    case closed(WebSocketClose)
    /// This end closed it.
    case done
    /// The other end broke a rule.
    case failed(TunnelFailure)
    /// The other end lets what we have to say pile up.
    case unread

    /// Half a sentence for logs and for scrapes that ended with it.
    public var explanation: String {
        switch self {
        case .lost: "the tunnel's connection was lost"
        case .silent: "nothing was heard through the tunnel for too long"
        case .closed(let close):
            close.reason.isEmpty ? "the tunnel was closed" : "the tunnel was closed: \(close.reason)"
        case .done: "the tunnel was closed"
        case .failed(let failure): "the tunnel was closed because \(failure.explanation)"
        case .unread: "the tunnel was closed because nothing was read from it"
        }
    }
}
