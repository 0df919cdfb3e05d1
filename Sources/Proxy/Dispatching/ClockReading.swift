import Calendar
import NIOCore
import Store

/// One instant on both clocks: the one that measures, which the broker goes by, and the one that people and the record read.
struct ClockReading: Sendable {
    let deadline: NIODeadline
    let wall: UnixMilliseconds

    static func now() -> ClockReading {
        ClockReading(deadline: .now(), wall: WallClock.now())
    }

    /// The wall-clock time of another instant, before or after this one. At the ends of what can be said, the end.
    func wall(of other: NIODeadline) -> UnixMilliseconds {
        let (sum, overflow) = wall.addingReportingOverflow((other - deadline).nanoseconds / 1_000_000)
        return overflow ? (wall < 0 ? .min : .max) : sum
    }

    /// The measuring clock's time of a wall-clock instant: its beginning and `distantFuture` for what lies beyond them.
    func deadline(of other: UnixMilliseconds) -> NIODeadline {
        let (difference, overflow) = other.subtractingReportingOverflow(wall)
        return deadline + .milliseconds(overflow ? (other < 0 ? .min : .max) : difference)
    }
}
