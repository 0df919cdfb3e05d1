import NIOCore
import Wire

/// What a close frame says (RFC 6455 section 5.5.1).
public struct WebSocketClose: Sendable, Equatable {
    /// `nil`: the frame is empty. 1005, which means so elsewhere, never stands in one.
    public let code: WebSocketCloseCode?
    /// For people; at most 123 bytes of UTF-8, and fit to be shown (`withoutControls`).
    public let reason: String

    private static let maxReasonBytes = WebSocketOpcode.maxControlBytes - 2

    /// - Parameter reason: Cut to what a frame holds, and cleaned. There is none without a code.
    public init(_ code: WebSocketCloseCode?, reason: String = "") {
        self.code = code
        self.reason = code == nil ? "" : reason.withoutControls.prefix(utf8Bytes: Self.maxReasonBytes)
    }

    init(payload: ByteBuffer) throws(WebSocketFailure) {
        var payload = payload
        guard payload.readableBytes > 0 else {
            self.init(nil)
            return
        }
        guard let number = payload.readInteger(as: UInt16.self) else { throw .halfCloseCode }
        guard let code = WebSocketCloseCode(rawValue: number) else { throw .invalidCloseCode(number) }
        guard let reason = String(validating: payload.readableBytesView, as: UTF8.self) else {
            throw .closeReasonNotUTF8
        }
        self.init(code, reason: reason)
    }

    var payload: ByteBuffer {
        var payload = ByteBuffer()
        if let code {
            payload.writeInteger(code.rawValue)
            payload.writeString(reason)
        }
        return payload
    }
}

/// Why a connection is closed: a number that may stand in a close frame (RFC 6455 section 7.4, and IANA's registry for 1012 to 1014).
public struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    /// `nil` for a number that must not: those that only programs tell themselves (1005, 1006, 1015), those that are reserved, and what lies outside
    /// 1000…4999.
    public init?(rawValue: UInt16) {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: self.rawValue = rawValue
        default: return nil
        }
    }

    /// - Parameter known: One that may.
    init(known: UInt16) { rawValue = known }

    public static let normal = Self(known: 1000)
    public static let goingAway = Self(known: 1001)
    public static let protocolError = Self(known: 1002)
    public static let unsupportedData = Self(known: 1003)
    public static let invalidPayload = Self(known: 1007)
    public static let policyViolation = Self(known: 1008)
    public static let tooLarge = Self(known: 1009)
    public static let internalError = Self(known: 1011)
    public static let tryAgainLater = Self(known: 1013)
}
