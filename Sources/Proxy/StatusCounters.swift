import NIOCore
import Synchronization
import Telemetry
import Web

/// Counters of one family by HTTP status; those not preset appear when they first occur. There are at most 900 of them.
final class StatusCounters: RequestObserver {
    private let counters: Mutex<[Int: Counter]>
    private let make: @Sendable (Int) -> Counter

    init(preset: [Int], make: @escaping @Sendable (Int) -> Counter) {
        self.make = make
        self.counters = Mutex(Dictionary(uniqueKeysWithValues: preset.map { ($0, make($0)) }))
    }

    func increment(_ status: Int) {
        guard (100..<1000).contains(status) else { return }
        let counter = counters.withLock { counters in
            if let counter = counters[status] { return counter }
            let counter = make(status)
            counters[status] = counter
            return counter
        }
        counter.increment()
    }

    func requestEnded(status: Int, after duration: TimeAmount) { increment(status) }
}

/// What is counted of the requests to one path.
final class RouteMetrics: RequestObserver {
    private let counters: StatusCounters
    private let duration: Histogram

    init(counters: StatusCounters, duration: Histogram) {
        self.counters = counters
        self.duration = duration
    }

    func requestEnded(status: Int, after duration: TimeAmount) {
        counters.increment(status)
        self.duration.observe(nanoseconds: duration.nanoseconds)
    }
}
