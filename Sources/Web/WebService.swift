import Logging
import NIOCore

/// What all connections of one listener share.
final class WebService: Sendable {
    let limits: WebLimits
    let metrics: WebMetrics
    let logger: Logger
    let readTimeout: TimeAmount
    let pending: PendingBytes

    init(limits: WebLimits, metrics: WebMetrics, logger: Logger) {
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        self.readTimeout = limits.readHeaderTimeout.timeAmount
        self.pending = PendingBytes(limit: limits.maxPendingBytes, gauge: metrics.pendingBytes)
    }

    /// Counts a connection in; false when there are as many as there may be.
    func connectionOpened() -> Bool {
        metrics.connections.add(1)
        return metrics.connections.value <= limits.maxConnections
    }

    func connectionClosed() { metrics.connections.add(-1) }
}
