/// What a frame is (RFC 6455 section 5.2), of those that have a place here.
enum WebSocketOpcode: UInt8 {
    case continuation = 0
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// Control frames are short, whole, and may come between the fragments of a message (section 5.5).
    var isControl: Bool { rawValue >= 8 }

    /// The longest payload of a control frame, in bytes.
    static let maxControlBytes = 125
}
