import Failures
import Testing
import Wire

@testable import Proxy

@Suite("A CONNECT") struct ConnectTests {
    private func connect(_ it: inout Brokered, _ number: Int, _ name: String = "a", at time: Int = 0) -> [Decision] {
        it.scrape(number, name, .connection, at: time).decisions
    }

    private func open(_ it: inout Brokered, _ number: Int, _ source: Int, at time: Int = 1) -> Int? {
        let (reception, _) = it.broker.connectionOpened(it.ids[number]!, source: source, at: Brokered.at(time))
        if case .open(let scraper) = reception { return scraper }
        return nil
    }

    private func ends(_ actions: [BrokerAction<NumberPorts>]) -> [ConnectionEnd<NumberPorts>] {
        actions.facts.compactMap { if case .connectionEnded(let end) = $0 { end } else { nil } }
    }

    private func opened(_ limits: BrokerLimits = BrokerLimits()) -> Brokered {
        var it = Brokered(limits)
        _ = it.tunnel(1, ["a"], takes: 1)
        #expect(connect(&it, 10) == [.deliver(10, by: 1)])
        #expect(open(&it, 10, 20) == 10)
        return it
    }

    @Test("is taken by a tunnel, lasts beyond its deadline, and takes room until both ends are done")
    func life() {
        var it = opened()
        #expect(it.passed(1000).decisions == [])
        #expect(it.scrape(11, "a", timeout: 5000, at: 1000).decisions == [])
        let gauges = it.broker.gauges
        #expect(gauges.connections == 1 && gauges.streams == 1 && gauges.inFlight == 0 && gauges.queued == 1)
        let actions = it.broker.connectionEnded(it.ids[10]!, at: Brokered.at(1001))
        #expect(actions.decisions == [.deliver(11, by: 1)])
        let end = ends(actions)[0]
        #expect(end.failure == nil && end.open == .seconds(1000) && end.duration == .seconds(1001))
        #expect(actions.ends.isEmpty, "it is no scrape")
    }

    @Test(
        "fails at once where a poll serves the name, and says what to do instead; and when one comes for which it waits"
    )
    func unsupported() {
        var it = Brokered()
        _ = it.poll(1, "a")
        #expect(connect(&it, 10) == [.fail(10, .connectUnsupported)])
        #expect(it.broker.gauges.waitingPolls == 1, "the poll is not spent by it")
        #expect(connect(&it, 11, "b") == [])
        #expect(it.scrape(12, "b").decisions == [])
        #expect(it.poll(2, "b").decisions == [.fail(11, .connectUnsupported), .deliver(12, by: 2)])
        #expect(FailureKind.connectUnsupported.status == 501)
        #expect(FailureKind.connectUnsupported.summary.contains("_scheme=https"))
    }

    @Test("that a lost tunnel gives back fails where a poll has come meanwhile")
    func unsupportedWhenReturned() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 5)
        _ = connect(&it, 10)
        _ = it.poll(2, "a")
        let left = it.left(1, returning: [10])
        #expect(left.decisions == [.fail(10, .connectUnsupported)])
        #expect(it.broker.gauges.connections == 0 && it.broker.gauges.waitingPolls == 1)
    }

    @Test("waits for a client like a scrape, and fails like one: nobody came, or nobody connected in time")
    func deadlines() {
        var it = Brokered()
        _ = connect(&it, 10)
        let waited = it.passed(10)
        #expect(waited.decisions == [.fail(10, .noPoll)] && ends(waited).map(\.status) == [504])
        _ = it.tunnel(1, ["a"], takes: 5, at: 10)
        _ = connect(&it, 11, at: 10)
        #expect(it.passed(20).decisions == [.fail(11, .noPush), .withdraw(11, from: 1)])
        #expect(open(&it, 11, 20, at: 20) == nil)
    }

    @Test("fails with the client's reason, of which the client is not told again; its room is another's")
    func unreachable() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 1)
        _ = connect(&it, 10)
        _ = it.scrape(11, "a")
        let broke = it.broker.connectionBroke(
            it.ids[10]!, .targetUnreachable, detail: "refused", at: Brokered.at(1))
        #expect(broke.decisions == [.fail(10, .targetUnreachable), .deliver(11, by: 1)])
        #expect(ends(broke).map(\.status) == [502] && ends(broke).map(\.open) == [nil])
    }

    @Test(
        "that is open is aborted at the client's end when the scraper goes, and at the scraper's when the client does")
    func broken() {
        var it = opened()
        #expect(
            it.broker.scraperLeft(it.ids[10]!, sent: nil, bytes: 0, at: Brokered.at(2)).decisions == [.abort(20)])
        it = opened()
        let broke = it.broker.connectionBroke(
            it.ids[10]!, .pushBroken, detail: "the tunnel was lost", at: Brokered.at(2))
        #expect(broke.decisions == [.fail(10, .pushBroken)])
        #expect(ends(broke).map(\.open) == [.seconds(1)])
        #expect(it.left(1).decisions == [])
    }

    @Test("that nothing passes through is ended by the scraper's end, and is no failure")
    func idle() {
        var it = opened()
        let actions = it.broker.connectionIdle(it.ids[10]!, at: Brokered.at(500))
        #expect(actions.decisions == [.abort(20)] && ends(actions).map(\.failure) == [nil])
        #expect(it.broker.connectionIdle(it.ids[10]!, at: Brokered.at(500)).isEmpty)
    }

    @Test("is bounded for each client and in all, those that wait included; a scrape is not refused because of it")
    func bounds() {
        var limits = BrokerLimits()
        (limits.maxConnectionsPerClient, limits.maxConnections) = (2, 3)
        var it = Brokered(limits)
        _ = it.tunnel(1, ["a"], takes: 1)
        #expect(connect(&it, 10) == [.deliver(10, by: 1)])
        #expect(connect(&it, 11) == [])
        #expect(connect(&it, 12) == [.fail(12, .connectionLimit)])
        #expect(connect(&it, 13, "b") == [])
        #expect(connect(&it, 14, "c") == [.fail(14, .connectionLimit)])
        #expect(it.scrape(15, "a").decisions == [])
        _ = it.broker.connectionBroke(it.ids[10]!, .targetUnreachable, detail: "", at: Brokered.at(1))
        #expect(connect(&it, 16) == [])
        #expect(FailureKind.connectionLimit.status == 503)
    }

    @Test("finds no response, and a scrape no connection")
    func confusion() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 5)
        _ = connect(&it, 10)
        _ = it.scrape(11, "a")
        #expect(it.push(20, for: 10) == nil)
        #expect(open(&it, 11, 20) == nil)
        #expect(it.broker.connectionBroke(it.ids[11]!, .pushBroken, detail: "", at: Brokered.at(1)).isEmpty)
        #expect(it.broker.connectionEnded(it.ids[10]!, at: Brokered.at(1)).isEmpty, "it is not open yet")
        #expect(open(&it, 10, 20) == 10 && open(&it, 10, 21) == nil)
    }

    @Test("of somebody else's tunnel is not opened, nor broken off")
    func foreign() {
        var it = Brokered()
        _ = it.deliver(1, ["a"], .atOnce(5), of: 1, instance: nil, at: 0)
        _ = connect(&it, 10)
        let (reception, _) = it.broker.connectionOpened(it.ids[10]!, source: 20, of: 2, at: Brokered.at(1))
        if case .open = reception { Issue.record("it is opened") }
        #expect(
            it.broker.connectionBroke(it.ids[10]!, .targetUnreachable, detail: "", of: 2, at: Brokered.at(1)).isEmpty)
    }

    @Test("whose client or scraper is denied is cut at both ends")
    func denied() {
        var it = opened()
        let held = it.heldScrapes.filter({ $0.id == it.ids[10] })[0]
        #expect(
            it.broker.scrapeDenied(held, isClients: false, at: Brokered.at(2)).decisions
                == [.abort(20), .fail(10, .accessDenied)])
    }

    @Test("is told of the shutdown once a client has it; open or not it may finish, and is cut when the grace ends")
    func shutdown() {
        var it = Brokered()
        _ = it.tunnel(1, ["a"], takes: 3)
        for number in [10, 11, 12, 13] { _ = connect(&it, number) }
        #expect(open(&it, 10, 20) == 10 && open(&it, 11, 21) == 11)
        let actions = it.shutDown(at: 2).decisions
        #expect(actions.prefix(2) == [.endDelivery(1, .shuttingDown), .fail(13, .shuttingDown)])
        #expect(Set(actions.dropFirst(2).map { "\($0)" }) == Set([10, 11, 12].map { "\(Decision.windUp($0))" }))
        #expect(connect(&it, 14) == [.fail(14, .shuttingDown)])
        #expect(open(&it, 12, 22, at: 3) == 12)
        #expect(it.broker.connectionIdle(it.ids[11]!, at: Brokered.at(4)).decisions == [.abort(21)])
        #expect(it.broker.connectionEnded(it.ids[12]!, at: Brokered.at(4)).decisions == [])
        let cut = it.graceEnded(at: 5)
        #expect(cut.decisions == [.abort(20), .fail(10, .shuttingDown)])
        #expect(it.broker.isIdle && it.broker.gauges.streams == 0)
    }
}
