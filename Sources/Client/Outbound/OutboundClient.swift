import NIOCore

/// Gives exchanges their connections: an idle one where there is one, else a new one.
///
/// One event loop carries all of a client, so that what a target sends goes on to the proxy without a hop between threads.
/// Confined to that loop.
final class OutboundClient {
    let loop: any EventLoop
    private let connector: Connector
    private let environment: ProxyEnvironment
    private var pool = ConnectionPool()
    private var isSweeping = false
    private var isClosed = false

    init(loop: any EventLoop, tls: ClientTLS, environment: ProxyEnvironment) {
        self.loop = loop
        self.environment = environment
        connector = Connector(loop: loop, tls: tls)
    }

    func route(isHTTPS: Bool, host: String, port: Int) -> OutboundRoute {
        OutboundRoute(
            isHTTPS: isHTTPS, host: host, port: port,
            forwarder: environment.forwarder(isHTTPS: isHTTPS, host: host, port: port))
    }

    func findConnection(for exchange: OutboundExchange) {
        if let connection = pool.take(exchange.route) {
            connection.begin(exchange, wasKept: true)
        } else {
            findNewConnection(for: exchange)
        }
    }

    func findNewConnection(for exchange: OutboundExchange) {
        let connection = OutboundConnection(route: exchange.route, client: self)
        connector.open(connection) { result in
            switch result {
            case .success where exchange.isOver: self.connectionBecameIdle(connection)
            case .success: connection.begin(exchange, wasKept: false)
            case .failure(let failure): exchange.failed(failure)
            }
        }
    }

    func connectionBecameIdle(_ connection: OutboundConnection) {
        guard !isClosed else {
            connection.close()
            return
        }
        for surplus in pool.put(connection, at: loop.now) { surplus.close() }
        scheduleSweep()
    }

    func connectionClosed(_ connection: OutboundConnection) { pool.remove(connection) }

    /// Closes what is idle, and everything that would become so. Exchanges under way go on.
    func close() {
        isClosed = true
        for connection in pool.removeAll() { connection.close() }
    }

    private func scheduleSweep() {
        guard !isSweeping else { return }
        isSweeping = true
        loop.assumeIsolated().scheduleTask(in: ConnectionPool.maxIdleTime) { self.sweep() }
    }

    private func sweep() {
        isSweeping = false
        for connection in pool.expire(at: loop.now) { connection.close() }
        if !pool.isEmpty { scheduleSweep() }
    }
}
