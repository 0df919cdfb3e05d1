/// What a frame of the tunnel is: the first byte of each message.
public enum FrameType: UInt8, CaseIterable, Sendable {
    /// Client: who it is. The first frame of all, and again whenever that changes.
    case hello = 1
    /// Proxy: its answer to that.
    case welcome = 2
    /// Proxy: a scrape, or a connection to make.
    case open = 3
    /// Bytes of a stream.
    case data = 4
    /// The sender is done with a stream; may bring its last bytes.
    case end = 5
    /// The stream is over at once.
    case reset = 6
    /// Credit for the other end's bytes.
    case window = 7
    /// Proxy: nothing more is opened here.
    case drain = 8
}
