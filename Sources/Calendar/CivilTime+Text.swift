extension CivilTime {
    /// Why a text could not be read as a date, or as a date and a time.
    public enum Malformed: Error, Equatable {
        /// It has the form of neither.
        case form
        /// There is no such day, such as 31 February.
        case noSuchDay
        /// There is no such time, such as 25:00:00.
        case noSuchTime
    }

    /// A date, whose midnight is meant, or a date and a time, both in UTC: `2026-11-05`, `2026-11-05T14:03:22Z` (RFC 3339 without
    /// fractions and offsets).
    public init(utc text: String) throws(Malformed) {
        let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard let ymd = Self.numbers(parts[0], separator: "-", widths: [4, 2, 2]) else { throw .form }
        var hms = [0, 0, 0]
        if parts.count == 2 {
            guard parts[1].hasSuffix("Z"),
                let read = Self.numbers(parts[1].dropLast(), separator: ":", widths: [2, 2, 2])
            else { throw .form }
            hms = read
        }
        guard let date = CivilDate(year: ymd[0], month: ymd[1], day: ymd[2]) else { throw .noSuchDay }
        guard hms[0] < 24, hms[1] < 60, hms[2] < 60 else { throw .noSuchTime }
        self.init(date: date, hour: hms[0], minute: hms[1], second: hms[2])
    }

    /// `14:03:22`.
    public var clock: String { "\(padded(hour)):\(padded(minute)):\(padded(second))" }

    /// As RFC 3339 has it, if this is UTC: `2026-11-05T14:03:22.123Z`.
    public var rfc3339: String { "\(date)T\(clock).\(padded(millisecond, 3))Z" }

    /// For the names of files, to the second, if this is UTC: `20261105T140322Z` (ISO 8601, basic format).
    public var basic: String {
        "\(date.text(separator: ""))T\(padded(hour))\(padded(minute))\(padded(second))Z"
    }

    /// Numbers of so many ASCII digits each; `nil` for anything else.
    private static func numbers(_ text: Substring, separator: Character, widths: [Int]) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == widths, parts.allSatisfy({ $0.utf8.allSatisfy(\.isDigit) }) else { return nil }
        return parts.compactMap { Int($0) }
    }
}

extension CivilDate: CustomStringConvertible {
    /// `2026-11-05`.
    public var description: String { text(separator: "-") }

    func text(separator: String) -> String {
        padded(year, 4) + separator + padded(month) + separator + padded(day)
    }
}

private func padded(_ value: Int, _ width: Int = 2) -> String {
    let digits = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
