import NIOCore

/// Tells the tunnels of one event loop that their time has come, many at once: thousands of idle ones have something due at any moment, and one
/// timer for each would cost more memory and wake-ups than what is then done. Deadlines are therefore put on a grid, so that they fall on a few
/// hundred moments at most: the lines of the grid within the longest wait.
///
/// Confined to its event loop.
final class TunnelClock {
    private let loop: any EventLoop
    private let step: TimeAmount
    private var waiting: [NIODeadline: [ObjectIdentifier: TunnelConnection]] = [:]
    private var next: (due: NIODeadline, timer: Scheduled<Void>)?
    private var isRunning = false

    /// - Parameter step: Between two lines of the grid.
    init(_ loop: any EventLoop, step: TimeAmount) {
        self.loop = loop
        self.step = step
    }

    /// Where a deadline falls on the grid: never before it.
    func line(_ deadline: NIODeadline) -> NIODeadline { deadline.roundedUp(to: step) }

    /// - Parameter line: Of the grid.
    func add(_ tunnel: TunnelConnection, at line: NIODeadline) {
        waiting[line, default: [:]][ObjectIdentifier(tunnel)] = tunnel
        if !isRunning, next.map({ line < $0.due }) ?? true { set(line) }
    }

    func remove(_ tunnel: TunnelConnection, at line: NIODeadline) {
        waiting[line]?[ObjectIdentifier(tunnel)] = nil
        // The timer may come for nobody: it is set anew then.
        if waiting[line]?.isEmpty == true { waiting[line] = nil }
    }

    private func set(_ due: NIODeadline) {
        next?.timer.cancel()
        next = (due, loop.assumeIsolated().scheduleTask(deadline: due) { self.run() })
    }

    private func run() {
        next = nil
        isRunning = true
        let now = loop.now
        while let line = waiting.keys.min(), line <= now {
            for tunnel in (waiting.removeValue(forKey: line) ?? [:]).values { tunnel.timeCame(at: line) }
        }
        isRunning = false
        if let line = waiting.keys.min() { set(line) }
    }
}

/// One `TunnelClock` for each event loop of a group.
///
/// `@unchecked Sendable`: the table never changes, and a clock is only ever used on its own event loop.
final class TunnelClocks: @unchecked Sendable {
    private let clocks: [ObjectIdentifier: TunnelClock]
    private let first: TunnelClock

    /// - Parameter pingInterval: What is due waits for up to 1/64 of it.
    init(_ group: any EventLoopGroup, pingInterval: TimeAmount) {
        let step = TimeAmount.nanoseconds(pingInterval.nanoseconds / 64)
        let loops = Array(group.makeIterator())
        clocks = Dictionary(loops.map { (ObjectIdentifier($0), TunnelClock($0, step: step)) }) { first, _ in first }
        first = clocks[ObjectIdentifier(loops[0])] ?? TunnelClock(loops[0], step: step)
    }

    func clock(of loop: any EventLoop) -> TunnelClock {
        loop.assertInEventLoop()
        // Every loop that a child channel gets is of the group.
        return clocks[ObjectIdentifier(loop)] ?? first
    }
}
