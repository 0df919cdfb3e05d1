import Failures
import NIOCore
import Store
import Testing
import Wire

@testable import Proxy

@Suite struct BrokerTests {
    @Test("A scrape goes to the poll that waits for it, and its response to the scraper")
    func simple() {
        var it = Brokered()
        #expect(it.poll(1, "a").decisions == [])
        #expect(it.scrape(10, "A").decisions == [.deliver(10, by: 1)])
        #expect(it.push(20, for: 10) == 10)
        let end = it.ended(10, at: 1)
        #expect(end.decisions == [])
        #expect(end.ends.map(\.failure) == [nil])
        #expect(end.ends.first?.duration == .seconds(1))
        #expect(it.broker.isIdle)
        #expect(it.broker.gauges == BrokerGauges(liveClients: 1))
    }

    @Test("A scrape waits for a poll, and scrapes go out first come first served, one per poll")
    func queued() {
        var it = Brokered()
        for number in 10...12 { #expect(it.scrape(number, "a").decisions == []) }
        #expect(it.broker.gauges.queued == 3)
        for (poll, scrape) in [(1, 10), (2, 11), (3, 12)] {
            #expect(it.poll(poll, "a").decisions == [.deliver(scrape, by: poll)])
        }
        #expect(it.broker.gauges == BrokerGauges(liveClients: 1, connectedClients: 1, inFlight: 3))
    }

    @Test("A scrape that nobody polls for fails at its deadline, and one that was taken fails differently")
    func deadlines() {
        var it = Brokered()
        _ = it.scrape(10, "a", timeout: 5)
        #expect(it.passed(4).decisions == [])
        #expect(it.passed(5).decisions == [.fail(10, .noPoll)])
        _ = it.poll(1, "a", at: 6)
        _ = it.scrape(11, "a", timeout: 5, at: 6)
        #expect(it.passed(11).decisions == [.fail(11, .noPush)])
        #expect(it.push(20, for: 11, at: 12) == nil)
        #expect(it.broker.isIdle)
    }

    @Test("A deadline that passes while the response streams ends both sides")
    func deadlineInResponse() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a", timeout: 5)
        _ = it.push(20, for: 10)
        #expect(it.passed(5).decisions == [.abandon(20), .fail(10, .responseTimeout)])
    }

    @Test("A poll whose client disconnected takes no scrape")
    func pollLeft() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.left(1)
        #expect(it.scrape(10, "a").decisions == [])
        #expect(it.poll(2, "a").decisions == [.deliver(10, by: 2)])
        #expect(it.left(1).isEmpty)
    }

    @Test("A scraper that hung up is no longer queued, nor served")
    func scraperLeft() {
        var it = Brokered()
        _ = it.scrape(10, "a")
        _ = it.scrape(11, "a")
        #expect(
            it.broker.scraperLeft(it.ids[10]!, sent: nil, bytes: 0, at: Brokered.at(1)).ends.first?.failure
                == .scraperGone)
        #expect(it.poll(1, "a").decisions == [.deliver(11, by: 1)])
        _ = it.push(20, for: 11)
        #expect(
            it.broker.scraperLeft(it.ids[11]!, sent: 200, bytes: 3, at: Brokered.at(1)).decisions == [.abandon(20)])
        #expect(it.ended(11).isEmpty)
    }

    @Test("A scrape that could not be written to its poll goes back to the head of the queue")
    func redelivered() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a")
        _ = it.scrape(11, "a")
        #expect(it.broker.deliveryFailed(it.ids[10]!, it.deliveries[1]!, at: Brokered.at(0)).decisions == [])
        #expect(it.poll(2, "a").decisions == [.deliver(10, by: 2)])
        #expect(it.poll(3, "a").decisions == [.deliver(11, by: 3)])
        // Too late, and from a delivery that no longer has it.
        #expect(it.broker.deliveryFailed(it.ids[10]!, it.deliveries[1]!, at: Brokered.at(0)).isEmpty)
    }

    @Test("A scrape goes at once to a poll that arrived while its delivery failed")
    func redeliveredAtOnce() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a")
        _ = it.poll(2, "a")
        #expect(
            it.broker.deliveryFailed(it.ids[10]!, it.deliveries[1]!, at: Brokered.at(0)).decisions
                == [.deliver(10, by: 2)])
    }

    @Test("A newer poll of one client supersedes the older")
    func superseded() {
        var it = Brokered()
        let instance = InstanceID()
        _ = it.poll(1, "a", instance: instance)
        #expect(it.poll(2, "a", instance: instance).decisions == [.endDelivery(1, .superseded)])
        #expect(it.broker.gauges.waitingPolls == 1)
        #expect(it.scrape(10, "a").decisions == [.deliver(10, by: 2)])
    }

    @Test("An idle poll of our own client is ended; upstream's is held")
    func idlePolls() {
        var it = Brokered()
        _ = it.poll(1, "a", instance: InstanceID())
        _ = it.poll(2, "b")
        #expect(it.passed(44).decisions == [])
        #expect(it.passed(45).decisions == [.endDelivery(1, .idle)])
        #expect(it.passed(4500).decisions == [])
        #expect(it.broker.gauges.waitingPolls == 1)
    }

    @Test("What still waits for the name of a client that is gone is queued there")
    func goneWithQueue() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.left(1)
        _ = it.scrape(10, "a", timeout: 1000, at: 299)
        let states = it.passed(300).facts.compactMap { if case .client(let state) = $0 { state } else { nil } }
        #expect(states.map(\.queued) == [1] && states.map(\.isRegistered) == [false])
        #expect(it.broker.gauges.queued == 1)
    }

    @Test("A name that no client has is told of while scrapes wait for it, and at their end")
    func unregisteredName() throws {
        var it = Brokered()
        func queued(_ actions: [BrokerAction<NumberPorts>]) -> [Int] {
            actions.facts.compactMap {
                if case .client(let state) = $0, !state.isRegistered { state.queued } else { nil }
            }
        }
        #expect(queued(it.scrape(10, "a")) == [1])
        #expect(queued(it.scrape(11, "a")) == [2])
        #expect(it.broker.state(of: "a")?.queued == 2)
        #expect(queued(it.passed(10)) == [1, 0])
        #expect(it.broker.state(of: "a") == nil)
        #expect(it.states.isEmpty)
    }

    @Test(
        "A response with an error status went out in full, and is a failed scrape",
        arguments: [200, 302, 399, 400, 599])
    func errorStatus(status: Int) throws {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a")
        _ = it.push(20, for: 10)
        let actions = it.broker.responseEnded(
            try #require(it.ids[10]), status: status, answer: "\(status) Words", bytes: 5, at: Brokered.at(1))
        let end = try #require(actions.ends.first)
        #expect(end.failure == (status < 400 ? nil : .targetStatus) && end.status == status && end.bytes == 5)
        #expect(actions.decisions == [], "nothing changes for the scraper")
    }

    @Test("A client that comes back after it was gone is told apart from a new one")
    func isBack() {
        var it = Brokered()
        let registered = { (actions: [BrokerAction<NumberPorts>]) -> [Bool] in
            actions.facts.compactMap { if case .registered(_, let isBack) = $0 { isBack } else { nil } }
        }
        #expect(registered(it.poll(1, "a")) == [false])
        #expect(registered(it.poll(2, "a")) == [])
        _ = it.left(2)
        _ = it.passed(300)
        #expect(registered(it.poll(3, "a", at: 301)) == [true])
    }

    @Test("Queues have bounds: for one client, and in total")
    func bounds() {
        var limits = BrokerLimits()
        limits.maxQueuedPerClient = 2
        limits.maxQueued = 3
        var it = Brokered(limits)
        #expect(it.scrape(10, "a").decisions == [])
        #expect(it.scrape(11, "a").decisions == [])
        #expect(it.scrape(12, "a").decisions == [.fail(12, .queueFull)])
        #expect(it.scrape(13, "b").decisions == [])
        #expect(it.scrape(14, "c").decisions == [.fail(14, .queueFull)])
        #expect(it.broker.gauges.queued == 3)
        // Room is given back, and a scrape with a waiting poll needs none.
        #expect(it.poll(1, "a").decisions == [.deliver(10, by: 1)])
        _ = it.poll(2, "d")
        #expect(it.scrape(15, "d").decisions == [.deliver(15, by: 2)])
    }

    @Test("The number of clients has a bound; those that are registered go on")
    func clientBound() {
        var limits = BrokerLimits()
        limits.maxClients = 1
        var it = Brokered(limits)
        #expect(it.poll(1, "a").decisions == [])
        #expect(it.poll(2, "b").decisions == [.endDelivery(2, .tooManyClients)])
        #expect(it.poll(3, "a").decisions == [.endDelivery(1, .superseded)])
        #expect(it.broker.gauges.liveClients == 1)
    }

    @Test("A name that no client has ever had is forgotten with its last scrape")
    func unknownNames() {
        var it = Brokered()
        for number in 0..<1000 { _ = it.scrape(number, "name\(number)", timeout: 1) }
        _ = it.passed(1)
        #expect(it.broker.gauges == BrokerGauges())
        #expect(it.states.isEmpty)
        #expect(it.broker.isIdle)
    }

    @Test("A push is taken once, and only for a scrape that was delivered")
    func pushes() {
        var it = Brokered()
        _ = it.scrape(10, "a")
        #expect(it.push(20, for: 10) == nil)
        _ = it.poll(1, "a")
        #expect(it.push(21, for: 10) == 10)
        #expect(it.push(22, for: 10) == nil)
    }

    @Test("A push that breaks off fails its scrape")
    func broken() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a")
        _ = it.push(20, for: 10)
        let actions = it.broker.responseBroke(
            it.ids[10]!, .pushBroken, detail: "x", sent: SentPart(status: 200, bytes: 7), at: Brokered.at(1))
        #expect(actions.decisions == [.fail(10, .pushBroken)])
        let end = actions.ends.first
        #expect(end?.status == 200, "what the scraper was sent, not what the failure would have been answered with")
        #expect(end?.bytes == 7)
        #expect(
            it.broker.responseBroke(
                it.ids[10]!, .pushBroken, detail: "x", sent: SentPart(status: 200, bytes: 7), at: Brokered.at(1)
            ).isEmpty)
    }

    @Test("A failure's own status stands only where the scraper can still be sent it")
    func statusOfFailures() {
        var it = Brokered()
        for (scrape, status) in [(10, nil), (11, 200)] as [(Int, Int?)] {
            _ = it.poll(scrape - 9, "a")
            _ = it.scrape(scrape, "a", timeout: 5)
            _ = it.broker.responseBegan(it.ids[scrape]!, status: status, source: 20, at: Brokered.at(0))
        }
        #expect(Set(it.passed(6).ends.map(\.status)) == [FailureKind.responseTimeout.status, 200])
        _ = it.poll(3, "a", at: 6)
        _ = it.scrape(12, "a", at: 6)
        _ = it.push(21, for: 12, at: 6)
        let broken = it.broker.responseBroke(it.ids[12]!, .pushBroken, detail: "", sent: nil, at: Brokered.at(7))
        #expect(broken.ends.map(\.status) == [502])
    }

    @Test("At shutdown polls and queued scrapes are sent away, what is in flight may finish, what comes is refused")
    func shutdown() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a")
        _ = it.poll(2, "a")
        _ = it.scrape(11, "b")
        #expect(
            Set(it.shutDown(at: 1).decisions.map { "\($0)" })
                == Set([
                    "\(Decision.endDelivery(2, .shuttingDown))", "\(Decision.fail(11, .shuttingDown))",
                ]))
        #expect(it.poll(3, "a", at: 1).decisions == [.endDelivery(3, .shuttingDown)])
        #expect(it.scrape(12, "a", at: 1).decisions == [.fail(12, .shuttingDown)])
        #expect(!it.broker.isIdle)
        #expect(it.push(20, for: 10, at: 2) == 10)
        _ = it.ended(10, at: 2)
        #expect(it.broker.isIdle)
        #expect(it.shutDown(at: 3).isEmpty)
    }

    @Test("A scrape that comes back from a failed delivery during the shutdown ends with it")
    func redeliveredAtShutdown() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a")
        _ = it.shutDown(at: 1)
        let actions = it.broker.deliveryFailed(it.ids[10]!, it.deliveries[1]!, at: Brokered.at(1))
        #expect(actions.decisions == [.fail(10, .shuttingDown)])
        #expect(it.broker.isIdle)
    }

    @Test("A client that is away and is scraped again and again costs no more than one deadline")
    func awayAndScraped() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.left(1)
        for number in 10..<1000 {
            _ = it.scrape(number, "a", timeout: 1)
            _ = it.broker.scraperLeft(it.ids[number]!, sent: nil, bytes: 0, at: Brokered.at(0))
        }
        #expect(it.broker.registrationEnds.count == 1)
        #expect(it.passed(300).facts.contains { if case .gone = $0 { true } else { false } })
    }

    @Test("A client that is away for a moment is gone in time, however many others come and go meanwhile")
    func sweptRegistrationEnd() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.left(1)
        // Connected while the others make the broker tidy up, and away since the same moment as before after that.
        _ = it.poll(2, "a")
        _ = it.scrape(10, "a", timeout: 250)
        for number in 100..<300 {
            _ = it.poll(number, "b", at: number - 100)
            _ = it.left(number, at: number - 100)
        }
        #expect(it.broker.registrationEnds.count < 150)
        #expect(it.passed(250).decisions == [.fail(10, .noPush)])
        #expect(it.passed(300).facts.contains { if case .gone = $0 { true } else { false } })
        #expect(it.listed() == ["b"])
    }

    @Test("When the grace has ended, what is still under way fails")
    func grace() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a")
        _ = it.push(20, for: 10)
        _ = it.shutDown(at: 1)
        #expect(it.graceEnded(at: 2).decisions == [.abandon(20), .fail(10, .shuttingDown)])
        #expect(it.broker.isIdle)
    }

    @Test("What concerns all is done in batches: deadlines, states, the shutdown and the end of its grace")
    func batches() {
        var limits = BrokerLimits()
        limits.batch = 10
        limits.maxQueuedPerClient = 100
        var it = Brokered(limits)
        for number in 0..<25 { _ = it.poll(number, "n\(number)") }
        for number in 100..<145 { _ = it.scrape(number, "q", timeout: 1) }
        #expect(it.broker.clientStates(from: 0)?.states.count == 10)
        #expect(it.states.count == 25)
        #expect(it.broker.timePassed(to: Brokered.at(1)).decisions.count == 10)
        #expect(it.passed(1).decisions.count == 35)
        for number in 200..<225 { _ = it.scrape(number, "n\(number - 200)", at: 1) }
        for number in 300..<325 { _ = it.poll(number, "n\(number - 300)", at: 1) }
        for number in 400..<425 { _ = it.scrape(number, "q", at: 1) }
        #expect((it.broker.shutdownBegan(at: Brokered.at(2)) ?? []).decisions.count == 10)
        #expect(it.scrape(500, "q", at: 2).decisions == [.fail(500, .shuttingDown)])
        #expect(it.shutDown(at: 2).decisions.count == 40)
        #expect(it.broker.gauges == BrokerGauges(liveClients: 25, connectedClients: 25, inFlight: 25))
        #expect(it.broker.graceEnded(at: Brokered.at(3)).decisions.count == 10)
        #expect(it.graceEnded(at: 3).decisions.count == 15)
    }

    @Test("Times at the ends of what can be said stop nothing")
    func extremes() {
        var limits = BrokerLimits()
        limits.registrationTimeout = .nanoseconds(.max)
        limits.pollMaxWait = .nanoseconds(.max)
        var it = Brokered(limits)
        it.broker.clientRestored(FQDN("r")!, instance: nil, lastSeen: .uptimeNanoseconds(0), expires: .distantFuture)
        _ = it.poll(1, "a", instance: InstanceID())
        _ = it.broker.scrapeArrived(
            ScrapeID(high: 0, low: 9), for: FQDN("b")!, from: 9, deadline: .distantFuture, at: Brokered.at(0))
        _ = it.left(1, at: 1)
        #expect(it.passed(1_000_000_000).isEmpty)
        #expect(it.listed() == ["r", "a"])
    }
}
