import Synchronization

/// How long things took, sorted into buckets. Any thread may observe; an observation is two atomic additions.
///
/// Durations come and are summed as whole nanoseconds, so the sum never loses small values to rounding; the exposition
/// gives seconds. The sum holds 292 years of observed time before it wraps.
public final class Histogram: Sendable {
    /// An atomic cannot be an element of an array; a reference to one can.
    private final class Cell: Sendable {
        let count = Atomic<Int>(0)
    }

    /// Upper bounds in seconds, ascending, without the infinite one.
    let bounds: [Double]
    private let nanosecondBounds: [Int64]
    /// One more than there are bounds: the last takes what is above them all.
    private let cells: [Cell]
    private let sum = Atomic<Int64>(0)

    /// - Parameter bounds: upper bounds in seconds: finite, ascending, at least one.
    init(bounds: [Double]) {
        precondition(!bounds.isEmpty && bounds.allSatisfy(\.isFinite), "a histogram needs finite buckets")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "buckets must ascend")
        self.bounds = bounds
        nanosecondBounds = bounds.map { Int64(($0 * 1e9).rounded()) }
        cells = (0...bounds.count).map { _ in Cell() }
    }

    /// Records one duration. A negative one, which a clock that was set back can cause, counts as 0.
    public func observe(nanoseconds: Int64) {
        let duration = max(0, nanoseconds)
        var index = 0
        while index < nanosecondBounds.count, duration > nanosecondBounds[index] { index += 1 }
        cells[index].count.wrappingAdd(1, ordering: .relaxed)
        sum.wrappingAdd(duration, ordering: .relaxed)
    }

    /// What has been observed so far. The total is the last bucket's, so the two always agree; the sum may run one
    /// observation ahead or behind.
    struct Snapshot {
        /// Cumulative, one per bound and then the infinite one.
        var counts: [Int]
        var sumNanoseconds: Int64
        var total: Int { counts.last ?? 0 }
    }

    func snapshot() -> Snapshot {
        var running = 0
        let counts = cells.map { cell in
            running += cell.count.load(ordering: .relaxed)
            return running
        }
        return Snapshot(counts: counts, sumNanoseconds: sum.load(ordering: .relaxed))
    }
}
