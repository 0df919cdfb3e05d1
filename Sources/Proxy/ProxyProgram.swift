import Flags
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Telemetry
import Web
import Wire

/// Why the proxy could not start, in one line.
struct StartError: Error, CustomStringConvertible {
    let description: String
}

/// The composition root: makes every part of the proxy, in the order in which they depend on each other, and runs them.
struct ProxyProgram {
    let configuration: ProxyConfiguration
    let logger = Logger(label: "pushprox-proxy")

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Throws: `StartError` when it can't start.
    func run() async throws {
        let descriptors = DescriptorLimit.raise()
        let configuration = fitted(toDescriptors: descriptors)
        // NIO ends the program where a loop finds none.
        if let descriptors, configuration.web.maxConnections < configuration.eventLoops {
            throw StartError(
                description:
                    "\(configuration.eventLoops) event loops (--runtime.event-loops) leave too few of \(descriptors) "
                    + "descriptors for connections: ask for fewer loops, or raise the limit (ulimit -n, LimitNOFILE)")
        }
        if configuration.defaultTimeout > configuration.maxTimeout {
            logger.warning(
                "--scrape.default-timeout is longer than --scrape.max-timeout, which clamps it",
                metadata: [
                    "default": "\(configuration.defaultTimeout)", "timeout": "\(configuration.maxTimeout)",
                ])
        }
        let signals = await StopSignals(logger: logger)
        defer { signals.stop() }
        let hangups = await Hangups()
        let proxy = try await RunningProxy.start(configuration, logger: logger)
        // Order is dependency order; the shutdown runs through it backwards.
        var services: [any Service] = []
        if let recorder = proxy.recorder { services.append(recorder) }
        services.append(ServingService(proxy: proxy, grace: configuration.shutdownGrace))
        services.append(Reloading(proxy.reloadables, on: hangups))
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) }
                    + [.init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        try await group.run()
        await proxy.stop()
        logger.info("stopped")
    }

    /// Connections are refused with a word before descriptors run out without one.
    private func fitted(toDescriptors limit: Int?) -> ProxyConfiguration {
        var fitted = configuration
        if let limit {
            fitted.web.maxConnections = min(
                configuration.web.maxConnections,
                WebLimits.connections(withinDescriptors: limit, threads: configuration.eventLoops))
        }
        return fitted
    }
}
