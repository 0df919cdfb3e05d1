/// What became of scrapes.
struct ScrapeCounts: Sendable, Codable, Equatable {
    /// Requests written.
    var sent = 0
    /// Whole responses read, whatever their status.
    var answered = 0
    /// Of them, status 200 with the body that was to come.
    var good = 0
    /// Whole responses by status.
    var statuses: [Int: Int] = [:]
    /// Status 200 with the body of another scrape, or one of the wrong length.
    var mismatched = 0
    /// The connection ended before the response did.
    var broken = 0
    /// No answer until well after the scrape's timeout.
    var lost = 0
    /// Bytes that came with no scrape in flight: an answer too many.
    var stray = 0
    var connectErrors = 0
    /// Open loop: dropped because too many scrapes of the target were due already.
    var skipped = 0

    /// What went wrong, as a number; 0 in a sound run.
    var errors: Int { answered - good + broken + lost + stray + connectErrors + skipped }

    /// All that was counted of errors, for people.
    var summary: String {
        let statuses = statuses.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        return
            "\(errors) errors: \(mismatched) wrong bodies, \(broken) broken off, \(lost) never answered, \(stray) stray, \(connectErrors) failed connects, \(skipped) skipped; statuses \(statuses)"
    }

    mutating func ended(status: Int, matches: Bool) {
        answered += 1
        statuses[status, default: 0] += 1
        if status == 200 {
            if matches { good += 1 } else { mismatched += 1 }
        }
    }

    static func + (left: ScrapeCounts, right: ScrapeCounts) -> ScrapeCounts {
        var sum = left
        sum.sent += right.sent
        sum.answered += right.answered
        sum.good += right.good
        sum.statuses.merge(right.statuses, uniquingKeysWith: +)
        sum.mismatched += right.mismatched
        sum.broken += right.broken
        sum.lost += right.lost
        sum.stray += right.stray
        sum.connectErrors += right.connectErrors
        sum.skipped += right.skipped
        return sum
    }
}
