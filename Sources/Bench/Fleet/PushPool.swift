import DequeModule
import NIOCore

/// The connections on which one client, or all clients of a thread, push: opened when first needed, kept open, each with one push
/// at a time, the one used last taken first. Lives on one event loop.
final class PushPool {
    /// Pushes that may wait for a connection; more are dropped and counted as errors.
    static let waitingLimit = 20_000

    private unowned let fleet: FleetCore
    private let limit: Int
    private var idle: [PushHandler] = []
    private var open = 0
    private var waiting = Deque<Push>()

    init(fleet: FleetCore, limit: Int) {
        self.fleet = fleet
        self.limit = limit
    }

    func push(_ push: Push) {
        if let handler = idle.popLast() {
            handler.write(push)
        } else if waiting.count < Self.waitingLimit {
            waiting.append(push)
            if open < limit { connect() }
        } else {
            fleet.counts.pushErrors += 1
        }
    }

    private func connect() {
        open += 1
        let handler = PushHandler(pool: self, fleet: fleet)
        fleet.connect(handler).assumeIsolated().whenFailure { _ in
            self.open -= 1
            self.fleet.counts.connectErrors += 1
            guard !self.fleet.stopped, !self.waiting.isEmpty, self.open == 0 else { return }
            self.fleet.after(.milliseconds(100)) { if self.open == 0, !self.waiting.isEmpty { self.connect() } }
        }
    }

    func becameFree(_ handler: PushHandler) {
        if let next = waiting.popFirst() {
            handler.write(next)
        } else {
            idle.append(handler)
        }
    }

    func closed(_ handler: PushHandler) {
        open -= 1
        idle.removeAll { $0 === handler }
        if !fleet.stopped, !waiting.isEmpty, open == 0 { connect() }
    }

    func closeAll() {
        waiting.removeAll()
        for handler in idle { handler.close() }
    }
}
