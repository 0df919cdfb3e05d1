/// One contestant's figure over another's, pair by pair: runs that followed each other, so that a slow minute of the machine hits both.
struct PairedRatio: Sendable, Codable, Equatable {
    /// Over the pairs that count.
    var spread: Spread?
    /// Pairs in which either run was disturbed.
    var disturbed: Int
    /// Whether undisturbed pairs were too few (under half, or under 3 of more), so that all count and the ratio means little.
    var isDoubtful: Bool

    /// The figures of one pair: numerator, denominator, and whether either run was disturbed.
    struct Pair: Sendable, Equatable {
        var numerator: Double
        var denominator: Double
        var disturbed: Bool
    }

    init(_ pairs: [Pair]) {
        let quiet = pairs.filter { !$0.disturbed }
        disturbed = pairs.count - quiet.count
        isDoubtful = quiet.count * 2 < pairs.count || (quiet.count < 3 && disturbed > 0)
        spread = Spread((isDoubtful ? pairs : quiet).map { $0.numerator / $0.denominator })
    }
}
