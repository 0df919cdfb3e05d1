import Store

/// An instant as a calendar and a clock show it; reckoned here, so that views stay pure and need no Foundation.
struct CalendarTime: Equatable, Sendable {
    var year: Int64
    var month: Int64
    var day: Int64
    var hour: Int64
    var minute: Int64
    var second: Int64
    var millisecond: Int64

    /// - Parameter utcOffset: Seconds that the clock shown is ahead of UTC.
    init(_ time: UnixMilliseconds, utcOffset: Int = 0) {
        // Wide enough for every value that a damaged record may hold.
        let (shifted, overflow) = time.addingReportingOverflow(Int64(utcOffset) * 1000)
        let local = overflow ? time : shifted
        millisecond = Self.modulo(local, 1000)
        let seconds = Self.floored(local, 1000)
        let days = Self.floored(seconds, 86_400)
        let rest = Self.modulo(seconds, 86_400)
        hour = rest / 3600
        minute = rest % 3600 / 60
        second = rest % 60
        // Days to civil date in the proleptic Gregorian calendar: years begin in March, so that the leap day is the last.
        let fromMarch0 = days + 719_468
        let era = Self.floored(fromMarch0, 146_097)
        let dayOfEra = fromMarch0 - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `2026-11-05`.
    var date: String { "\(Quantity.padded(year, width: 4))-\(Quantity.padded(month))-\(Quantity.padded(day))" }
    /// `14:03:22`.
    var clock: String { "\(Quantity.padded(hour)):\(Quantity.padded(minute)):\(Quantity.padded(second))" }

    /// An instant as RFC 3339 has it, in UTC: `2026-11-05T14:03:22.123Z`.
    static func rfc3339(_ time: UnixMilliseconds) -> String {
        let utc = CalendarTime(time)
        return "\(utc.date)T\(utc.clock).\(Quantity.padded(utc.millisecond, width: 3))Z"
    }

    /// The clock for times of today, the date as well for others.
    static func local(_ time: UnixMilliseconds, now: Moment) -> String {
        let shown = CalendarTime(time, utcOffset: now.utcOffset)
        let today = CalendarTime(now.wall, utcOffset: now.utcOffset)
        return shown.date == today.date ? shown.clock : "\(shown.date) \(shown.clock)"
    }

    private static func floored(_ value: Int64, _ by: Int64) -> Int64 {
        value >= 0 ? value / by : -((-(value + 1)) / by) - 1
    }
    private static func modulo(_ value: Int64, _ by: Int64) -> Int64 {
        let rest = value % by
        return rest < 0 ? rest + by : rest
    }
}
