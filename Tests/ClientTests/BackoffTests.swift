import Testing

@testable import Client

@Suite struct BackoffTests {
    @Test("Waits grow by half up to the longest, each between half of it and all of it")
    func growth() {
        var low = Backoff(initial: 1_000_000_000, maximum: 5_000_000_000)
        var high = low
        #expect(
            (0..<6).map { _ in low.wait(random: 0) }
                == [500, 750, 1_125, 1_687.5, 2_500, 2_500].map { Int64($0 * 1e6) })
        let largest = (0..<20).map { _ in high.wait(random: 0.999_999) }
        #expect(largest.allSatisfy { $0 <= 5_000_000_000 })
        #expect(largest.last ?? 0 > 4_900_000_000)
    }

    @Test("Success starts over")
    func reset() {
        var backoff = Backoff(initial: 1_000_000_000, maximum: 5_000_000_000)
        let first = backoff.wait(random: 0)
        _ = backoff.wait(random: 0)
        backoff.reset()
        #expect(backoff.wait(random: 0) == first)
    }

    @Test(
        "Unfit bounds neither spin nor overflow",
        arguments: [(0, 0), (10, 5), (.max, .max), (-1, .max)] as [(Int64, Int64)])
    func bounds(initial: Int64, maximum: Int64) {
        var backoff = Backoff(initial: initial, maximum: maximum)
        for _ in 0..<200 { #expect(backoff.wait(random: 0) > 0) }
    }

    @Test("A wait that the proxy asks for is kept within our bounds")
    func bounded() {
        let backoff = Backoff(initial: 1_000, maximum: 5_000_000_000)
        #expect(backoff.bounded(3_600_000_000_000) == 5_000_000_000)
        #expect(backoff.bounded(2_000_000_000) == 2_000_000_000)
        #expect(backoff.bounded(0) > 0)
    }
}
