import Calendar
import Flags
import Store

/// A time in the past as `--since` takes it: a duration (`15m`: that long ago), or a date with or without a time in UTC
/// (`2026-11-05`, `2026-11-05T14:03:22Z`).
struct PointInTime: Equatable, Sendable {
    private enum Meaning: Equatable {
        case ago(Int64)
        case at(UnixMilliseconds)
    }

    private let meaning: Meaning

    /// For `@Option(…, transform:)`.
    init(_ argument: String) throws(FlagValue.Expected) {
        if let ago = GoDuration(argument) {
            meaning = .ago(ago.milliseconds)
            return
        }
        do throws(CivilTime.Malformed) {
            meaning = .at(try CivilTime(utc: argument).unixMilliseconds)
        } catch {
            throw switch error {
            case .form:
                FlagValue.Expected(
                    "expected a duration such as 15m, or a UTC date such as 2026-11-05 or 2026-11-05T14:03:22Z")
            case .noSuchDay: FlagValue.Expected("expected a date that exists")
            case .noSuchTime: FlagValue.Expected("expected a time from 00:00:00 to 23:59:59")
            }
        }
    }

    func time(now: UnixMilliseconds) -> UnixMilliseconds {
        switch meaning {
        case .ago(let span): now.subtractingReportingOverflow(span).overflow ? .min : now - span
        case .at(let time): time
        }
    }
}
