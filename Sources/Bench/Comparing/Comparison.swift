/// A ratio that was asked for: one figure of one contestant on one case, over the same figure elsewhere.
struct Comparison: Sendable, Codable, Equatable {
    struct Side: Sendable, Codable, Equatable {
        var workload: String
        var contestant: String
    }

    var metric: String
    var numerator: Side
    var denominator: Side
    var ratio: PairedRatio

    /// `nil` when no pair has both figures.
    init?(_ metric: Metric, _ numerator: Side, over denominator: Side, in runs: [Run]) {
        var pairs: [PairedRatio.Pair] = []
        for run in runs where run.workload == numerator.workload && run.contestant == numerator.contestant {
            let other = runs.first {
                $0.workload == denominator.workload && $0.contestant == denominator.contestant && $0.pair == run.pair
            }
            guard let other, let top = run[metric], let bottom = other[metric], bottom > 0 else { continue }
            pairs.append(
                PairedRatio.Pair(
                    numerator: top, denominator: bottom,
                    disturbed: metric.isTimed && (run.isDisturbed || other.isDisturbed)))
        }
        guard !pairs.isEmpty else { return nil }
        self.metric = metric.rawValue
        self.numerator = numerator
        self.denominator = denominator
        ratio = PairedRatio(pairs)
    }
}
