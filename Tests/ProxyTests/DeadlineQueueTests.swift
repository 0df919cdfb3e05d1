import TestKit
import Testing

@testable import Proxy

@Suite struct DeadlineQueueTests {
    @Test("Deadlines pass in order, whatever was added, ended and swept between", arguments: 0..<10 as Range<UInt64>)
    func inOrder(seed: UInt64) {
        var random = Seeded(seed)
        var queue = DeadlineQueue<Int>()
        var live: [Int: UInt64] = [:]
        var now: UInt64 = 0
        for id in 0..<5000 {
            let deadline = now + UInt64.random(in: 0...1000, using: &random)
            live[id] = deadline
            queue.add(id, at: .uptimeNanoseconds(deadline), live: live.count) { [live] id, _ in live[id] != nil }
            // Most end before their time.
            if live.count > 20, let ended = live.keys.sorted().randomElement(using: &random) { live[ended] = nil }
            guard Int.random(in: 0..<50, using: &random) == 0 else { continue }
            now += UInt64.random(in: 0...300, using: &random)
            let due = live.filter { $0.value <= now }
            var passed: [UInt64] = []
            while let (id, deadline) = queue.popPassed(at: .uptimeNanoseconds(now)) {
                guard live.removeValue(forKey: id) != nil else { continue }
                passed.append(deadline.uptimeNanoseconds)
            }
            #expect(passed == due.values.sorted())
            #expect(queue.earliest.map { $0.uptimeNanoseconds > now } ?? true)
        }
    }

    @Test("What has ended is swept, a few at a time: no addition looks at more than four")
    func swept() {
        var queue = DeadlineQueue<Int>()
        let live = 1000
        var most = 0
        var looks = 0
        for id in 0..<50_000 {
            var looked = 0
            queue.add(id, at: .uptimeNanoseconds(UInt64(id) + 1_000_000), live: live) { other, _ in
                looked += 1
                return other > id - live
            }
            looks = max(looks, looked)
            most = max(most, queue.count)
        }
        #expect(looks == 4)
        #expect(most <= 3 * live)
    }
}
