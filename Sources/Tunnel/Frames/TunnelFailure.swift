/// Which rule of the tunnel what the other end sent breaks. The connection is closed for it.
public enum TunnelFailure: Error, Sendable, Equatable {
    case webSocket(WebSocketFailure)
    /// A message without the five bytes that every frame begins with.
    case shortFrame
    /// Below 128, and none that there is.
    case unknownType(UInt8)
    /// It is the other end's to send.
    case wrongDirection(FrameType)
    /// Of the connection what is of streams, or the other way round.
    case wrongStream(FrameType)
    /// A payload too long, too short, or not what it should be.
    case malformed(FrameType)
    /// Of a stream that was never opened.
    case neverOpened
    /// A number that is used already, or lower than one that is.
    case openedTwice
    /// More bytes than the window allows.
    case windowExceeded
    /// More credit than a window can have.
    case tooMuchCredit
    /// The client is to say first who it is.
    case helloMissing
    /// More streams at once than the client takes.
    case tooManyStreams
    /// Bytes behind the end of a stream.
    case afterEnd

    public var code: WebSocketCloseCode {
        if case .webSocket(let failure) = self { failure.code } else { .protocolError }
    }

    /// Half a sentence for logs, and for the other end.
    public var explanation: String {
        switch self {
        case .webSocket(let failure): failure.explanation
        case .shortFrame: "a message is too short for a frame"
        case .unknownType(let type): "a frame has type \(type)"
        case .wrongDirection(let type): "a frame of type \(type) came from the wrong end"
        case .wrongStream(let type): "a frame of type \(type) has a stream number that it must not have"
        case .malformed(let type): "the payload of a frame of type \(type) is malformed"
        case .neverOpened: "a frame has the number of a stream that was never opened"
        case .openedTwice: "a stream was opened under a number that was used before"
        case .windowExceeded: "a stream brought more bytes than its window allows"
        case .tooMuchCredit: "a stream was given more credit than a window can have"
        case .helloMissing: "the first frame is no HELLO"
        case .tooManyStreams: "more streams were opened than the client takes"
        case .afterEnd: "a stream went on behind its end"
        }
    }
}
