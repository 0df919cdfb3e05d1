import Flags
import Logging
import NIOCore
import ServiceLifecycle
import Web

/// Runs a client from its start to the end that a signal brings.
struct ClientProgram {
    /// A look costs a system call per file, and what targets there are is to be known soon.
    private static let reloadInterval = TimeAmount.seconds(2)

    let configuration: ClientConfiguration
    let logger = Logger(label: "pushprox-client")

    /// Polls until SIGTERM or SIGINT has come and the running scrapes are done.
    ///
    /// - Throws: what a person has to put right before the client can start.
    func run() async throws {
        DescriptorLimit.raise()
        let signals = await StopSignals(logger: logger)
        defer { signals.stop() }
        let hangups = await Hangups()
        let client = try await RunningClient.start(configuration, logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: PollingService(client: client)),
                    .init(service: Reloading(client.reloadables, on: hangups, every: Self.reloadInterval)),
                    .init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        try await group.run()
        await client.stop()
        logger.info("stopped")
    }
}

/// Keeps the program running until it is told to stop, then lets what runs finish.
private struct PollingService: Service {
    let client: RunningClient

    func run() async throws {
        try await gracefulShutdown()
        await client.drain()
    }
}
