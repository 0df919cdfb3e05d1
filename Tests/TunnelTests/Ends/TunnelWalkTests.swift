import Foundation
import TestKit
import Testing

/// Both ends of a tunnel against each other, through a pipe that cuts, delays and breaks anywhere. What holds, whatever comes when:
///
/// - Bytes of a stream arrive as they were sent: none is lost, doubled or out of order, and an end is told behind all of them.
/// - Credit is never negative, and none leaks: when all is quiet, both ends of a living stream know of the same credit, which is all of the
///   window but less than a quarter; what windows have grown by is what the budget lacks, and is back when streams are gone.
/// - Every stream that is opened ends at both ends, once; nothing of it is told, and nothing of it is on the wire, behind that.
/// - A dead link ends everything in bounded time.
/// - What an end was given and has not passed on fits into the windows.
/// - A small response waits for one message of each other stream at most, whatever they have to send, and however long they stand still.
@Suite(.computes) struct TunnelWalkTests {
    /// A million with `PUSHPROX_WALK_STEPS=1000000`.
    private static let steps = ProcessInfo.processInfo.environment["PUSHPROX_WALK_STEPS"].flatMap { Int($0) } ?? 60_000

    @Test("Whatever comes when, streams of a tunnel keep what they promise", arguments: 0..<10 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var steps = 0
        var opened = 0
        var complete = 0
        for number in 0... {
            let walkSeed = seed * 1_000_000 + UInt64(number)
            var walk = TunnelWalk(seed: walkSeed)
            do {
                for _ in 0..<3_000 where !walk.isOver {
                    steps += 1
                    try walk.step()
                }
                try walk.finale()
                try walk.cutOff()
            } catch {
                Issue.record("seed \(walkSeed), step \(steps): \(error)")
                return
            }
            opened += walk.opened
            complete += walk.complete
            if steps > Self.steps / 10 { break }
        }
        #expect(opened > steps / 200 && complete > opened / 10)
    }

    @Test(
        "The first lie of either end, whatever went before, closes the tunnel with 1002",
        arguments: 0..<8 as Range<UInt64>)
    func lies(seed: UInt64) throws {
        var told = 0
        for number in 0..<60 {
            let walkSeed = seed * 1_000_000 + UInt64(number)
            var walk = TunnelWalk(seed: walkSeed)
            do {
                for _ in 0..<(number * 10 + 20) where !walk.isOver { try walk.step() }
                if try walk.lie(toTheProxy: number.isMultiple(of: 2)) { told += 1 }
            } catch {
                Issue.record("seed \(walkSeed): \(error)")
            }
        }
        #expect(told > 20)
    }
}
