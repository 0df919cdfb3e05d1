import Flags
import NIOCore

extension GoDuration {
    /// What flags and files say in Go's way, as everything behind them measures it.
    public var timeAmount: TimeAmount { .nanoseconds(nanoseconds) }
}
