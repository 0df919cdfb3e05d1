import NIOCore
import NIOSSL

/// Gives exchanges their connections: an idle one where there is one, else a new one.
///
/// One event loop carries all of a client, so that what a target sends goes on to the proxy without a hop between threads.
/// Confined to that loop.
final class OutboundClient {
    let loop: any EventLoop
    private let connector: Connector
    private let tls: ClientTLS
    private let environment: ProxyEnvironment
    private var pool = ConnectionPool()
    private var isSweeping = false
    private var isClosed = false

    init(loop: any EventLoop, tls: ClientTLS, environment: ProxyEnvironment) {
        self.loop = loop
        self.environment = environment
        self.tls = tls
        connector = Connector(loop: loop, tls: tls)
    }

    func route(isHTTPS: Bool, host: String, port: Int, tls: Int? = nil) -> OutboundRoute {
        OutboundRoute(
            isHTTPS: isHTTPS, host: host, port: port,
            forwarder: environment.forwarder(isHTTPS: isHTTPS, host: host, port: port), tls: isHTTPS ? tls : nil)
    }

    /// For a connection whose bytes, TLS as a rule, are somebody else's.
    func opaqueRoute(host: String, port: Int) -> OutboundRoute {
        OutboundRoute(
            isHTTPS: false, host: host, port: port,
            forwarder: environment.forwarder(isHTTPS: true, host: host, port: port))
    }

    func findConnection(for exchange: OutboundExchange) {
        if let connection = pool.take(exchange.route) {
            connection.begin(exchange, wasKept: true)
        } else {
            findNewConnection(for: exchange)
        }
    }

    func findNewConnection(for exchange: OutboundExchange) {
        let connection = OutboundConnection(
            route: exchange.route, client: self, tlsGeneration: tls.generation)
        connector.open(exchange.route, for: connection) { result in
            switch result {
            case .success where exchange.isOver: self.connectionBecameIdle(connection)
            case .success: connection.begin(exchange, wasKept: false)
            case .failure(let failure): exchange.failed(failure)
            }
        }
    }

    /// A connection that is no exchange's: neither kept nor closed here (`Connector.open`).
    func open(
        _ route: OutboundRoute, isOpaque: Bool = false, for handler: some ChannelHandler,
        completion: @escaping (Result<Void, OutboundFailure>) -> Void
    ) {
        connector.open(route, isOpaque: isOpaque, for: handler, completion: completion)
    }

    func connectionBecameIdle(_ connection: OutboundConnection) {
        guard !isClosed, isCurrent(connection) else {
            connection.close()
            return
        }
        for surplus in pool.put(connection, at: loop.now) { surplus.close() }
        scheduleSweep()
    }

    func connectionClosed(_ connection: OutboundConnection) { pool.remove(connection) }

    /// New connections are made with this context. Those that are idle were made with the one before, and are closed; those in use
    /// are when they become idle.
    func replaceTLS(with context: NIOSSLContext) {
        tls.replace(with: context)
        closeOutdated()
    }

    /// The same of the targets that have settings of their own.
    func replaceTargetTLS(with targets: [TargetTLS]) {
        tls.replace(with: targets)
        closeOutdated()
    }

    private func closeOutdated() {
        for connection in pool.removeAll(where: { !isCurrent($0) }) { connection.close() }
    }

    private func isCurrent(_ connection: OutboundConnection) -> Bool {
        !connection.route.hasTLS || connection.tlsGeneration == tls.generation && tls.knows(connection.route)
    }

    /// Closes what is idle, and everything that would become so. Exchanges under way go on.
    func close() {
        isClosed = true
        for connection in pool.removeAll(where: { _ in true }) { connection.close() }
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
