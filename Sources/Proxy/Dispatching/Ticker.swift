import NIOCore
import Synchronization

/// Tells the dispatcher that time passes.
///
/// It looks again when the next deadline is due, at the earliest after `shortest`, at the latest after `longest`: so a deadline that
/// was set more than `longest` ago is met within `shortest`, and an idle proxy wakes four times a second.
final class Ticker: Sendable {
    private static let shortest = TimeAmount.milliseconds(10)
    private static let longest = TimeAmount.milliseconds(250)

    private let dispatcher: Dispatcher
    private let loop: any EventLoop
    private let stopped = Atomic<Bool>(false)

    init(_ dispatcher: Dispatcher, on loop: any EventLoop) {
        self.dispatcher = dispatcher
        self.loop = loop
        schedule(after: Self.shortest)
    }

    func stop() { stopped.store(true, ordering: .relaxed) }

    private func schedule(after delay: TimeAmount) {
        loop.scheduleTask(in: delay) {
            guard !self.stopped.load(ordering: .relaxed) else { return }
            let (next, isDue) = self.dispatcher.timePassed()
            // The connections of this loop get their turn in between.
            if isDue { return self.schedule(after: .zero) }
            let wait = next.map { $0 - NIODeadline.now() } ?? Self.longest
            self.schedule(after: min(max(wait, Self.shortest), Self.longest))
        }
    }
}
