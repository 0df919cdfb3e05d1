import Histogram

/// What a scraper saw between two marks.
struct ScrapeWindow: Sendable {
    var counts = ScrapeCounts()
    /// Nanoseconds from when a scrape was due (open loop) or sent (closed loop) to the last byte of its answer; good ones only.
    var latency = Self.histogram()
    /// Nanoseconds by which the scraper itself was late: from when a scrape was due to when its timer ran. Open loop only.
    var lateness = Self.histogram()
    var bodyBytes = 0
    var seconds = 0.0

    /// 1 µs … 2 minutes with three digits.
    private static func histogram() -> Histogram<UInt64> {
        Histogram(
            lowestDiscernibleValue: 1_000, highestTrackableValue: 120_000_000_000,
            numberOfSignificantValueDigits: .three)
    }
}
