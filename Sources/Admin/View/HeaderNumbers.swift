import Store

/// What the header says, computed from the record.
struct HeaderNumbers: Equatable, Sendable {
    /// Per second, over the last minute of the record.
    var scrapeRate = 0.0
    /// Of the scrapes of the last minute; `nil` when there were none.
    var failureShare: Double?
    var failureRate = 0.0

    /// Seconds that rates are taken over: long enough for scrape intervals of a minute.
    static let window: Int64 = 60

    init(_ overview: Overview) {
        let end = overview.proxy.heartbeat / 1000
        let recent = overview.seconds.filter { $0.second > end - Self.window && $0.second <= end }
        guard let first = recent.map(\.second).min(), let last = recent.map(\.second).max() else { return }
        let scrapes = recent.reduce(0) { $0 + $1.scrapes }
        let failures = recent.reduce(0) { $0 + $1.failures }
        let covered = Double(max(1, last - first + 1))
        scrapeRate = Double(scrapes) / covered
        failureRate = Double(failures) / covered
        if scrapes > 0 { failureShare = Double(failures) / Double(scrapes) }
    }

    /// Seconds in one cell of a sparkline: all sparklines tell the same stretch of time.
    static let cellSeconds: Int64 = 5

    /// One value per cell of a sparkline, the newest last; `nil` where the record has no samples.
    ///
    /// Cells begin at whole multiples of their length, so that the picture moves left and does not shimmer.
    static func series(
        _ overview: Overview, cells: Int, _ value: (SecondSample) -> Int, combine: Combination
    ) -> [Double?] {
        guard cells > 0 else { return [] }
        let newest = overview.proxy.heartbeat / 1000 / cellSeconds
        var sums = [Double?](repeating: nil, count: cells)
        var counts = [Double](repeating: 0, count: cells)
        for sample in overview.seconds {
            let (age, overflow) = newest.subtractingReportingOverflow(sample.second / cellSeconds)
            guard !overflow, age >= 0, age < Int64(cells) else { continue }
            let cell = cells - 1 - Int(age)
            let number = Double(value(sample))
            counts[cell] += 1
            switch combine {
            case .mean: sums[cell] = (sums[cell] ?? 0) + number
            case .largest: sums[cell] = max(sums[cell] ?? 0, number)
            }
        }
        guard combine == .mean else { return sums }
        return zip(sums, counts).map { sum, count in sum.map { $0 / max(1, count) } }
    }

    enum Combination: Sendable { case mean, largest }
}
