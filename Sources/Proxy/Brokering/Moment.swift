import NIOCore
import Store

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One instant on both clocks: the one that measures, which the broker goes by, and the one that people and the record read.
struct Moment: Sendable {
    let deadline: NIODeadline
    let wall: UnixMilliseconds

    static func now() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(
            deadline: .now(), wall: UnixMilliseconds(time.tv_sec) * 1000 + UnixMilliseconds(time.tv_nsec) / 1_000_000)
    }

    /// The wall-clock time of another instant, before or after this one.
    func wall(of other: NIODeadline) -> UnixMilliseconds {
        let (time, overflow) = wall.addingReportingOverflow((other - deadline).nanoseconds / 1_000_000)
        return overflow ? .max : time
    }

    /// The measuring clock's time of a wall-clock instant; the nearest one that it has.
    func deadline(of other: UnixMilliseconds) -> NIODeadline {
        let (span, overflow) = other.subtractingReportingOverflow(wall)
        if overflow { return other < wall ? .uptimeNanoseconds(0) : .distantFuture }
        let (nanoseconds, isTooMuch) = span.multipliedReportingOverflow(by: 1_000_000)
        if isTooMuch { return span < 0 ? .uptimeNanoseconds(0) : .distantFuture }
        return deadline + .nanoseconds(nanoseconds)
    }
}
