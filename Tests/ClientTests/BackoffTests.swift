import NIOCore
import Testing

@testable import Client

@Suite struct BackoffTests {
    @Test("Waits grow by half up to the longest, each between half of it and all of it")
    func growth() {
        var low = Backoff(initial: .seconds(1), maximum: .seconds(5))
        var high = low
        #expect(
            (0..<6).map { _ in low.wait(random: 0) }
                == [500, 750, 1_125, 1_687.5, 2_500, 2_500].map { .nanoseconds(Int64($0 * 1e6)) })
        let largest = (0..<20).map { _ in high.wait(random: 0.999_999) }
        #expect(largest.allSatisfy { $0 <= .seconds(5) })
        #expect(largest.last ?? .zero > .milliseconds(4_900))
    }

    @Test("Success starts over")
    func reset() {
        var backoff = Backoff(initial: .seconds(1), maximum: .seconds(5))
        let first = backoff.wait(random: 0)
        _ = backoff.wait(random: 0)
        backoff.reset()
        #expect(backoff.wait(random: 0) == first)
    }

    @Test(
        "Unfit bounds neither spin nor overflow",
        arguments: [(0, 0), (10, 5), (.max, .max), (-1, .max)] as [(Int64, Int64)])
    func bounds(initial: Int64, maximum: Int64) {
        var backoff = Backoff(initial: .nanoseconds(initial), maximum: .nanoseconds(maximum))
        for _ in 0..<200 { #expect(backoff.wait(random: 0) > .zero) }
    }

    @Test("A wait that the proxy asks for is kept within our bounds")
    func bounded() {
        let backoff = Backoff(initial: .microseconds(1), maximum: .seconds(5))
        #expect(backoff.bounded(.hours(1)) == .seconds(5))
        #expect(backoff.bounded(.seconds(2)) == .seconds(2))
        #expect(backoff.bounded(.zero) > .zero)
    }
}
