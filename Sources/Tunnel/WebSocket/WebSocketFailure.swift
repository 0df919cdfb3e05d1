/// Which rule of RFC 6455 what the other end sent breaks. The connection is to be failed (section 7.1.7): a close frame with `close`, and its end.
public enum WebSocketFailure: Error, Sendable, Equatable {
    /// A reserved bit is set though no extension was agreed on.
    case reservedBits
    case unknownOpcode(UInt8)
    /// A well-formed message, of a kind that has no meaning in a tunnel.
    case textMessage
    /// A frame of a client without a mask.
    case notMasked
    /// A frame of a server with one.
    case masked
    case fragmentedControl
    /// A control frame over 125 bytes.
    case longControl
    /// A length that would fit into a shorter field.
    case longLengthField
    /// 2^63 bytes or more.
    case impossibleLength
    /// Over so many bytes.
    case messageTooLarge(limit: Int)
    case continuationOfNothing
    /// A new message before the last fragment of the one before.
    case messageInsideMessage
    /// A close frame of one byte.
    case halfCloseCode
    /// A code that must not stand in a close frame.
    case invalidCloseCode(UInt16)
    case closeReasonNotUTF8

    public var code: WebSocketCloseCode {
        switch self {
        case .messageTooLarge: .tooLarge
        case .closeReasonNotUTF8: .invalidPayload
        case .reservedBits, .unknownOpcode, .textMessage, .notMasked, .masked, .fragmentedControl, .longControl,
            .longLengthField, .impossibleLength, .continuationOfNothing, .messageInsideMessage, .halfCloseCode,
            .invalidCloseCode:
            .protocolError
        }
    }

    /// Half a sentence for logs, and for the other end.
    public var explanation: String {
        switch self {
        case .reservedBits: "a frame has a reserved bit set"
        case .unknownOpcode(let code): "a frame has opcode \(code)"
        case .textMessage: "a text message came"
        case .notMasked: "a client's frame is not masked"
        case .masked: "a server's frame is masked"
        case .fragmentedControl: "a control frame is fragmented"
        case .longControl: "a control frame is over \(WebSocketOpcode.maxControlBytes) bytes"
        case .longLengthField: "a length is written in more bytes than it needs"
        case .impossibleLength: "a length has its highest bit set"
        case .messageTooLarge(let limit): "a message is over \(limit) bytes"
        case .continuationOfNothing: "a continuation came without a message"
        case .messageInsideMessage: "a message began inside another"
        case .halfCloseCode: "a close frame has a single byte"
        case .invalidCloseCode(let code): "a close frame has code \(code)"
        case .closeReasonNotUTF8: "a close frame's reason is not UTF-8"
        }
    }

    /// What the other end is told.
    public var close: WebSocketClose { WebSocketClose(code, reason: explanation) }
}
