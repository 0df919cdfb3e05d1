import Clients
import NIOCore
import Testing
import Wire

@testable import Proxy

@Suite("A tunnel, as the broker knows it,") struct TunnelDeliveryTests {
    private func states(_ actions: [BrokerAction<NumberPorts>]) -> [String: Proxy.ClientSnapshot] {
        actions.facts.reduce(into: [:]) { if case .client(let state) = $1 { $0[state.fqdn.key] = state } }
    }

    private func ends(_ actions: [BrokerAction<NumberPorts>]) -> [Transport?] { actions.ends.map(\.transport) }

    // MARK: Withdrawal

    /// How a scrape that was delivered and not answered may end.
    enum End: CaseIterable { case deadline, scraperGone, denied, grace }

    private func end(_ it: inout Brokered, _ scrape: Int, by end: End) -> [BrokerAction<NumberPorts>] {
        switch end {
        case .deadline: return it.passed(10)
        case .scraperGone: return it.broker.scraperLeft(it.ids[scrape]!, sent: nil, bytes: 0, at: Brokered.at(5))
        case .denied:
            let held = it.heldScrapes.filter { $0.id == it.ids[scrape] }
            return it.broker.scrapeDenied(held[0], isClients: false, at: Brokered.at(5))
        case .grace:
            _ = it.shutDown(at: 5)
            return it.graceEnded(at: 5)
        }
    }

    private func withdrawals(_ actions: [BrokerAction<NumberPorts>]) -> [Decision] {
        actions.decisions.filter { if case .withdraw = $0 { true } else { false } }
    }

    @Test(
        "hears once that a scrape it was handed has ended without an answer, however that came", arguments: End.allCases
    )
    func withdrawn(by way: End) {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 2)
        _ = it.scrape(10, "a")
        let actions = end(&it, 10, by: way)
        #expect(withdrawals(actions) == [.withdraw(10, from: 1)])
        #expect(ends(actions) == [.tunnel])
        #expect(it.broker.gauges.streams == 0)
    }

    @Test("is not told of what it had begun to answer: whoever answers is", arguments: End.allCases)
    func abandoned(by way: End) {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 2)
        _ = it.scrape(10, "a")
        _ = it.push(20, for: 10)
        let actions = end(&it, 10, by: way)
        #expect(withdrawals(actions) == [] && actions.decisions.contains(.abandon(20)))
    }

    @Test("hears it also when another has taken its place, as long as it lives", arguments: End.allCases)
    func withdrawnFromSuperseded(by way: End) {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 2)
        _ = it.scrape(10, "a")
        #expect(it.poll(2, "a").decisions == [.endDelivery(1, .superseded)])
        #expect(it.broker.gauges.tunnels == 0 && it.broker.gauges.streams == 1)
        #expect(withdrawals(end(&it, 10, by: way)) == [.withdraw(10, from: 1)])
    }

    @Test("that has left hears of nothing more, nor does a poll", arguments: End.allCases)
    func notWithdrawn(by way: End) {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 2)
        _ = it.scrape(10, "a")
        _ = it.left(1)
        #expect(withdrawals(end(&it, 10, by: way)) == [])
        var other = Brokered()
        _ = other.poll(1, "a")
        _ = other.scrape(10, "a")
        let actions = end(&other, 10, by: way)
        #expect(withdrawals(actions) == [] && ends(actions) == [.poll])
    }

    @Test("that could not take a scrape is not told that it ended, and goes on with what it has")
    func failedToTake() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 2)
        for number in [10, 11] { _ = it.scrape(number, "a") }
        _ = it.broker.deliveryFailed(it.ids[10]!, it.deliveries[1]!, at: Brokered.at(0))
        #expect(it.broker.gauges.queued == 1 && it.broker.gauges.streams == 1 && it.broker.gauges.tunnels == 0)
        #expect(withdrawals(it.passed(10)) == [.withdraw(11, from: 1)])
    }

    @Test("is asked whether a scrape is its own still before it opens a stream: a withdrawal may have come before")
    func overtaken() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 1)
        _ = it.scrape(10, "a")
        _ = it.scrape(11, "a")
        #expect(it.broker.isWithDelivery(it.ids[10]!, it.deliveries[1]!))
        #expect(!it.broker.isWithDelivery(it.ids[11]!, it.deliveries[1]!))
        _ = it.left(1, returning: [10])
        #expect(!it.broker.isWithDelivery(it.ids[10]!, it.deliveries[1]!))
    }

    // MARK: Loss

    @Test("that is lost gives back what may be asked twice; what may not fails, and says why")
    func lost() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 5)
        _ = it.scrape(10, "a", .once)
        _ = it.scrape(11, "a", .repeatable)
        _ = it.scrape(12, "a", .connection)
        let left = it.left(1, returning: [10, 11, 12])
        #expect(left.decisions == [.fail(10, .pushBroken)])
        #expect(left.ends.map(\.detail) == ["the connection to the client was lost"] && ends(left) == [.tunnel])
        #expect(it.tunnel(2, ["a"], takes: 5).decisions == [.deliver(11, by: 2), .deliver(12, by: 2)])
    }

    @Test("gives back in time only: what has waited to its deadline fails as if nobody had come")
    func returnedTooLate() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 5)
        _ = it.scrape(10, "a")
        _ = it.left(1, returning: [10], at: 9)
        let actions = it.passed(10)
        #expect(actions.decisions == [.fail(10, .noPoll)] && ends(actions) == [nil])
    }

    // MARK: Names

    @Test("says anew what it serves: names that go wait for another, those that stay keep queue and turns")
    func renamed() {
        var it = Brokered()
        _ = it.tunnel(1, ["a", "b"], takes: 1)
        _ = it.scrape(10, "a")
        for (number, name) in [(11, "a"), (12, "b"), (13, "a")] { _ = it.scrape(number, name) }
        let actions = it.rename(1, ["A", "c"], takes: 1, at: 1) ?? []
        #expect(actions.decisions == [])
        #expect(states(actions).mapValues(\.isConnected) == ["a": true, "b": false, "c": true])
        #expect(Set(it.listed()) == ["A", "b", "c"])
        #expect(it.broker.gauges.queued == 3 && it.broker.gauges.tunnels == 1)
        _ = it.push(20, for: 10)
        #expect(it.ended(10).decisions == [.deliver(11, by: 1)])
        #expect(it.poll(2, "b").decisions == [.deliver(12, by: 2)])
    }

    @Test("that comes to have room is handed what waits; with less it keeps what it has")
    func capacityChanged() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 1)
        for number in 10...13 { _ = it.scrape(number, "a") }
        #expect(it.rename(1, ["a"], takes: 3)?.decisions == [.deliver(11, by: 1), .deliver(12, by: 1)])
        #expect(it.rename(1, ["a"], takes: 1)?.decisions == [])
        for number in [10, 11] {
            _ = it.push(20, for: number)
            #expect(it.ended(number).decisions == [])
        }
        _ = it.push(20, for: 12)
        #expect(it.ended(12).decisions == [.deliver(13, by: 1)])
    }

    @Test("takes names over from others when it says them, and is ended when it may have none")
    func renamedIntoOthers() {
        var it = Brokered()
        let instance = InstanceID()
        _ = it.tunnel(1, ["a"], takes: 1, instance: instance)
        _ = it.poll(2, "b", instance: instance)
        _ = it.poll(3, "c")
        let actions = it.rename(1, ["a", "b", "c"], takes: 1, instance: instance) ?? []
        #expect(actions.decisions == [.endDelivery(2, .superseded), .endDelivery(3, .clash)])
        #expect(it.rename(1, [], takes: 1)?.decisions == [.endDelivery(1, .denied)])
        #expect(it.rename(1, ["a"], takes: 1) == nil)
        #expect(it.broker.gauges.tunnels == 0)
    }

    @Test("is told which names there was no room for among the clients; with none left it is ended")
    func renamedBeyondTheBound() {
        var limits = BrokerLimits()
        limits.maxClients = 1
        var it = Brokered(limits)
        _ = it.tunnel(1, ["a"], takes: 1)
        let change = DeliveryChange<Int>(names: ["b", "a"].map { FQDN($0)! }, capacity: 1)
        let told = it.broker.namesChanged(it.deliveries[1]!, change, at: Brokered.at(1))
        #expect(told?.refused.map(\.key) == ["b"] && told?.actions.decisions == [])
        #expect(it.rename(1, ["b"], takes: 1)?.decisions == [.endDelivery(1, .tooManyClients)])
        #expect(it.listed() == ["a"])
    }

    @Test("that names much, and takes it back again and again, leaves nothing behind")
    func renamedOften() {
        var it = Brokered()
        _ = it.tunnel(1, ["a", "b"], takes: 0)
        for number in 10..<15 { _ = it.scrape(number, "b", timeout: 1000) }
        for _ in 0..<100 {
            _ = it.rename(1, ["a", "c"], takes: 0)
            _ = it.rename(1, ["a", "b"], takes: 0)
        }
        #expect(it.broker.deliveries[it.deliveries[1]!.index].turns.count == 1)
        #expect(it.rename(1, ["a", "b"], takes: 2)?.decisions == [.deliver(10, by: 1), .deliver(11, by: 1)])
    }

    @Test("takes the place of a poll of the same client, and a poll that of a tunnel; another process is a clash")
    func superseding() {
        var it = Brokered()
        let instance = InstanceID()
        _ = it.poll(1, "a", instance: instance)
        #expect(it.tunnel(2, ["a"], takes: 5, instance: instance).decisions == [.endDelivery(1, .superseded)])
        #expect(it.broker.gauges.waitingPolls == 0 && it.broker.gauges.tunnels == 1)
        #expect(it.poll(3, "a", instance: instance).decisions == [.endDelivery(2, .superseded)])
        #expect(it.tunnel(4, ["a"], takes: 5, instance: InstanceID()).decisions == [.endDelivery(3, .clash)])
    }

    // MARK: Distance

    @Test("is as far away as its first ping says, and as those that differ by a quarter and a millisecond")
    func roundTrip() {
        var it = Brokered()
        let transports = states(it.tunnel(1, ["a", "b"], takes: 1)).mapValues(\.transport)
        #expect(transports == ["a": .tunnel, "b": .tunnel])
        func measured(_ milliseconds: Int64) -> [Int64?] {
            let actions = it.broker.roundTripMeasured(it.deliveries[1]!, .milliseconds(milliseconds))
            return actions.facts.map { fact in
                guard case .client(let state) = fact else { return nil }
                return (state.roundTrip?.nanoseconds).map { $0 / 1_000_000 }
            }
        }
        #expect(measured(100) == [100, 100])
        #expect(measured(125) == [] && measured(75) == [])
        #expect(measured(126) == [126, 126])
        #expect(measured(1) == [1, 1])
        #expect(measured(2) == [])
        #expect(measured(3) == [3, 3])
        let renamed = states(it.rename(1, ["b", "c"], takes: 1) ?? [])
        #expect(renamed["c"]?.roundTrip == .milliseconds(3), "a name that comes later is as far away")
        #expect(states(it.poll(2, "c"))["c"]?.roundTrip == nil)
        _ = it.left(1)
        #expect(measured(50) == [])
        #expect(it.broker.roundTripMeasured(it.deliveries[2]!, .nanoseconds(.max)).count == 1)
        #expect(it.broker.roundTripMeasured(it.deliveries[2]!, .nanoseconds(.min)).count == 1)
    }
}
