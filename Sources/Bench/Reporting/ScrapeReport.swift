/// What `scrape` prints at its end.
enum ScrapeReport {
    /// `outside` is what happened before and after the measured window.
    static func text(_ window: ScrapeWindow, outside: ScrapeCounts, isOpenLoop: Bool) -> String {
        let counts = window.counts
        var lines = [
            "scrapes    \(counts.good) good in \(Fixed.text(window.seconds, 2)) s: \(Fixed.text(Double(counts.good) / window.seconds, 1))/s, \(Fixed.text(Double(window.bodyBytes) / window.seconds / 1e6, 1)) MB/s of bodies",
            "latency    p50 \(milliseconds(window, 50))  p90 \(milliseconds(window, 90))  p99 \(milliseconds(window, 99))  p99.9 \(milliseconds(window, 99.9))  max \(Fixed.text(Double(window.latency.max) / 1e6, 2)) ms",
        ]
        if isOpenLoop {
            let late = Double(window.lateness.valueAtPercentile(99)) / 1e6
            lines.append(
                "scraper    started scrapes up to \(Fixed.text(late, 2)) ms (p99) after they were due"
                    + (late > 2 ? ": it was itself too busy for these latencies to mean much" : ""))
        }
        for (title, counts) in [("errors", counts), ("outside", outside)] where counts.errors > 0 || title == "errors" {
            lines.append("\(title.padded(to: 10)) \(counts.summary)")
        }
        return lines.joined(separator: "\n")
    }

    private static func milliseconds(_ window: ScrapeWindow, _ percentile: Double) -> String {
        Fixed.text(Double(window.latency.valueAtPercentile(percentile)) / 1e6, 2)
    }
}
