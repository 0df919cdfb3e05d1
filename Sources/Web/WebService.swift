import Logging
import NIOCore

/// What all listeners of a program share: limits, and all that is counted against them; the event loops and their clocks.
public final class WebService: Sendable {
    let group: any EventLoopGroup
    let limits: WebLimits
    let metrics: WebMetrics
    let logger: Logger
    let pending: PendingBytes
    let clocks: ClockTable

    /// - Parameters:
    ///   - group: The loops that connections are served on.
    ///   - metrics: Of this service alone: its gauge of connections is what `limits.maxConnections` is held against.
    public init(on group: any EventLoopGroup, limits: WebLimits, metrics: WebMetrics, logger: Logger) {
        self.group = group
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        pending = PendingBytes(limit: limits.maxPendingBytes, gauge: metrics.pendingBytes)
        clocks = ClockTable(group: group, limits: limits)
    }

    /// Counts a connection in; false when there are as many as there may be.
    func connectionOpened() -> Bool {
        metrics.connections.add(1)
        return metrics.connections.value <= limits.maxConnections
    }

    func connectionClosed() { metrics.connections.add(-1) }
}
