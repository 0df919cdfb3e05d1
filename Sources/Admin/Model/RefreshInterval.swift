/// How often the screen is read anew: steps from quick enough to watch a single client to slow enough for the worst link.
struct RefreshInterval: Equatable, Sendable {
    /// Milliseconds, ascending.
    static let steps: [Int64] = [250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000]

    private(set) var milliseconds: Int64

    /// Below the smallest step this is raised to it, above the largest lowered.
    init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.steps[0]), Self.steps[Self.steps.count - 1])
    }

    mutating func shorten() { milliseconds = Self.steps.last { $0 < milliseconds } ?? milliseconds }
    mutating func lengthen() { milliseconds = Self.steps.first { $0 > milliseconds } ?? milliseconds }

    /// `0.5s`, `2s`, `60s`.
    var label: String {
        milliseconds % 1000 == 0
            ? "\(milliseconds / 1000)s" : Quantity.fixed(Double(milliseconds) / 1000, digits: 2) + "s"
    }
}
