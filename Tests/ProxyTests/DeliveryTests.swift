import NIOCore
import Testing
import Wire

@testable import Proxy

@Suite("A delivery") struct DeliveryTests {
    private func states(_ actions: [BrokerAction<NumberPorts>]) -> [String: Proxy.ClientSnapshot] {
        actions.facts.reduce(into: [:]) { if case .client(let state) = $1 { $0[state.fqdn.key] = state } }
    }

    @Test("that takes several scrapes is handed so many at once, and the next when one of them has ended")
    func capacity() {
        var it = Brokered()
        #expect(it.tunnel(1, ["a"], takes: 2).decisions == [])
        #expect(it.scrape(10, "a").decisions == [.deliver(10, by: 1)])
        #expect(it.scrape(11, "a").decisions == [.deliver(11, by: 1)])
        #expect(it.scrape(12, "a").decisions == [])
        #expect(it.scrape(13, "a", timeout: 5).decisions == [])
        #expect(
            it.broker.gauges
                == BrokerGauges(liveClients: 1, connectedClients: 1, tunnels: 1, streams: 2, queued: 2, inFlight: 2))
        #expect(it.push(20, for: 11) == 11)
        #expect(it.ended(11).decisions == [.deliver(12, by: 1)])
        // However a scrape ends, its room comes back.
        let left = it.broker.scraperLeft(it.ids[12]!, sent: nil, bytes: 0, at: Brokered.at(1))
        #expect(left.decisions == [.withdraw(12, from: 1), .deliver(13, by: 1)])
        _ = it.scrape(14, "a", timeout: 100, at: 1)
        #expect(it.passed(5).decisions == [.fail(13, .noPush), .withdraw(13, from: 1), .deliver(14, by: 1)])
        _ = it.push(21, for: 10, at: 6)
        _ = it.broker.responseBroke(it.ids[10]!, .pushBroken, detail: "", sent: nil, at: Brokered.at(6))
        #expect(it.scrape(15, "a", at: 6).decisions == [.deliver(15, by: 1)])
    }

    @Test("that takes several is handed all that waits, as far as it has room")
    func queued() {
        var it = Brokered()
        for number in 10...13 { _ = it.scrape(number, "a") }
        #expect(it.tunnel(1, ["a"], takes: 3).decisions == (10...12).map { .deliver($0, by: 1) })
        #expect(it.broker.gauges.queued == 1)
    }

    @Test("with room takes a scrape that no queue would have room for")
    func bounds() {
        var limits = BrokerLimits()
        limits.maxQueued = 0
        var it = Brokered(limits)
        _ = it.tunnel(1, ["a"], takes: 1)
        #expect(it.scrape(10, "a").decisions == [.deliver(10, by: 1)])
        #expect(it.scrape(11, "a").decisions == [.fail(11, .queueFull)])
    }

    @Test("is not handed what has no time left, though its room comes back in the same moment")
    func timeIsUp() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 1)
        _ = it.scrape(10, "a", timeout: 5)
        _ = it.scrape(11, "a", timeout: 5)
        _ = it.scrape(12, "a", timeout: 6)
        #expect(
            it.passed(5).decisions
                == [.fail(10, .noPush), .withdraw(10, from: 1), .deliver(12, by: 1), .fail(11, .noPoll)])
        #expect(it.broker.gauges.queued == 0)
    }

    @Test("serves several names, each of which is a client, until it leaves")
    func severalNames() {
        var it = Brokered()
        let arrived = it.tunnel(1, ["a", "B", "b"], takes: 5)
        #expect(states(arrived).mapValues(\.isConnected) == ["a": true, "b": true])
        #expect(it.listed() == ["a", "b"])
        #expect(it.broker.gauges == BrokerGauges(liveClients: 2, connectedClients: 2, tunnels: 1))
        #expect(it.scrape(10, "b").decisions == [.deliver(10, by: 1)])
        #expect(it.scrape(11, "c").decisions == [])
        let left = it.left(1, at: 10)
        #expect(states(left).mapValues(\.isConnected) == ["a": false, "b": true], "a scrape of b is in flight")
        #expect(it.scrape(12, "a", timeout: 1000, at: 10).decisions == [])
        #expect(it.left(1, at: 11).isEmpty)
        _ = it.passed(310)
        #expect(it.listed() == [])
    }

    @Test("that serves several names gives each of them its turn, however much waits for another")
    func fairness() {
        var it = Brokered()
        _ = it.tunnel(1, ["a", "b", "c"], takes: 1)
        _ = it.scrape(10, "a")
        for number in 11...16 { _ = it.scrape(number, "a") }
        _ = it.scrape(20, "b")
        _ = it.scrape(30, "c")
        _ = it.scrape(21, "b")
        var order: [Int] = []
        var taken = 10
        while true {
            _ = it.push(99, for: taken)
            guard case .deliver(let next, by: 1) = it.ended(taken).decisions.first else { break }
            order.append(next)
            taken = next
        }
        #expect(order == [11, 20, 30, 12, 21, 13, 14, 15, 16])
    }

    @Test("notes the states of all names that something changed for")
    func statesOfOthers() {
        var it = Brokered()
        _ = it.tunnel(1, ["a", "b"], takes: 1)
        _ = it.scrape(10, "a")
        _ = it.scrape(11, "b")
        _ = it.push(20, for: 10)
        let changed = states(it.ended(10))
        #expect(changed["a"]?.inFlight == 0 && changed["b"]?.inFlight == 1 && changed["b"]?.queued == 0)
    }

    @Test("takes an older one's place for the names that both have; the older one goes with its last name")
    func superseded() {
        var it = Brokered()
        let instance = InstanceID()
        _ = it.tunnel(1, ["a", "b"], takes: 1, instance: instance)
        _ = it.scrape(10, "a")
        #expect(it.poll(2, "a", instance: instance).decisions == [])
        #expect(it.scrape(11, "a").decisions == [.deliver(11, by: 2)])
        #expect(it.scrape(12, "b").decisions == [])
        // What the older one had of the name that it lost goes on there, and its room is for the other.
        _ = it.push(20, for: 10)
        #expect(it.ended(10).decisions == [.deliver(12, by: 1)])
        #expect(it.tunnel(3, ["b", "a"], takes: 1, instance: instance).decisions == [.endDelivery(1, .superseded)])
        #expect(it.scrape(13, "b").decisions == [.deliver(13, by: 3)])
        _ = it.push(21, for: 12)
        #expect(it.ended(12).decisions == [], "nobody has use for the room of what is ended")
        #expect(it.broker.gauges.waitingPolls == 0)
    }

    @Test("of another process is a clash, for each name that it takes")
    func clash() {
        var it = Brokered()
        _ = it.tunnel(1, ["a", "b", "c"], takes: 1, instance: InstanceID())
        let other = InstanceID()
        let first = it.tunnel(2, ["a", "b"], takes: 1, instance: other)
        #expect(first.decisions == [])
        #expect(first.facts.count { if case .clash = $0 { true } else { false } } == 2)
        #expect(it.poll(3, "c", instance: other).decisions == [.endDelivery(1, .clash)])
    }

    @Test("that leaves gives back what it had no answer to: to the head of its queue, in order, for the next")
    func returned() {
        var it = Brokered()
        let instance = InstanceID()
        _ = it.tunnel(1, ["a", "b"], takes: 5, instance: instance)
        for (number, name) in [(10, "a"), (11, "b"), (12, "a"), (13, "a")] { _ = it.scrape(number, name) }
        _ = it.push(20, for: 13)
        // One that has a part of its answer is its source's to end.
        let left = it.left(1, returning: [10, 11, 12, 13])
        #expect(left.decisions == [])
        #expect(left.facts.count { if case .redelivered = $0 { true } else { false } } == 3)
        #expect(it.broker.gauges.queued == 3 && it.broker.gauges.inFlight == 1)
        _ = it.scrape(14, "a")
        #expect(
            it.tunnel(2, ["a", "b"], takes: 3, instance: instance).decisions
                == [.deliver(10, by: 2), .deliver(11, by: 2), .deliver(12, by: 2)])
        // Late, and of the one before: it stands at the same place in the table now.
        #expect(it.left(1, returning: [10]).isEmpty)
        _ = it.broker.responseBroke(it.ids[13]!, .pushBroken, detail: "", sent: nil, at: Brokered.at(1))
        #expect(it.broker.gauges.queued == 1, "its end gives the new one no room")
    }

    @Test("that was superseded and leaves later gives back to its successor")
    func returnedToSuccessor() {
        var it = Brokered()
        let instance = InstanceID()
        _ = it.tunnel(1, ["a"], takes: 5, instance: instance)
        _ = it.scrape(10, "a")
        #expect(it.tunnel(2, ["a"], takes: 5, instance: instance).decisions == [.endDelivery(1, .superseded)])
        #expect(it.left(1, returning: [10]).decisions == [.deliver(10, by: 2)])
    }

    @Test("that fails to take a scrape is handed nothing more, whatever room it had")
    func failed() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 5)
        _ = it.scrape(10, "a")
        #expect(it.broker.deliveryFailed(it.ids[10]!, it.deliveries[1]!, at: Brokered.at(0)).decisions == [])
        #expect(it.scrape(11, "a").decisions == [])
        #expect(it.poll(2, "a").decisions == [.deliver(10, by: 2)])
    }

    @Test("that takes several does not end idle, nor count as a poll that waits")
    func idle() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 5, instance: InstanceID())
        #expect(it.passed(10_000).decisions == [])
        #expect(it.listed() == ["a"] && it.broker.gauges.waitingPolls == 0)
    }

    @Test("serves those of its names that there is room for among the clients; with none of them it is sent away")
    func tooManyClients() {
        var limits = BrokerLimits()
        limits.maxClients = 1
        var it = Brokered(limits)
        let arrived = it.tunnel(1, ["a", "b"], takes: 1)
        #expect(arrived.decisions == [])
        #expect(arrived.facts.count { if case .registrationRefused = $0 { true } else { false } } == 1)
        #expect(it.scrape(10, "b").decisions == [])
        #expect(it.scrape(11, "a").decisions == [.deliver(11, by: 1)])
        #expect(it.tunnel(2, ["c", "b"], takes: 1).decisions == [.endDelivery(2, .tooManyClients)])
        #expect(it.left(2).isEmpty)
    }

    @Test("is ended once at shutdown; what it has taken may finish, what it gives back fails, and nothing new comes")
    func shutdown() {
        var it = Brokered()
        _ = it.tunnel(1, ["a", "b"], takes: 2)
        for (number, name) in [(10, "a"), (11, "b"), (12, "b")] { _ = it.scrape(number, name) }
        #expect(it.shutDown(at: 1).decisions == [.endDelivery(1, .shuttingDown), .fail(12, .shuttingDown)])
        #expect(it.push(20, for: 10, at: 2) == 10)
        #expect(it.ended(10, at: 2).decisions == [])
        #expect(it.left(1, returning: [11], at: 3).decisions == [.fail(11, .shuttingDown)])
        #expect(it.broker.isIdle)
        #expect(it.tunnel(2, ["a"], takes: 2, at: 3).decisions == [.endDelivery(2, .shuttingDown)])
    }

    @Test("is told apart from all that had its place before it")
    func generations() {
        var it = Brokered()
        for number in 1...3 { _ = it.poll(number, "a") }
        _ = it.left(3)
        _ = it.poll(4, "b")
        #expect(Set([1, 2, 3, 4].map { it.deliveries[$0]! }).count == 4)
        for number in 1...3 { #expect(it.left(number).isEmpty) }
        #expect(it.scrape(10, "b").decisions == [.deliver(10, by: 4)])
    }

    @Test("whose holder may not be its client any more is ended; one that has taken its place meanwhile is left alone")
    func denied() {
        var it = Brokered()
        _ = it.deliver(1, ["a"], .one, of: 1, instance: nil, at: 0)
        let held = it.heldNames
        #expect(held.map(\.holder) == [1])
        _ = it.deliver(2, ["a"], .one, of: 2, instance: nil, at: 0)
        #expect(it.denied(held[0]).isEmpty)
        #expect(it.denied(it.heldNames[0]).decisions == [.endDelivery(2, .denied)])
        #expect(it.listed() == [] && it.broker.gauges == BrokerGauges())
    }

    @Test("whose scrape is denied its client fails it, unless another client has it by then")
    func deniedScrape() {
        var it = Brokered()
        _ = it.deliver(1, ["a"], .one, of: 1, instance: nil, at: 0)
        _ = it.scrape(10, "a")
        let held = it.heldScrapes
        _ = it.broker.deliveryFailed(it.ids[10]!, it.deliveries[1]!, at: Brokered.at(1))
        _ = it.deliver(2, ["a"], .one, of: 2, instance: nil, at: 1)
        #expect(it.broker.scrapeDenied(held[0], isClients: true, at: Brokered.at(1)).isEmpty)
        #expect(it.push(20, for: 10, of: 1) == nil)
        #expect(it.push(21, for: 10, of: 2) == 10)
        #expect(
            it.broker.scrapeDenied(held[0], isClients: false, at: Brokered.at(1)).decisions
                == [.abandon(21), .fail(10, .accessDenied)])
    }
}
