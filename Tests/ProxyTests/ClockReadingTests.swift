import NIOCore
import Testing

@testable import Proxy

@Suite struct ClockReadingTests {
    @Test("A moment finds its way between the clocks, and stops at the ends of what they can say")
    func extremes() {
        let now = ClockReading(deadline: .uptimeNanoseconds(5_000_000_000), wall: 1_700_000_000_000)
        #expect(now.wall(of: .uptimeNanoseconds(6_000_000_000)) == 1_700_000_001_000)
        #expect(now.deadline(of: 1_700_000_001_000) == .uptimeNanoseconds(6_000_000_000))
        for wall in [Int64.min, -1, 0] { #expect(now.deadline(of: wall) == .uptimeNanoseconds(0)) }
        #expect(now.deadline(of: .max) == .distantFuture)
        #expect(now.wall(of: .distantFuture) > now.wall)
        for wall in [Int64.min, .max] {
            let odd = ClockReading(deadline: .uptimeNanoseconds(5_000_000_000), wall: wall)
            for other in [NIODeadline.distantPast, .distantFuture] { _ = odd.wall(of: other) }
            for other in [Int64.min, 0, .max] { _ = odd.deadline(of: other) }
        }
        #expect(ClockReading(deadline: .distantPast, wall: .max).wall(of: .distantFuture) == .max)
    }
}
