import Flags
import Logging
import NIOCore
import NIOSSL
import Wire

/// What does the work: the source of scrapes, the scrapes and their connections, all on one event loop, to which it is confined.
final class ClientEngine {
    private let client: OutboundClient
    private let dispatcher: ScrapeDispatcher
    private let endpoint: ProxyEndpoint
    private let offers: OfferDesk
    private let source: any ScrapeSource
    private let grace: TimeAmount
    private var graceTimer: Scheduled<Void>?
    private var isStopping = false

    init(
        _ configuration: ClientConfiguration, access: ClientAccess, offered: OfferSource.Loaded, loop: any EventLoop,
        metrics: ClientMetrics,
        readiness: Readiness, logger: Logger
    ) {
        let shown = access.current
        client = OutboundClient(
            loop: loop, tls: ClientTLS(context: shown.tls), environment: configuration.environment)
        let url = configuration.proxyURL
        endpoint = ProxyEndpoint(
            url: url, authorization: shown.authorization,
            route: client.route(isHTTPS: url.isHTTPS, host: url.host, port: url.port),
            instance: InstanceID(), userAgent: "pushprox-client/\(Version.number)")
        client.replaceTargetTLS(with: offered.tls)
        let offers = OfferDesk(offered.offer, methods: configuration.methods, allowed: configuration.allowed)
        self.offers = offers
        dispatcher = ScrapeDispatcher(
            ScrapeRun.Surroundings(client: client, offers: offers, metrics: metrics, logger: logger),
            maxInFlight: configuration.maxInFlight)
        let source = TransportSwitch(
            TransportSwitch.Surroundings(
                client: client, endpoint: endpoint, dispatcher: dispatcher,
                connections: ConnectDesk(
                    client: client, offers: offers, metrics: metrics, logger: logger, limit: configuration.maxInFlight),
                metrics: metrics, logger: logger, offers: offers, maxInFlight: configuration.maxInFlight),
            mode: configuration.transport,
            backoff: Backoff(initial: configuration.retryInitialWait, maximum: configuration.retryMaxWait),
            readiness: readiness, onDenial: { access.lookSoon() })
        self.source = source
        dispatcher.onRoom = { [weak source] in source?.roomArose() }
        grace = configuration.shutdownGrace
    }

    func start() { source.start() }

    /// Requests, or connections, that begin from now on show what is new.
    func adopt(_ change: ClientAccess.Change) {
        switch change {
        case .authorization(let authorization): endpoint.authorization = authorization
        case .tls(let context): client.replaceTLS(with: context)
        }
        source.accessChanged()
    }

    /// Scrapes that come from now on are of what is offered now, and the proxy hears of it.
    func adopt(_ loaded: OfferSource.Loaded) {
        client.replaceTargetTLS(with: loaded.tls)
        if offers.adopt(loaded.offer) { source.offerChanged() }
    }

    /// Asks for no more scrapes, lets running scrapes finish within the grace, then calls back; every caller, once.
    func stop(_ stopped: @escaping () -> Void) {
        if !isStopping {
            isStopping = true
            source.stop()
            graceTimer = client.loop.assumeIsolated().scheduleTask(in: grace) { self.dispatcher.cancelAll() }
            dispatcher.drain {
                self.graceTimer?.cancel()
                self.source.close()
                self.client.close()
            }
        }
        dispatcher.drain(stopped)
    }
}
