import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// SIGTERM and SIGINT, caught from the moment this is made, so that one that comes while the program still starts is no crash.
///
/// As a service it ends with the first signal, and takes the group with it in good order (give it
/// `.gracefullyShutdownGroup`). Whoever sends another signal does not want to wait: the program exits at once, with 1.
public struct StopSignals: Service {
    private let first: AsyncStream<Void>
    private let watch: Task<Void, Never>

    /// - Parameter logger: Hears of a second signal.
    public init(logger: Logger) async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let (first, source) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.first = first
        watch = Task {
            var hasOne = false
            for await signal in signals {
                if hasOne {
                    logger.warning("second signal, exiting at once", metadata: ["signal": "\(signal)"])
                    exit(1)
                }
                hasOne = true
                source.yield()
            }
        }
    }

    /// Waits for the first signal, or for the group's own shutdown.
    public func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in first { return }
        }
    }

    /// Signals have no effect any more.
    public func stop() { watch.cancel() }
}
