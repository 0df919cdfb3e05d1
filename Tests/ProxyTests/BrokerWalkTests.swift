import TestKit
import Testing

@testable import Proxy

@Suite(.computes) struct BrokerWalkTests {
    /// What holds after every step (`BrokerWalk.check`):
    /// - every scrape ends once, in turn, and goes only to a delivery that serves its name and has room; a CONNECT never to a poll;
    /// - one that a living tunnel was handed and that ends without an answer is withdrawn from it once; who answers, or is the other end of a
    ///   connection, hears once that it is over, unless he said so;
    /// - room is neither lost nor made, whatever comes and goes, and what nobody knows any more leaves nothing behind;
    /// - no bound is exceeded, nobody waits beyond his deadline, but what is connected lasts;
    /// - who is listed, connected and counted is who should be, and the record is told of each state.
    @Test(
        "Whatever happens in whatever order: every scrape ends once, in turn, and goes only to a delivery with room for its name",
        arguments: 0..<20 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var walk = BrokerWalk(seed: seed)
        for _ in 0..<7500 {
            walk.step()
            try walk.check()
        }
        try walk.finish()
        #expect(walk.model.live.isEmpty && walk.model.inService.isEmpty)
        #expect(walk.it.broker.isIdle && walk.it.broker.gauges.streams == 0)
        let counts = walk.counts
        #expect(walk.ended.count == counts.scrapes)
        #expect(counts.delivered > 300 && counts.deliveredAgain > 30 && counts.turns > 30)
        #expect(counts.gone > 20 && counts.denied > 20 && counts.foreign > 40)
        #expect(counts.renamed > 20 && counts.withdrawn > 50 && counts.withdrawnLate > 5)
        #expect(counts.opened > 10 && counts.unsupported > 10 && counts.limited > 5)
        #expect(counts.lost > 2 && counts.roundTrips > 20)
    }
}
