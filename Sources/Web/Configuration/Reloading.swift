import NIOCore
import NIOPosix
import ServiceLifecycle

/// Looks after configurations: every few seconds, and at once on SIGHUP.
public struct Reloading: Service {
    public static let interval = TimeAmount.seconds(5)

    private let configurations: [any Reloadable]
    private let interval: TimeAmount
    private let hangups: Hangups

    /// - Parameter hangups: Caught since before the files were first read: of what came meanwhile it is not known what they were.
    public init(
        _ configurations: [any Reloadable], on hangups: Hangups, every interval: TimeAmount = Self.interval
    ) {
        self.configurations = configurations
        self.interval = interval
        self.hangups = hangups
    }

    public func run() async {
        // Looks come one after the other; those that pile up behind one that takes long are the same as one.
        let (looks, source) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingOldest(4))
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in hangups.signals { source.yield(true) } }
                group.addTask {
                    while (try? await Task.sleep(for: .nanoseconds(interval.nanoseconds))) != nil {
                        source.yield(false)
                    }
                }
                for await isAsked in looks { await look(isAsked: isAsked) }
                group.cancelAll()
            }
        }
    }

    /// On a thread that may block.
    private func look(isAsked: Bool) async {
        for configuration in configurations {
            try? await NIOThreadPool.singleton.runIfActive { configuration.look(isAsked: isAsked) }
        }
    }
}
