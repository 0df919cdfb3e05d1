import NIOCore

/// What the other end may send on a stream, and has sent.
///
///     window = credit (may still come) + held (came, and was not passed on) + passed (not yet told)
///
/// holds at all times. The window grows while a whole one is passed on within two round trips: then the link, and not who takes the bytes, is what
/// the stream waits for. Where the link is short, so is the way through two processes that have other things to do.
struct IncomingCredit: Sendable {
    /// What a round trip counts as at least.
    private static let shortestRoundTrip = TimeAmount.milliseconds(5)

    private(set) var window: Int
    private(set) var credit: Int
    private var passed = 0
    /// `nil` until the first byte came: what a target takes to answer says nothing of the link.
    private var epochBegan: NIODeadline?
    private var epochBytes = 0

    init(window: Int) {
        self.window = window
        credit = window
    }

    /// Bytes that came and were not passed on.
    var held: Int { window - credit - passed }

    /// - Returns: Whether they were allowed.
    mutating func received(_ bytes: Int, at now: NIODeadline) -> Bool {
        guard bytes <= credit else { return false }
        if epochBegan == nil { epochBegan = now }
        credit -= bytes
        return true
    }

    /// - Parameters:
    ///   - roundTrip: `nil` where it is not known.
    ///   - budget: By how much windows of the connection may still grow.
    /// - Returns: What the other end is to be told; 0 for nothing yet.
    mutating func passedOn(_ bytes: Int, roundTrip: TimeAmount?, budget: inout Int, at now: NIODeadline) -> Int {
        let bytes = min(max(bytes, 0), held)
        passed += bytes
        epochBytes += bytes
        var growth = 0
        if epochBytes >= window {
            let time = max(roundTrip ?? .milliseconds(50), Self.shortestRoundTrip)
            if now - (epochBegan ?? now) <= time + time {
                growth = max(0, min(window, TunnelSettings.maxWindow - window, budget))
                budget -= growth
            }
            epochBegan = now
            epochBytes = 0
        }
        guard growth > 0 || passed >= window / 4 || (credit == 0 && held == 0) else { return 0 }
        let grant = passed + growth
        window += growth
        credit += grant
        passed = 0
        return grant
    }

    /// By how much the window has grown, for the budget when the stream ends.
    func growth(over first: Int) -> Int { max(0, window - first) }
}
