import NIOCore

/// What a frame says, as it comes out of `FrameReader`.
enum TunnelFrame: Sendable, Equatable {
    /// Header fields as in HTTP.
    case hello(ByteBuffer)
    case welcome(ByteBuffer)
    /// - Parameter request: A request as a poll's answer has it, without its id; or a CONNECT.
    case open(TunnelStreamID, milliseconds: UInt32, request: ByteBuffer)
    /// The next bytes of a stream; none only where a frame has none at all.
    case data(TunnelStreamID, ByteBuffer)
    /// Behind its last bytes, which came as `data`.
    case end(TunnelStreamID)
    case reset(TunnelStreamID, text: ByteBuffer)
    case window(TunnelStreamID, bytes: UInt32)
    case drain
}
