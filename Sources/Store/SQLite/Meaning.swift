/// The ranges in which the record's numbers make sense. A number outside was written by hand or by a fault, and is taken for the
/// nearest one inside, so that arithmetic on what was read never overflows.
enum Meaning {
    /// Unix time in milliseconds: up to the end of the year 9999.
    static let time: ClosedRange<Int64> = 0...253_402_300_799_999
    /// Unix time in seconds.
    static let second: ClosedRange<Int64> = 0...253_402_300_799
    /// Counters, and durations in microseconds: what a Double, and JSON, holds exactly. Counters stop there.
    static let count: ClosedRange<Int64> = 0...largestCount
    static let largestCount: Int64 = 1 << 53
    /// How many there are of something at one time, and process ids. The sum over any table fits an Int64.
    static let gauge: ClosedRange<Int64> = 0...Int64(Int32.max)
    static let status: ClosedRange<Int64> = 0...999

    /// SQL for a counter and what is added to it.
    /// - Parameter increment: SQL for it, such as `?1`; not negative.
    static func sum(_ counter: String, _ increment: String) -> String {
        "min(max(ifnull(CAST(\(counter) AS INTEGER), 0), 0), \(largestCount)) + min(\(increment), \(largestCount)"
            + " - min(max(ifnull(CAST(\(counter) AS INTEGER), 0), 0), \(largestCount)))"
    }
}

extension Statement {
    /// The nearest number in the range; mistyped values are what SQLite makes of them.
    func number(_ column: Int32, _ meaning: ClosedRange<Int64>) -> Int64 {
        min(max(integer(column), meaning.lowerBound), meaning.upperBound)
    }

    func optionalNumber(_ column: Int32, _ meaning: ClosedRange<Int64>) -> Int64? {
        isNull(column) ? nil : number(column, meaning)
    }

    func time(_ column: Int32) -> UnixMilliseconds { number(column, Meaning.time) }
    func optionalTime(_ column: Int32) -> UnixMilliseconds? { optionalNumber(column, Meaning.time) }
    func count(_ column: Int32) -> Int { Int(number(column, Meaning.count)) }
    func gauge(_ column: Int32) -> Int { Int(number(column, Meaning.gauge)) }

    /// Four columns in a row.
    func connectionCounts(from column: Int32) -> ConnectionCounts {
        ConnectionCounts(
            opened: count(column), failed: count(column + 1), bytesToTarget: number(column + 2, Meaning.count),
            bytesToScraper: number(column + 3, Meaning.count))
    }

    /// The client's spelling of its name, if it is one of this name.
    func spelling(_ column: Int32, of fqdn: String) -> String {
        let name = text(column, atMost: Limit.fqdn)
        return name.lowercased() == fqdn ? name : fqdn
    }
}
