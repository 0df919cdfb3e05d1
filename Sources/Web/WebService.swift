import Logging
import NIOCore
import Synchronization

/// What all listeners of a program share: limits, and all that is counted against them; the event loops and their clocks.
public final class WebService: Sendable {
    public let group: any EventLoopGroup
    let limits: WebLimits
    let metrics: WebMetrics
    let logger: Logger
    let pending: PendingBytes
    let clocks: ClockTable
    /// Looked at where `limits.maxConnectionsPerAddress` is not 0.
    private let addresses: Mutex<AddressTable>

    /// - Parameters:
    ///   - group: The loops that connections are served on.
    ///   - metrics: Of this service alone: its gauge of connections is what `limits.maxConnections` is held against.
    public init(on group: any EventLoopGroup, limits: WebLimits, metrics: WebMetrics, logger: Logger) {
        self.group = group
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        addresses = Mutex(AddressTable(most: limits.maxConnectionsPerAddress))
        pending = PendingBytes(limit: limits.maxPendingBytes, gauge: metrics.pendingBytes)
        clocks = ClockTable(group: group, limits: limits)
    }

    /// Counts a connection in; false when there are as many as there may be.
    func connectionOpened() -> Bool {
        metrics.connections.add(1)
        return metrics.connections.value <= limits.maxConnections
    }

    /// Counts a connection in until it closes; false when its address has as many as it may have.
    func addressHasRoom(for channel: any Channel) -> Bool {
        guard limits.maxConnectionsPerAddress > 0, let key = AddressTable.key(channel.remoteAddress?.ipAddress) else {
            return true
        }
        channel.closeFuture.whenComplete { _ in self.addresses.withLock { $0.closed(key) } }
        return addresses.withLock { $0.opened(key) }
    }

    func connectionClosed() { metrics.connections.add(-1) }
}
