import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// Looks after configurations: every few seconds, and at once on SIGHUP, which is caught from the moment this is made.
public struct Reloading: Service {
    public static let interval = TimeAmount.seconds(5)

    private let configurations: [any Reloadable]
    private let interval: TimeAmount
    private let hangups: UnixSignalsSequence

    public init(_ configurations: [any Reloadable], every interval: TimeAmount = Self.interval) async {
        self.configurations = configurations
        self.interval = interval
        hangups = await UnixSignalsSequence(trapping: .sighup)
    }

    public func run() async {
        // Looks come one after the other; those that pile up behind one that takes long are the same as one.
        let (looks, source) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingOldest(4))
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in hangups { source.yield(true) } }
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
