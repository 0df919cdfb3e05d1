import ArgumentParser
import Flags
import Store

/// A time in the past as `--since` takes it: a duration (`15m`: that long ago), or a date with or without a time in UTC
/// (`2026-11-05`, `2026-11-05T14:03:22Z`).
struct PointInTime: ExpressibleByArgument, Equatable, Sendable {
    private enum Meaning: Equatable {
        case ago(Int64)
        case at(UnixMilliseconds)
    }

    private let meaning: Meaning

    init?(argument: String) {
        if let ago = GoDuration(argument) {
            meaning = .ago(ago.milliseconds)
        } else if let time = Self.parse(argument) {
            meaning = .at(time)
        } else {
            return nil
        }
    }

    func time(now: UnixMilliseconds) -> UnixMilliseconds {
        switch meaning {
        case .ago(let span): now.subtractingReportingOverflow(span).overflow ? .min : now - span
        case .at(let time): time
        }
    }

    /// `YYYY-MM-DD`, or `YYYY-MM-DDThh:mm:ssZ`.
    private static func parse(_ text: String) -> UnixMilliseconds? {
        let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard let date = numbers(parts[0], separator: "-", widths: [4, 2, 2]), (1...12).contains(date[1]),
            (1...31).contains(date[2])
        else { return nil }
        var clock = [0, 0, 0]
        if parts.count == 2 {
            guard parts[1].hasSuffix("Z"), let read = numbers(parts[1].dropLast(), separator: ":", widths: [2, 2, 2]),
                read[0] < 24, read[1] < 60, read[2] < 60
            else { return nil }
            clock = read
        }
        // Days of the proleptic Gregorian calendar, years counted from March.
        let year = date[1] <= 2 ? date[0] - 1 : date[0]
        let era = year < 0 ? -1 : year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((date[1] + 9) % 12) + 2) / 5 + date[2] - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        let time = UnixMilliseconds(((days * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]) * 1000
        // The 31st of February would be a day in March.
        return CalendarTime(time).day == date[2] ? time : nil
    }

    private static func numbers(_ text: Substring, separator: Character, widths: [Int]) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count == widths.count, zip(parts, widths).allSatisfy({ $0.count == $1 }) else { return nil }
        let numbers = parts.compactMap { part in part.allSatisfy(\.isASCIIDigit) ? Int(part) : nil }
        return numbers.count == parts.count ? numbers : nil
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isWholeNumber }
}
