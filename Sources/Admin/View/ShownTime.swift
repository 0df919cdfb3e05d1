import Calendar
import Store

/// Times of the record, as people and programs are shown them.
enum ShownTime {
    /// In UTC, as RFC 3339 has it: `2026-11-05T14:03:22.123Z`.
    static func utc(_ time: UnixMilliseconds) -> String { CivilTime(unixMilliseconds: time).rfc3339 }

    /// The local clock for times of today, the date as well for others.
    static func local(_ time: UnixMilliseconds, now: Moment) -> String {
        let shown = CivilTime(unixMilliseconds: time, utcOffset: now.utcOffset)
        let today = CivilTime(unixMilliseconds: now.wall, utcOffset: now.utcOffset).date
        return shown.date == today ? shown.clock : "\(shown.date) \(shown.clock)"
    }

    /// The local clock, whatever the day.
    static func localClock(_ time: UnixMilliseconds, now: Moment) -> String {
        CivilTime(unixMilliseconds: time, utcOffset: now.utcOffset).clock
    }
}
