/// What of the labels that clients declare is let into service discovery: the value of `--discovery.labels`.
public enum DiscoveryLabels: String, CaseIterable, Sendable {
    /// None of them.
    case off
    /// As clients name them.
    case asGiven = "as-given"
    /// With `pushprox_` before their names, where they meet nobody else's.
    case prefixed

    static let prefix = "pushprox_"
}
