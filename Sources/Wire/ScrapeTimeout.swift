import NIOCore

/// How long a scrape may take, as `X-Prometheus-Scrape-Timeout-Seconds` says it.
public enum ScrapeTimeout {
    /// The timeout that a header's text asks for; `nil` when there is no usable one: no number, not above zero, not finite.
    /// Anything over a year counts as a year (upstream overflows there).
    public static func parse(_ text: String?) -> TimeAmount? {
        guard let text, let seconds = Double(text), seconds.isFinite, seconds > 0 else { return nil }
        return .nanoseconds(Int64((min(seconds, 31_536_000) * 1e9).rounded(.up)))
    }

    /// The timeout that a proxy applies: what the header asks for, `fallback` where it asks for nothing usable, never more than
    /// `maximum`.
    public static func effective(_ text: String?, fallback: TimeAmount, maximum: TimeAmount) -> TimeAmount {
        min(parse(text) ?? fallback, maximum)
    }

    /// What is left of a timeout after some of it has passed: in whole milliseconds, rounded up, at least one and at most all of it.
    public static func left(of timeout: TimeAmount, after passed: TimeAmount) -> TimeAmount {
        let (rest, overflow) = timeout.nanoseconds.subtractingReportingOverflow(max(passed.nanoseconds, 0))
        guard !overflow, rest > 0 else { return min(timeout, .milliseconds(1)) }
        // Caps what does not fit.
        let rounded = TimeAmount.milliseconds(rest / 1_000_000 + (rest % 1_000_000 == 0 ? 0 : 1))
        return min(rounded, timeout)
    }

    /// Seconds as the header writes them: no more digits than are needed.
    public static func text(_ time: TimeAmount) -> String {
        let nanoseconds = time.nanoseconds
        return nanoseconds % 1_000_000_000 == 0
            ? String(nanoseconds / 1_000_000_000) : String(Double(nanoseconds) / 1_000_000_000)
    }
}
