/// How a client stands in service discovery: in `/clients`, and in the file that `pushprox-admin sd` writes.
public enum ListedState: String, CaseIterable, Sendable {
    /// Scrapes reach it now, or would have a moment ago.
    case connected
    /// Not connected, but its registration has not run out.
    case stale

    /// For how long a client counts as connected after it was last seen, in milliseconds: one that polls is away for a moment after each scrape.
    public static let graceMilliseconds: Int64 = 10_000

    public init(isConnected: Bool) { self = isConnected ? .connected : .stale }
}
