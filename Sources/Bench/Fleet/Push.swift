import NIOCore

/// One push, ready to be written: the heads and the body's first line, then the rest of the body, whose storage is shared.
struct Push {
    var head: ByteBuffer
    var rest: ByteBuffer
    /// Sent once before, on a connection that turned out to be closed.
    var isRepeat = false
}
