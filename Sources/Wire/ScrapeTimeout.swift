/// How long a scrape may take, as `X-Prometheus-Scrape-Timeout-Seconds` says it.
public enum ScrapeTimeout {
    /// The timeout that a header's text asks for, in nanoseconds; `nil` when there is no usable one: no number, not above zero,
    /// not finite. Anything over a year counts as a year (upstream overflows there).
    public static func parse(_ text: String?) -> Int64? {
        guard let text, let seconds = Double(text), seconds.isFinite, seconds > 0 else { return nil }
        return Int64((min(seconds, 31_536_000) * 1e9).rounded(.up))
    }

    /// The timeout that a proxy applies: what the header asks for, `fallback` where it asks for nothing usable, never more than
    /// `maximum`. Nanoseconds.
    public static func effective(_ text: String?, fallback: Int64, maximum: Int64) -> Int64 {
        min(parse(text) ?? fallback, maximum)
    }

    /// What is left of a timeout after some of it has passed: in whole milliseconds, rounded up, at least one and at most all of it.
    /// Nanoseconds, all three.
    public static func left(of timeout: Int64, after passed: Int64) -> Int64 {
        let (rest, overflow) = timeout.subtractingReportingOverflow(max(passed, 0))
        guard !overflow, rest > 0 else { return min(timeout, 1_000_000) }
        let milliseconds = rest / 1_000_000 + (rest % 1_000_000 == 0 ? 0 : 1)
        let (rounded, over) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return over ? timeout : min(rounded, timeout)
    }

    /// Seconds as the header writes them: no more digits than are needed.
    public static func text(nanoseconds: Int64) -> String {
        nanoseconds % 1_000_000_000 == 0
            ? String(nanoseconds / 1_000_000_000) : String(Double(nanoseconds) / 1_000_000_000)
    }
}
