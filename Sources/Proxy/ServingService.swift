import Flags
import ServiceLifecycle
import Web

/// Keeps the program running until it is told to stop, then lets what runs finish.
struct ServingService: Service {
    let proxy: RunningProxy
    let grace: GoDuration

    func run() async throws {
        try await gracefulShutdown()
        proxy.logger.info("shutting down", metadata: ["grace": "\(grace)"])
        await proxy.drain(grace: grace.timeAmount)
    }
}
