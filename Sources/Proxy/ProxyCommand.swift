import ArgumentParser
import Clients
import Flags
import NIOCore
import Store
import Telemetry
import Web

/// The command line of `pushprox-proxy`; does nothing but make a `ProxyConfiguration` of it and run it.
struct ProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pushprox-proxy",
        abstract: "Lets Prometheus scrape machines behind NAT and firewalls, through clients that poll this proxy.",
        discussion: """
            Point Prometheus's proxy_url at this address, run pushprox-client beside each target, and list the clients at /clients.

            Example:
              pushprox-proxy --web.listen-address=:8080 --storage.path=/var/lib/pushprox/pushprox.db

            Durations are written as in Prometheus: 250ms, 30s, 1m30s, 5m, 1d.
            """,
        version: Version.line(program: "pushprox-proxy"))

    private typealias Default = ProxyConfiguration.Default

    @OptionGroup(title: "Web") var web: WebOptions

    @Option(
        name: .customLong("access.config.file"),
        help: ArgumentHelp(
            "YAML file of identities and what each may scrape, register and read; read again when it changes. Without it, everybody "
                + "may do everything.", valueName: "file"))
    var accessFile: String?

    @Option(
        name: .customLong("scrape.max-timeout"),
        help: ArgumentHelp(
            "Any scrape with a longer timeout is clamped to this. (default: \(Default.maxTimeout))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var maxTimeout = Default.maxTimeout

    @Option(
        name: .customLong("scrape.default-timeout"),
        help: ArgumentHelp(
            "Timeout of scrapes that name none; clamped like any other. (default: \(Default.defaultTimeout))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var defaultTimeout = Default.defaultTimeout

    @Option(
        name: .customLong("scrape.max-queued-per-client"),
        help: ArgumentHelp(
            "Scrapes that may wait for one client; further ones are answered 503. (default: \(BrokerLimits.standard.maxQueuedPerClient))",
            valueName: "count"),
        transform: FlagValue.count(in: 1...1_000_000))
    var maxQueuedPerClient = BrokerLimits.standard.maxQueuedPerClient

    @Option(
        name: .customLong("scrape.max-queued"),
        help: ArgumentHelp(
            "Scrapes that may wait in total; further ones are answered 503. (default: \(BrokerLimits.standard.maxQueued))",
            valueName: "count"),
        transform: FlagValue.count(in: 1...10_000_000))
    var maxQueued = BrokerLimits.standard.maxQueued

    @Option(
        name: .customLong("connect.max-per-client"),
        help: ArgumentHelp(
            "Connections through CONNECT that one client may have, those that wait included; further ones are answered 503. "
                + "(default: \(BrokerLimits.standard.maxConnectionsPerClient))",
            valueName: "count"),
        transform: FlagValue.count(in: 1...1_000_000))
    var maxConnectionsPerClient = BrokerLimits.standard.maxConnectionsPerClient

    @Option(
        name: .customLong("connect.max"),
        help: ArgumentHelp(
            "Connections through CONNECT in total; further ones are answered 503. (default: \(BrokerLimits.standard.maxConnections))",
            valueName: "count"),
        transform: FlagValue.count(in: 1...10_000_000))
    var maxConnections = BrokerLimits.standard.maxConnections

    @Option(
        name: .customLong("registration.timeout"),
        help: ArgumentHelp(
            "After how long a client that is not connected leaves /clients. (default: \(GoDuration(BrokerLimits.standard.registrationTimeout)))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var registrationTimeout = GoDuration(BrokerLimits.standard.registrationTimeout)

    @Option(
        name: .customLong("registration.max-clients"),
        help: ArgumentHelp(
            "Clients that may be registered at once; polls of further ones are answered 503. (default: \(BrokerLimits.standard.maxClients))",
            valueName: "count"),
        transform: FlagValue.count(in: 1...10_000_000))
    var maxClients = BrokerLimits.standard.maxClients

    @Option(
        name: .customLong("poll.max-wait"),
        help: ArgumentHelp(
            "After how long an idle poll is ended with 204, for clients that know what it means; shorter than the idle timeout of "
                + "any reverse proxy on the way. (default: \(GoDuration(BrokerLimits.standard.pollMaxWait)))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var pollMaxWait = GoDuration(BrokerLimits.standard.pollMaxWait)

    @Option(
        name: .customLong("tunnel.ping-interval"),
        help: ArgumentHelp(
            "When nothing was heard through a tunnel for so long, it is asked for a sign of life; it is dead after two and a half times that. "
                + "Shorter than the idle timeout of any reverse proxy on the way. (default: \(ProxyConfiguration.Default.pingInterval))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var pingInterval = ProxyConfiguration.Default.pingInterval

    @Option(
        name: .customLong("connect.max-idle"),
        help: ArgumentHelp(
            "A connection through CONNECT is ended when nothing has passed through it for so long. "
                + "(default: \(ProxyConfiguration.Default.connectMaxIdle))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var connectMaxIdle = ProxyConfiguration.Default.connectMaxIdle

    @Option(
        name: .customLong("discovery.labels"),
        help: ArgumentHelp(
            "What of the labels that clients give themselves stands in /clients: none (off), all (as-given; job and instance "
                + "too), or all with pushprox_ before their names (prefixed). (default: \(DiscoveryLabels.asGiven.rawValue))",
            valueName: "policy"))
    var discoveryLabels = DiscoveryLabels.asGiven

    @Option(
        name: .customLong("runtime.event-loops"),
        help: ArgumentHelp(
            "Threads that serve connections. With 1 a scrape takes less CPU and time, as long as there are no more than a few thousand a second; more can serve more. "
                + "(default: one per core)",
            valueName: "count"),
        transform: FlagValue.count(in: 1...1_024))
    var eventLoops: Int?

    @Option(
        name: .customLong("storage.path"),
        help: ArgumentHelp(
            "SQLite database for the record; its folder is created. Empty turns the record off.", valueName: "file"))
    var storagePath = RecordPath.standard

    @Option(
        name: .customLong("storage.retention"),
        help: ArgumentHelp(
            "How long the record keeps failures, and clients that are gone. (default: \(Default.retention))",
            valueName: "duration"),
        transform: FlagValue.positiveDuration)
    var retention = Default.retention

    @Option(
        name: .customLong("shutdown.grace"),
        help: ArgumentHelp(
            "How long running scrapes may take after SIGTERM or SIGINT. (default: \(Default.shutdownGrace))",
            valueName: "duration"),
        transform: FlagValue.duration)
    var shutdownGrace = Default.shutdownGrace

    @OptionGroup(title: "Log") var log: LogOptions

    func validate() throws {
        guard web.clientConfigurationFile == nil || !web.clientListenAddresses.isEmpty else {
            throw ValidationError("--web.client-config.file is for --web.client-listen-address: give both.")
        }
    }

    func run() async throws {
        log.bootstrap()
        try await ProxyProgram(configuration: proxyConfiguration).run()
    }

    var proxyConfiguration: ProxyConfiguration {
        ProxyConfiguration(
            listenAddresses: web.listenAddresses, clientListenAddresses: web.clientListenAddresses,
            webConfigurationFile: web.configurationFile, clientConfigurationFile: web.clientConfigurationFile,
            maxHandshakes: web.maxHandshakes ?? Default.maxHandshakes, eventLoops: eventLoops ?? Default.eventLoops,
            web: web.limits,
            broker: BrokerLimits(
                maxQueuedPerClient: maxQueuedPerClient, maxQueued: maxQueued, maxClients: maxClients,
                maxConnectionsPerClient: maxConnectionsPerClient, maxConnections: maxConnections,
                registrationTimeout: registrationTimeout.timeAmount,
                pollMaxWait: pollMaxWait.timeAmount),
            maxTimeout: maxTimeout, defaultTimeout: defaultTimeout, pingInterval: pingInterval,
            connectMaxIdle: connectMaxIdle, discoveryLabels: discoveryLabels, accessFile: accessFile,
            storagePath: storagePath,
            retention: retention,
            shutdownGrace: shutdownGrace)
    }
}

extension GoDuration {
    /// For the defaults of the broker, which measures time in NIO's unit.
    fileprivate init(_ amount: TimeAmount) { self.init(nanoseconds: amount.nanoseconds) }
}

extension DiscoveryLabels: ExpressibleByArgument {}
