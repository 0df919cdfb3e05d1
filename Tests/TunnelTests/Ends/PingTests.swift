import NIOCore
import TestKit
import Testing

@testable import Tunnel

@Suite struct PingTests {
    @Test("Silence is asked after an interval, again after another, and is the end after two and a half")
    func proxy() {
        var bench = ProxyBench()
        // The one after the WELCOME.
        #expect(bench.end.nextDeadline == bench.now + .seconds(15))
        var asked: [WireFrame] = []
        for _ in 0..<37 {
            #expect(bench.pass(.seconds(1)) == [])
            asked += bench.output()
        }
        #expect(asked.count == 2)
        #expect(bench.pass(.milliseconds(499)) == [] && bench.end.nextDeadline == bench.now + .milliseconds(1))
        #expect(bench.pass(.milliseconds(1)) == [.closed(.silent)] && bench.end.isOver && bench.output() == [])
    }

    @Test("The client asks a quarter later, so that one of both asks")
    func client() {
        var bench = ClientBench()
        #expect(bench.end.nextDeadline == bench.now + .milliseconds(18_750))
        #expect(bench.pass(.milliseconds(18_749)) == [] && bench.output() == [])
        #expect(bench.pass(.milliseconds(1)) == [])
        guard case .ping(let payload)? = bench.output().first else {
            Issue.record("no ping")
            return
        }
        #expect(bench.receive(.pong(payload)) == [.roundTrip(.zero)])
        #expect(bench.pass(.milliseconds(18_749)) == [])
    }

    @Test("Anything that is heard counts, half a message too")
    func heard() {
        var bench = ProxyBench()
        for byte in WireFrame.ping([1, 2, 3, 4, 5, 6]).bytes(key: [1, 2, 3, 4]) {
            #expect(bench.pass(.seconds(14)) == [])
            #expect(bench.receive(bytes: [byte]) == [])
        }
        #expect(!bench.end.isOver)
    }

    @Test("The round trip is measured now and then though there is no silence")
    func busy() {
        var bench = ProxyBench()
        bench.now = bench.now + .milliseconds(1)
        #expect(bench.receive(.pong([0, 0, 0, 0, 0, 0, 0, 1])) == [.roundTrip(.milliseconds(1))])
        var pings = 0
        for _ in 0..<120 {
            _ = (bench.pass(.seconds(1)), bench.receive(.hello("Fqdn: a\r\n")))
            for case .ping(let payload) in bench.output() {
                pings += 1
                #expect(bench.receive(.pong(payload)) == [.roundTrip(.zero)])
            }
        }
        #expect(pings == 2)
    }

    @Test("A process that was stopped for a while asks before it takes the other end for dead")
    func stopped() {
        var bench = ProxyBench()
        _ = bench.receive(.pong([0, 0, 0, 0, 0, 0, 0, 1]))
        #expect(bench.pass(.seconds(600)) == [] && bench.output().count == 1)
        #expect(bench.pass(.milliseconds(14_999)) == [])
        #expect(bench.pass(.milliseconds(1)) == [.closed(.silent)])
    }

    @Test("Only the answer to the last ping gives a round trip, once")
    func older() {
        var bench = ProxyBench()
        #expect(bench.pass(.seconds(15)) == [] && bench.output().count == 1)
        bench.now = bench.now + .milliseconds(7)
        #expect(bench.receive(.pong([0, 0, 0, 0, 0, 0, 0, 1])) == [])
        #expect(bench.receive(.pong([0, 0, 0, 0, 0, 0, 0, 2])) == [.roundTrip(.milliseconds(7))])
        #expect(bench.receive(.pong([0, 0, 0, 0, 0, 0, 0, 2])) == [])
    }
}
