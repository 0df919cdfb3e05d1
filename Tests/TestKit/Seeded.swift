/// A random number generator whose numbers repeat (SplitMix64).
public struct Seeded: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Each seed has a sequence of its own: were it only multiplied, all of them would be one sequence, each some steps ahead of the other.
    public init(_ seed: UInt64) { state = Self.mixed(seed ^ 0x5851_F42D_4C95_7F2D) }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
