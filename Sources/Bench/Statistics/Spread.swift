/// How a few figures lie: enough to judge them by.
struct Spread: Sendable, Codable, Equatable {
    var count: Int
    var median: Double
    var least: Double
    var most: Double
    /// The quartiles, by linear interpolation between the nearest figures.
    var lowerQuartile: Double
    var upperQuartile: Double

    /// `nil` for no figures. What is not finite is left out.
    init?(_ figures: [Double]) {
        let sorted = figures.filter(\.isFinite).sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        count = sorted.count
        least = first
        most = last
        median = Self.quantile(sorted, 0.5)
        lowerQuartile = Self.quantile(sorted, 0.25)
        upperQuartile = Self.quantile(sorted, 0.75)
    }

    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let position = share * Double(sorted.count - 1)
        let below = Int(position)
        guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[below] + (sorted[below + 1] - sorted[below]) * (position - Double(below))
    }
}
