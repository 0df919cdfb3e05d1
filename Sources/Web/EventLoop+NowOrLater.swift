import NIOCore

extension EventLoop {
    /// Runs `work` on this loop: before this returns where the caller is on the loop already, otherwise in one of its next turns. Works that are handed
    /// over on one thread run in that order.
    @inlinable public func nowOrLater(_ work: @escaping @Sendable () -> Void) {
        if inEventLoop { work() } else { execute(work) }
    }
}
