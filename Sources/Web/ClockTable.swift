import NIOCore

/// One `ConnectionClock` for each event loop of a group.
///
/// `@unchecked Sendable`: the table never changes, and a clock is only ever used on its own event loop.
final class ClockTable: @unchecked Sendable {
    private let clocks: [(loop: any EventLoop, clock: ConnectionClock)]
    private let indices: [ObjectIdentifier: Int]

    init(group: any EventLoopGroup, limits: WebLimits) {
        clocks = group.makeIterator().map { ($0, ConnectionClock(loop: $0, limits: limits)) }
        indices = Dictionary(uniqueKeysWithValues: clocks.enumerated().map { (ObjectIdentifier($1.loop), $0) })
    }

    func clock(of loop: any EventLoop) -> ConnectionClock {
        loop.assertInEventLoop()
        // Every loop that a child channel gets is of the group.
        return clocks[indices[ObjectIdentifier(loop)] ?? 0].clock
    }

    /// Closes an idle connection to make room for another one: the longest idle one of this loop or, if it has none, of the next
    /// loop that has. Over all loops it is so the longest idle one only roughly.
    ///
    /// - Returns: Whether there was one; on `loop`.
    func closeLongestIdle(from loop: any EventLoop) -> EventLoopFuture<Bool> {
        let own = indices[ObjectIdentifier(loop)] ?? 0
        if clocks[own].clock.closeLongestIdle() { return loop.makeSucceededFuture(true) }
        return ask(1, after: own, on: loop)
    }

    private func ask(_ step: Int, after own: Int, on loop: any EventLoop) -> EventLoopFuture<Bool> {
        guard step < clocks.count else { return loop.makeSucceededFuture(false) }
        let index = (own + step) % clocks.count
        return clocks[index].loop.submit { self.clocks[index].clock.closeLongestIdle() }.hop(to: loop).flatMap {
            hasRoom in
            hasRoom ? loop.makeSucceededFuture(true) : self.ask(step + 1, after: own, on: loop)
        }
    }
}
