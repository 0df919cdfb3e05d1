import Failures
import Logging
import NIOCore

/// What all connections share that scrapers ask for through the proxy (CONNECT), and how many of them there are.
///
/// Confined to the client's event loop.
final class ConnectDesk {
    let client: OutboundClient
    let offers: OfferDesk
    let metrics: ClientMetrics
    let logger: Logger
    private let limit: Int
    private var count = 0

    /// - Parameter limit: of connections at once.
    init(client: OutboundClient, offers: OfferDesk, metrics: ClientMetrics, logger: Logger, limit: Int) {
        self.client = client
        self.offers = offers
        self.metrics = metrics
        self.logger = logger
        self.limit = limit
    }

    /// - Returns: whether another connection may begin; then it has, and `ended` must follow.
    func began() -> Bool {
        guard count < limit else { return false }
        count += 1
        metrics.tunnel.connections.set(count)
        return true
    }

    func ended() {
        count -= 1
        metrics.tunnel.connections.set(count)
    }
}
