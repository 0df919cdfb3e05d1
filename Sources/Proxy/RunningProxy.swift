import Flags
import Glibc
import Logging
import NIOCore
import NIOPosix
import Settings
import Store
import Telemetry
import Tunnel
import Web
import Wire

/// A proxy that serves: all its parts, wired up. Programs run one; tests run as many as they like.
final class RunningProxy: Sendable {
    /// Of each listener, in the order of the flags, those for clients last.
    let addresses: [ListenAddress]
    let web: ProxyWeb
    let dispatcher: Dispatcher
    let metrics: ProxyMetrics
    /// `nil` when the record is off.
    let recorder: Recorder?
    let logger: Logger
    /// What `Reloading` looks after, in this order.
    let reloadables: [any Reloadable]

    private let listeners: [WebListener]
    private let group: MultiThreadedEventLoopGroup
    private let ticker: Ticker
    private let directory: ClientDirectory

    private init(
        listeners: [WebListener], web: ProxyWeb, dispatcher: Dispatcher, directory: ClientDirectory,
        metrics: ProxyMetrics, recorder: Recorder?, logger: Logger, group: MultiThreadedEventLoopGroup, ticker: Ticker,
        reloadables: [any Reloadable]
    ) {
        self.addresses = listeners.map(\.address)
        self.listeners = listeners
        self.web = web
        self.dispatcher = dispatcher
        self.directory = directory
        self.metrics = metrics
        self.recorder = recorder
        self.logger = logger
        self.group = group
        self.ticker = ticker
        self.reloadables = reloadables
    }

    /// The first.
    var address: ListenAddress { addresses[0] }

    /// - Throws: `StartError`: a file can't be used, the port is taken, the record can't be opened.
    static func start(_ configuration: ProxyConfiguration, logger: Logger) async throws -> RunningProxy {
        let metrics = ProxyMetrics()
        let web = try ProxyWeb.open(configuration, metrics, logger)
        let access = try ProxyAccess(configuration, web, metrics, logger)
        let now = ClockReading.now()
        var file: RecordFile?
        if !configuration.storagePath.isEmpty { file = try openRecord(configuration, now, logger) }
        let agents = AgentNames()
        var broker = Broker<LivePorts>(limits: configuration.broker)
        for client in file?.outcome.restored ?? [] {
            guard let fqdn = FQDN(client.name) else { continue }
            broker.clientRestored(
                fqdn, declaration: client.declaration, instance: client.instance.flatMap { InstanceID($0) },
                agent: client.agent.map { agents.shared($0.withoutControls) },
                lastSeen: now.deadline(of: client.lastSeen), expires: now.deadline(of: client.expires))
        }
        var sinks: [any FactSink] = [
            MetricsSink(metrics: metrics),
            LogSink(logger, fleetLog: FleetLog(logger: logger, suppressed: metrics.suppressedLines)),
        ]
        let recordSink = file.map { _ in RecordSink(maxClients: configuration.broker.maxClients) }
        if let recordSink { sinks.append(recordSink) }
        let dispatcher = Dispatcher(broker: broker, sinks: sinks)
        var recorder: Recorder?
        if let file, let recordSink {
            recorder = Recorder(
                of: recordSink, in: file, fleet: dispatcher, metrics: metrics, logger: logger,
                retention: configuration.retention.timeAmount)
        }
        metrics.observe({ dispatcher.gauges }, backlog: { recordSink?.count ?? 0 })

        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        var tunnelSettings = TunnelSettings()
        tunnelSettings.pingInterval = configuration.pingInterval.timeAmount
        tunnelSettings.helloTimeout = configuration.web.readHeaderTimeout.timeAmount
        let directory = ClientDirectory(
            ClientDirectory.Source(
                hasChanged: { dispatcher.hasChangedPages }, nextChangedPage: { dispatcher.nextChangedPage() },
                lookForAway: { dispatcher.lookForAway() }),
            views: ListViews(labels: configuration.discoveryLabels))
        metrics.observe(droppedViews: { directory.droppedViews })
        let router = ProxyRouter(
            dispatcher: dispatcher, access: access.desk, metrics: metrics, agents: agents,
            tunnels: TunnelService(
                dispatcher: dispatcher, access: access.desk, metrics: metrics, agents: agents, settings: tunnelSettings,
                clocks: TunnelClocks(group, pingInterval: tunnelSettings.pingInterval),
                maxHeadBytes: configuration.web.maxHeaderBytes, logger: logger),
            connects: ConnectSettings(maxIdle: configuration.connectMaxIdle.timeAmount),
            routes: routes(dispatcher, directory, access.desk, metrics),
            defaultTimeout: configuration.defaultTimeout.timeAmount,
            maxTimeout: configuration.maxTimeout.timeAmount,
            maxHeadBytes: configuration.web.maxHeaderBytes)
        do {
            let service = WebService(on: group, limits: configuration.web, metrics: metrics.web, logger: logger)
            let listeners = try await web.listen(
                configuration, access, router, in: service, metrics, logger,
                denied: { dispatcher.denied($0) }, refused: { dispatcher.refused($0) })
            let addresses = listeners.map(\.address).prefix(configuration.listenAddresses.count)
            do {
                try await file?.listens(at: Array(addresses), now: ClockReading.now().wall)
            } catch {
                for listener in listeners { await listener.close() }
                throw StartError(description: "the record cannot be written (--storage.path): \(error)")
            }
            return RunningProxy(
                listeners: listeners, web: web, dispatcher: dispatcher, directory: directory, metrics: metrics,
                recorder: recorder, logger: logger, group: group, ticker: Ticker(dispatcher, on: group.next()),
                reloadables: web.reloadables + access.reloadables(dispatcher))
        } catch {
            try? await file?.close(at: ClockReading.now().wall)
            await directory.stop()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// New scrapes and polls are sent away, what runs may finish within the grace, then nobody is served any more.
    func drain(grace: TimeAmount) async {
        let loop = group.next()
        let drained = dispatcher.shutDown(on: loop)
        let deadline = loop.scheduleTask(in: grace) { [dispatcher] in dispatcher.endGrace() }
        // Succeeds always: at the latest when the grace has ended.
        try? await drained.get()
        deadline.cancel()
        for listener in listeners { await listener.close() }
    }

    /// Writes what is left of the record and gives the threads back.
    func stop() async {
        ticker.stop()
        dispatcher.stopped()
        await recorder?.close()
        await web.passwords.stop()
        await directory.stop()
        try? await group.shutdownGracefully()
    }

    private static func openRecord(
        _ configuration: ProxyConfiguration, _ now: ClockReading, _ logger: Logger
    ) throws -> RecordFile {
        let identity = ProxyIdentity(
            started: now.wall, version: Version.number,
            address: RecordFile.text(of: configuration.listenAddresses),
            pid: Int(getpid()), registrationTimeout: configuration.broker.registrationTimeout.nanoseconds / 1_000_000,
            discoveryLabels: configuration.discoveryLabels)
        do {
            let file = try RecordFile(path: configuration.storagePath, identity: identity, now: now.wall)
            switch file.outcome.origin {
            case .created: logger.info("record created", metadata: ["path": "\(configuration.storagePath)"])
            case .opened:
                logger.info(
                    "record opened",
                    metadata: [
                        "path": "\(configuration.storagePath)", "clients": "\(file.outcome.restored.count)",
                        "downtime": "\(GoDuration.milliseconds(file.outcome.downtime))",
                        "stopped_in_order": "\(file.outcome.stoppedInOrder)",
                    ])
            case .migrated(let from):
                logger.info("record migrated to this version", metadata: ["from_schema": "\(from)"])
            case .movedAside(let to, let reason):
                logger.error(
                    "the record could not be read; it has been moved aside, and a fresh one is started",
                    metadata: ["moved_to": "\(to)", "err": "\(reason)"])
            }
            return file
        } catch {
            throw StartError(description: "the record cannot be opened (--storage.path): \(error)")
        }
    }

    private static func routes(
        _ dispatcher: Dispatcher, _ directory: ClientDirectory, _ access: AccessDesk, _ metrics: ProxyMetrics
    ) -> RouteTable {
        // Whom an earlier process knew is written down before anybody can ask.
        _ = directory.response()
        let page = LandingPage(
            name: "PushProx proxy", description: "Lets Prometheus scrape machines behind NAT and firewalls.",
            version: Version.number,
            links: [
                ("/clients", "Clients"), ("/metrics", "Metrics"), ("/-/healthy", "Health"), ("/-/ready", "Readiness"),
            ])
        return RouteTable([
            "/": Route {
                let gauges = dispatcher.gauges
                return page.response(status: [
                    "Clients: \(gauges.liveClients) (\(gauges.connectedClients) connected)"
                ])
            },
            "/clients": Route(
                observer: metrics.requests[.clients],
                answerTo: { directory.answer($0, for: access.scrapableNames(by: $0.identity)) }),
            "/metrics": Route(observer: metrics.requests[.metrics]) {
                Response(
                    status: 200, contentType: MetricRegistry.contentType,
                    body: [ByteBuffer(bytes: metrics.registry.exposition())])
            },
            "/-/healthy": Route(isOpen: true) { .text(200, "PushProx proxy is healthy.") },
            "/-/ready": Route(isOpen: true) {
                dispatcher.isShuttingDown
                    ? .text(503, "PushProx proxy is shutting down.") : .text(200, "PushProx proxy is ready.")
            },
        ])
    }
}
