/// What connections through CONNECT came to: in all, or since the last flush.
public struct ConnectionCounts: Sendable, Equatable {
    /// Those that the client opened.
    public var opened: Int
    /// CONNECTs that failed, and connections that broke off: such a one has been opened as well.
    public var failed: Int
    /// Bytes of connections that have ended, from the scraper on to the target.
    public var bytesToTarget: Int64
    /// And from the target on to the scraper.
    public var bytesToScraper: Int64

    public init(opened: Int = 0, failed: Int = 0, bytesToTarget: Int64 = 0, bytesToScraper: Int64 = 0) {
        self.opened = opened
        self.failed = failed
        self.bytesToTarget = bytesToTarget
        self.bytesToScraper = bytesToScraper
    }

    /// Stays within what a counter of the record holds (`Meaning.largestCount`).
    public static func += (counts: inout ConnectionCounts, more: ConnectionCounts) {
        counts.opened = sum(counts.opened, more.opened)
        counts.failed = sum(counts.failed, more.failed)
        counts.bytesToTarget = sum(counts.bytesToTarget, more.bytesToTarget)
        counts.bytesToScraper = sum(counts.bytesToScraper, more.bytesToScraper)
    }

    private static func sum<Count: FixedWidthInteger>(_ count: Count, _ more: Count) -> Count {
        let most = Count(clamping: Meaning.largestCount)
        let (sum, overflow) = count.addingReportingOverflow(more)
        return overflow ? most : min(sum, most)
    }
}
