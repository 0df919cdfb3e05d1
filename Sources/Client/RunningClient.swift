import Flags
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Telemetry
import Web
import Wire

/// A client: all its parts, wired up. Programs run one; tests run as many as they like.
final class RunningClient: Sendable {
    /// Where metrics are served; `nil` where they are not.
    let metricsAddress: ListenAddress?
    let metrics: ClientMetrics
    let readiness: Readiness
    let web: ClientWeb
    let logger: Logger

    private let listener: WebListener?
    private let group: MultiThreadedEventLoopGroup
    private let access: ClientAccess
    private let offers: OfferSource
    private let engine: NIOLoopBound<ClientEngine>
    let loop: any EventLoop

    private init(
        listener: WebListener?, web: ClientWeb, metrics: ClientMetrics, readiness: Readiness, logger: Logger,
        group: MultiThreadedEventLoopGroup, loop: any EventLoop, engine: NIOLoopBound<ClientEngine>,
        access: ClientAccess, offers: OfferSource
    ) {
        metricsAddress = listener?.address
        self.listener = listener
        self.web = web
        self.metrics = metrics
        self.readiness = readiness
        self.logger = logger
        self.group = group
        self.loop = loop
        self.engine = engine
        self.access = access
        self.offers = offers
    }

    /// - Throws: what a person has to put right first, such as a certificate that is missing.
    static func start(_ configuration: ClientConfiguration, logger: Logger) async throws -> RunningClient {
        let readiness = Readiness()
        let metrics = ClientMetrics(readiness: readiness)
        let web = try ClientWeb.open(configuration, metrics, logger)
        let access = try ClientAccess(configuration, metrics: metrics, logger: logger)
        let offers = try OfferSource(configuration, metrics: metrics, logger: logger)
        // One thread: a client's work is small, and what a target sends then goes on to the proxy without changing threads.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        logger.info(
            "starting",
            metadata: [
                "version": "\(Version.number)",
                "fqdn": "\(offers.current.offer.names.map(\.fqdn.spelling).joined(separator: " "))",
                "proxy_url": "\(configuration.proxyURL.withoutCredentials)",
            ])
        let listener = await listen(configuration, web, on: group, metrics, readiness, offers, logger)
        do {
            let engine = try await loop.submit {
                let engine = ClientEngine(
                    configuration, access: access, offered: offers.current, loop: loop, metrics: metrics,
                    readiness: readiness,
                    logger: logger)
                let bound = NIOLoopBound(engine, eventLoop: loop)
                access.listen { change in loop.execute { bound.value.adopt(change) } }
                offers.listen { loaded in loop.execute { bound.value.adopt(loaded) } }
                engine.start()
                return bound
            }.get()
            return RunningClient(
                listener: listener, web: web, metrics: metrics, readiness: readiness, logger: logger, group: group,
                loop: loop, engine: engine, access: access, offers: offers)
        } catch {
            access.close()
            offers.close()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// What `Reloading` has to look after.
    var reloadables: [any Reloadable] { access.reloadables + offers.reloadables + web.reloadables }

    /// Takes no more scrapes; returns when the running scrapes are done or the grace has ended.
    func drain() async {
        let drained = loop.makePromise(of: Void.self)
        loop.execute {
            // Not before what is said below, though all may be done at once.
            self.engine.value.stop { self.loop.execute { drained.succeed() } }
            // True from here on: who reads it may count on it that nothing new is begun.
            self.logger.info("shutting down: running scrapes may finish")
        }
        // Succeeds always: at the latest when the grace has ended.
        try? await drained.futureResult.get()
    }

    /// Serves no metrics any more, and gives the thread back.
    func stop() async {
        await listener?.close()
        access.close()
        offers.close()
        await web.passwords.stop()
        try? await group.shutdownGracefully()
    }

    /// A port that is taken is a warning and nothing more: that this machine is scraped matters more than that the client is.
    private static func listen(
        _ configuration: ClientConfiguration, _ web: ClientWeb, on group: MultiThreadedEventLoopGroup,
        _ metrics: ClientMetrics,
        _ readiness: Readiness, _ offers: OfferSource, _ logger: Logger
    ) async -> WebListener? {
        guard let address = configuration.metricsAddress else { return nil }
        var limits = WebLimits.standard
        limits.maxConnections = 64
        limits.maxHeaderBytes = 16_384
        do {
            let service = WebService(on: group, limits: limits, metrics: metrics.web, logger: logger)
            let router = routes(metrics, readiness, offers)
            let listener = try await WebListener.bind(
                web.listener(address, router: router, limits: limits, on: group.next(), metrics, logger), in: service)
            logger.info("serving metrics", metadata: ["address": "\(listener.address)"])
            return listener
        } catch {
            logger.warning("no metrics are served (--metrics-addr)", metadata: ["err": "\(error)"])
            return nil
        }
    }

    private static func routes(
        _ metrics: ClientMetrics, _ readiness: Readiness, _ offers: OfferSource
    ) -> RouteTable {
        let page = LandingPage(
            name: "PushProx client", description: "Lets Prometheus scrape this machine through a PushProx proxy.",
            version: Version.number,
            links: [("/metrics", "Metrics"), ("/-/healthy", "Health"), ("/-/ready", "Readiness")])
        return RouteTable([
            "/": Route { page.response(status: offers.current.offer.names.map { "FQDN: \($0.fqdn)" }) },
            "/metrics": Route {
                Response(
                    status: 200, contentType: MetricRegistry.contentType,
                    body: [ByteBuffer(bytes: metrics.registry.exposition())])
            },
            "/-/healthy": Route(isOpen: true) { .text(200, "PushProx client is healthy.") },
            "/-/ready": Route(isOpen: true) {
                readiness.isReady
                    ? .text(200, "PushProx client is ready.")
                    : .text(503, "there is no tunnel to the proxy, and it does not answer this client's polls")
            },
        ])
    }
}
