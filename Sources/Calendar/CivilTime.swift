/// An instant as a calendar and a clock show it, to the millisecond. There are no leap seconds, as in Unix time.
public struct CivilTime: Hashable, Sendable {
    public let date: CivilDate
    /// 0 to 23.
    public let hour: Int
    /// 0 to 59.
    public let minute: Int
    /// 0 to 59.
    public let second: Int
    /// 0 to 999.
    public let millisecond: Int

    /// - Parameters:
    ///   - unixMilliseconds: Unix time in milliseconds; any value, since a damaged file may hold any.
    ///   - utcOffset: Seconds that the clock shown is ahead of UTC. Left out where the sum would overflow.
    public init(unixMilliseconds: Int64, utcOffset: Int = 0) {
        let (shifted, overflow) = unixMilliseconds.addingReportingOverflow(Int64(utcOffset) * 1000)
        let (days, rest) = Int(overflow ? unixMilliseconds : shifted).dividedRoundingDown(by: 86_400_000)
        date = CivilDate(daysSince1970: days)
        hour = rest / 3_600_000
        minute = rest / 60_000 % 60
        second = rest / 1000 % 60
        millisecond = rest % 1000
    }

    init(date: CivilDate, hour: Int, minute: Int, second: Int) {
        (self.date, self.hour, self.minute, self.second, millisecond) = (date, hour, minute, second, 0)
    }

    /// Unix time in milliseconds, if this is UTC.
    public var unixMilliseconds: Int64 {
        // An Int64 can't hold the midnight of the first day that it reaches into: this wraps, and the sum wraps back.
        let midnight = Int64(date.daysSince1970) &* 86_400_000
        return midnight &+ Int64(((hour * 60 + minute) * 60 + second) * 1000 + millisecond)
    }
}
