import NIOCore

/// The connections of one event loop that owe us bytes: those whose request has begun, or never began, and is not all here.
///
/// A sweep instead of a timer for each: nearly every request arrives whole and never gets here, and cancelling one of NIO's
/// timers costs time in proportion to all of them. Confined to its event loop.
final class RequestClock {
    private var waiting: [ObjectIdentifier: ServerConnection] = [:]
    private let loop: any EventLoop
    private let interval: TimeAmount
    private var sweeping = false

    init(loop: any EventLoop, timeout: TimeAmount) {
        self.loop = loop
        self.interval = .nanoseconds(max(min(timeout.nanoseconds / 4, 1_000_000_000), 5_000_000))
    }

    func add(_ connection: ServerConnection) {
        waiting[ObjectIdentifier(connection)] = connection
        if !sweeping {
            sweeping = true
            scheduleSweep()
        }
    }

    func remove(_ connection: ServerConnection) {
        waiting[ObjectIdentifier(connection)] = nil
    }

    private func scheduleSweep() {
        loop.assumeIsolated().scheduleTask(in: interval) { self.sweep() }
    }

    private func sweep() {
        let now = loop.now
        for connection in waiting.values where connection.clockDeadline <= now { connection.clockExpired() }
        if waiting.isEmpty {
            sweeping = false
        } else {
            scheduleSweep()
        }
    }
}
