import Store

/// A moment, told by two clocks.
struct Moment: Equatable, Sendable {
    /// The time of day: what ages are reckoned from.
    var wall: UnixMilliseconds
    /// Milliseconds on a clock that is never set: what the next refresh is reckoned from.
    var uptime: Int64
    /// Seconds that local time is ahead of UTC.
    var utcOffset: Int

    init(wall: UnixMilliseconds, uptime: Int64, utcOffset: Int = 0) {
        self.wall = wall
        self.uptime = uptime
        self.utcOffset = utcOffset
    }
}

/// Everything that can happen to the model.
enum Event: Sendable {
    case keyPressed(Key)
    case mouseMoved(MouseEvent)
    case resized(Size)
    /// Time went by.
    case ticked(Moment)
    /// The answer to a request.
    case recordRead(ReadResult)
    /// Ctrl-Z, or another program's SIGTSTP.
    case stopRequested
    /// The process runs on after it was stopped.
    case continued
    /// The terminal hung up, or a signal asked to end.
    case endRequested
}

/// What the model wants done, by the shell around it.
enum Effect: Equatable, Sendable {
    /// Read this from the record, and forget older requests that have not been begun.
    case read(ReadRequest)
    /// Paint every cell anew: something else may have written on the terminal.
    case repaint
    /// Give the terminal back and stop the process until it is continued.
    case suspend
    case quit
}
