import Access
import Addresses
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Checks passwords for all listeners of a program: on threads of its own, as many at a time as there are cores, which give way to the event
/// loops. The shell around `PasswordDesk`.
///
/// What was right is remembered, what is wrong slows down the address that it comes from. Users that nobody knows take as long as others.
public final class PasswordChecks: Sendable {
    public enum Answer: Sendable {
        case known(Caller)
        /// On the loop that was asked for; fails only when the program ends.
        case later(EventLoopFuture<Caller>)
        /// Too many passwords wait to be checked: 503, try again.
        case full
    }

    /// How many may be under way or wait, over all addresses. With the usual cost of 10 these take some nine seconds on two cores.
    public static let mostUnderWay = 256
    private static let niceness: Int32 = 10

    private let desk: Mutex<PasswordDesk<EventLoopPromise<Caller>>>
    private let pool: NIOThreadPool
    private let metrics: PasswordMetrics

    public convenience init(metrics: PasswordMetrics) {
        self.init(threads: System.coreCount, most: Self.mostUnderWay, metrics: metrics)
    }

    init(threads: Int, most: Int, metrics: PasswordMetrics) {
        desk = Mutex(PasswordDesk(most: most))
        pool = NIOThreadPool(numberOfThreads: threads)
        self.metrics = metrics
    }

    /// Called on an event loop; blocks for microseconds.
    ///
    /// - Parameters:
    ///   - address: The peer's, as text; `nil` where it has none.
    ///   - loop: Where the answer is wanted.
    public func check(_ check: PasswordCheck, from address: String?, on loop: any EventLoop) -> Answer {
        let address = address.flatMap { IPAddress.bytes($0) } ?? []
        let promise = loop.makePromise(of: Caller.self)
        let answer = desk.withLock { desk in
            let answer = desk.asked(check, from: address, waiter: promise, now: NIODeadline.now().uptimeNanoseconds)
            metrics.underWay.set(desk.count)
            return answer
        }
        switch answer {
        case .known(let caller):
            promise.succeed(caller)
            if caller.identity == nil { metrics.slowed.increment() }
            return .known(caller)
        case .joined: return .later(promise.futureResult)
        case .full:
            promise.fail(CancellationError())
            metrics.refused.increment()
            return .full
        case .run(let key):
            // Threads come with the first password; more calls do nothing.
            pool.start()
            pool.submit { state in
                guard case .active = state else { return self.finish(check, key, address, nil) }
                // Of this thread alone (setpriority(2), "C library/kernel differences").
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
                self.finish(check, key, address, check.run())
            }
            return .later(promise.futureResult)
        }
    }

    private func finish(_ check: PasswordCheck, _ key: PasswordCache.Key, _ address: [UInt8], _ caller: Caller?) {
        if let caller { (caller.identity == nil ? metrics.wrong : metrics.right).increment() }
        let waiters = desk.withLock { desk in
            let before = desk.brake.forgotten
            let waiters = desk.finished(
                check, key, from: address, as: caller, now: NIODeadline.now().uptimeNanoseconds)
            metrics.forgotten.increment(by: desk.brake.forgotten - before)
            metrics.underWay.set(desk.count)
            return waiters
        }
        for waiter in waiters {
            if let caller { waiter.succeed(caller) } else { waiter.fail(CancellationError()) }
        }
    }

    /// Ends the threads; what still waits fails. To be called once, when nobody asks any more.
    public func stop() async { try? await pool.shutdownGracefully() }
}
