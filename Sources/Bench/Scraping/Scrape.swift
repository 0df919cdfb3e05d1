import NIOCore

/// One scrape on its way.
struct Scrape {
    var target: Int
    /// When it was to begin; its latency counts from here.
    var due: NIODeadline
    var token: UInt64 = 0
    var sent = NIODeadline.distantPast
    /// Sent once before, on a connection that turned out to be closed.
    var isRepeat = false
}
