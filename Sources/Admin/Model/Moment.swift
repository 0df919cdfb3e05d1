import Store

/// A moment, told by two clocks.
struct Moment: Equatable, Sendable {
    /// The time of day: what ages are counted from.
    var wall: UnixMilliseconds
    /// Milliseconds on a clock that is never set: what the next refresh is counted from.
    var uptime: Int64
    /// Seconds that local time is ahead of UTC.
    var utcOffset: Int

    init(wall: UnixMilliseconds, uptime: Int64, utcOffset: Int = 0) {
        self.wall = wall
        self.uptime = uptime
        self.utcOffset = utcOffset
    }
}
