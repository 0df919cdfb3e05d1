import NIOCore
import Store
import TestKit
import Testing
import Wire

@testable import Proxy

/// A naive model of what the broker promises, written down a second time in the plainest way: lists, searched from end to end.
private struct Model {
    enum State { case queued, delivered, responding, ended }

    struct Scrape {
        var name: String
        var state = State.queued
        var deadline: Int
        var push: Int?
        var answers = 0
    }

    var scrapes: [Int: Scrape] = [:]
    /// Queued scrapes per name, first come first served.
    var queues: [String: [Int]] = [:]
    var parked: [String: Int] = [:]
    var livePolls: Set<Int> = []
    /// Who is listed, as it spells its name, and when it was last heard of.
    var listed: [String: (spelling: String, seen: Int)] = [:]
    /// The process of a parked poll.
    var processes: [Int: InstanceID?] = [:]

    func isConnected(_ name: String) -> Bool {
        parked[name] != nil
            || scrapes.values.contains { $0.name == name && ($0.state == .delivered || $0.state == .responding) }
    }

    var live: [Int] { scrapes.filter { $0.value.state != .ended }.map(\.key).sorted() }
    func live(_ state: State) -> [Int] { scrapes.filter { $0.value.state == state }.map(\.key).sorted() }
}

@Suite struct BrokerWalkTests {
    @Test(
        "Whatever happens in whatever order: every scrape ends once, in turn, and only live polls get one",
        arguments: 0..<20 as Range<UInt64>)
    func walk(seed: UInt64) async throws {
        var limits = BrokerLimits()
        limits.maxQueuedPerClient = 5
        limits.maxQueued = 20
        limits.maxClients = 6
        limits.registrationTimeout = .seconds(30)
        limits.pollMaxWait = .seconds(10)
        limits.batch = 2
        limits.slotsPerPage = 3
        var walk = Walk(Brokered(limits), seed: seed)
        for _ in 0..<6000 {
            walk.step()
            try walk.check()
            // Others wait for this thread.
            await Task.yield()
        }
        walk.finish()
        try walk.check()
        #expect(walk.model.live.isEmpty)
        #expect(walk.it.broker.isIdle)
        #expect(walk.ended.count == walk.scrapes)
        #expect(walk.delivered > 300)
        #expect(walk.gone > 20)
    }
}

private struct Walk {
    var it: Brokered
    var model = Model()
    var random: Seeded
    var now = 0
    var next = 0
    var delivered = 0
    var scrapes = 0
    var redelivered = 0
    var gone = 0
    var ended: Set<Int> = []
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"]
    let instances = [nil, InstanceID(), InstanceID()]

    init(_ it: Brokered, seed: UInt64) {
        self.it = it
        self.random = Seeded(seed)
    }

    private mutating func number() -> Int {
        next += 1
        return next
    }

    mutating func step() {
        let name = names.randomElement(using: &random)!
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: poll(name)
        case 30..<60: scrape(name)
        case 60..<66:
            guard let poll = model.livePolls.sorted().randomElement(using: &random) else { return }
            pollLeft(poll)
        case 66..<70:
            guard let scrape = model.live.randomElement(using: &random) else { return }
            scraperLeft(scrape)
        case 70..<74:
            guard let scrape = model.live(.delivered).randomElement(using: &random) else { return }
            redeliver(scrape)
        case 74..<84:
            guard let scrape = (model.live.randomElement(using: &random)) else { return }
            push(scrape)
        case 84..<92:
            guard let scrape = model.live.randomElement(using: &random) else { return }
            end(scrape)
        case 92..<94:
            guard let scrape = model.live.randomElement(using: &random) else { return }
            breakOff(scrape)
        default:
            // Now and then nothing happens for so long that registrations run out.
            now += Int.random(in: 0..<20, using: &random) == 0 ? 31 : Int.random(in: 1...4, using: &random)
            apply(it.passed(now))
            for (name, client) in model.listed where !model.isConnected(name) {
                #expect(now < client.seen + 30, "\(name) is listed though its registration has run out")
            }
        }
    }

    mutating func finish() {
        apply(it.shutDown(at: now))
        apply(it.graceEnded(at: now))
    }

    /// Counts match, and what the broker knows is what the model knows.
    mutating func check() throws {
        let gauges = it.broker.gauges
        try #require(gauges.queued == model.live(.queued).count)
        try #require(gauges.inFlight == model.live(.delivered).count + model.live(.responding).count)
        try #require(gauges.waitingPolls == model.parked.count)
        try #require(Set(model.parked.values).isSubset(of: model.livePolls))
        // A scrape that comes back from a failed delivery was let in once, and is let in again.
        try #require(gauges.queued <= 20 + redelivered && gauges.liveClients <= 6)
        try #require(gauges.connectedClients <= gauges.liveClients)
        try #require(it.states.count == gauges.liveClients)
        try #require(it.states.filter(\.isConnected).count == gauges.connectedClients)
        // Not at every step, so that several changes come together.
        if next.isMultiple(of: 3) { try #require(Set(it.listed()) == Set(model.listed.values.map(\.spelling))) }
        // The record is told what is queued and in flight, whether anybody has the name or not.
        try #require(told.values.map(\.queued).reduce(0, +) == gauges.queued)
        try #require(told.values.map(\.inFlight).reduce(0, +) == gauges.inFlight)
        for (name, state) in told { try #require(state.queued == model.queues[name, default: []].count) }
        // No parked poll beside a queued scrape of its name.
        for name in model.parked.keys { try #require(model.queues[name, default: []].isEmpty) }
        for (number, scrape) in model.scrapes {
            try #require(scrape.answers == (scrape.state == .ended ? 1 : 0))
            if scrape.state == .ended { ended.insert(number) }
        }
        // What has ended must never be heard of again: the model forgets it, and any action on it stands out.
        model.scrapes = model.scrapes.filter { $0.value.state != .ended }
    }

    private mutating func poll(_ name: String) {
        let poll = number()
        model.livePolls.insert(poll)
        let instance = instances.randomElement(using: &random)!
        let spelling = Bool.random(using: &random) ? name : name.uppercased()
        // The model learns of the poll before the actions: one of them may deliver to it.
        let actions = it.poll(poll, spelling, instance: instance, at: now)
        let refused = actions.decisions.contains(.endDelivery(poll, .tooManyClients))
        if let older = model.parked[name] {
            let isClash = model.processes[older] != instance
            #expect(actions.decisions.contains(.endDelivery(older, isClash ? .clash : .superseded)))
            #expect(actions.facts.contains { if case .clash = $0 { true } else { false } } == isClash)
        }
        if !refused {
            model.parked[name] = poll
            model.processes[poll] = instance
            model.listed[name] = (spelling, now)
        }
        apply(actions, superseding: refused ? nil : (name, poll))
    }

    private mutating func scrape(_ name: String) {
        let scrape = number()
        scrapes += 1
        let timeout = Int.random(in: 1...12, using: &random)
        model.scrapes[scrape] = Model.Scrape(name: name, deadline: now + timeout)
        model.queues[name, default: []].append(scrape)
        apply(it.scrape(scrape, name, timeout: timeout, at: now))
    }

    private mutating func pollLeft(_ poll: Int) {
        model.livePolls.remove(poll)
        for (name, parked) in model.parked where parked == poll {
            model.parked[name] = nil
            model.listed[name]?.seen = now
        }
        apply(it.left(poll, at: now))
    }

    private mutating func scraperLeft(_ scrape: Int) {
        if let push = model.scrapes[scrape]?.push { model.scrapes[scrape]?.push = push }
        let actions = it.broker.scraperLeft(it.ids[scrape]!, sent: nil, bytes: 0, at: Brokered.at(now))
        end(inModel: scrape)
        model.scrapes[scrape]?.answers += 1
        apply(actions)
    }

    private mutating func redeliver(_ scrape: Int) {
        guard let delivery = deliveryOf[scrape] else { return }
        redelivered += 1
        model.scrapes[scrape]?.state = .queued
        model.queues[model.scrapes[scrape]!.name, default: []].insert(scrape, at: 0)
        apply(it.broker.deliveryFailed(it.ids[scrape]!, delivery, at: Brokered.at(now)))
    }

    private mutating func push(_ scrape: Int) {
        let push = number()
        let taken = it.push(push, for: scrape, at: now)
        let expected = model.scrapes[scrape]?.state == .delivered
        #expect((taken == scrape) == expected)
        if expected {
            model.scrapes[scrape]?.state = .responding
            model.scrapes[scrape]?.push = push
        }
    }

    private mutating func end(_ scrape: Int) {
        let isResponding = model.scrapes[scrape]?.state == .responding
        let actions = it.ended(scrape, at: now)
        #expect(actions.ends.count == (isResponding ? 1 : 0))
        if isResponding {
            end(inModel: scrape)
            model.scrapes[scrape]?.answers += 1
        }
        apply(actions)
    }

    private mutating func breakOff(_ scrape: Int) {
        let isResponding = model.scrapes[scrape]?.state == .responding
        let actions = it.broker.responseBroke(
            it.ids[scrape]!, .pushBroken, detail: "", sent: SentPart(status: 200, bytes: 7), at: Brokered.at(now))
        #expect(actions.decisions == (isResponding ? [.fail(scrape, .pushBroken)] : []))
        apply(actions)
    }

    private mutating func end(inModel scrape: Int) {
        guard let name = model.scrapes[scrape]?.name else { return }
        if model.scrapes[scrape]?.state == .responding { model.listed[name]?.seen = now }
        model.scrapes[scrape]?.state = .ended
        model.queues[name]?.removeAll { $0 == scrape }
    }

    private var deliveryOf: [Int: DeliveryID] = [:]
    /// The newest state of every name, as the record is told.
    private var told: [String: Proxy.ClientSnapshot] = [:]

    /// Carries the decisions out in the model, and checks each against it.
    private mutating func apply(_ actions: [BrokerAction<NumberPorts>], superseding: (name: String, poll: Int)? = nil) {
        for action in actions {
            switch action {
            case .deliver(let it):
                guard let name = model.scrapes[it.scraper]?.name else {
                    Issue.record("an ended scrape is delivered")
                    continue
                }
                #expect(model.livePolls.contains(it.port), "delivered to a dead poll")
                #expect(model.parked[name] == it.port, "delivered to a poll that does not wait")
                #expect(model.queues[name]?.first == it.scraper, "not first come first served")
                model.queues[name]?.removeFirst()
                model.parked[name] = nil
                model.listed[name]?.seen = now
                model.livePolls.remove(it.port)
                model.scrapes[it.scraper]!.state = .delivered
                deliveryOf[it.scraper] = it.delivery
                delivered += 1
            case .endDelivery(let poll, let why):
                #expect(model.livePolls.remove(poll) != nil, "a dead poll is ended: \(why)")
                for (name, parked) in model.parked where parked == poll {
                    model.parked[name] = nil
                    model.listed[name]?.seen = now
                }
            case .fail(let scrape, let kind, _):
                guard model.scrapes[scrape] != nil else {
                    Issue.record("an ended scrape fails")
                    continue
                }
                if kind == .noPoll { #expect(model.scrapes[scrape]!.state == .queued) }
                if [.noPoll, .noPush, .responseTimeout].contains(kind) {
                    #expect(model.scrapes[scrape]!.deadline <= now)
                }
                end(inModel: scrape)
                model.scrapes[scrape]!.answers += 1
            case .abandon(let push):
                #expect(model.scrapes.values.contains { $0.push == push })
            case .note(.gone(let fqdn)):
                #expect(!model.isConnected(fqdn.key), "gone though it is connected")
                #expect(model.listed[fqdn.key].map { $0.seen + 30 <= now } == true, "gone before its time")
                model.listed[fqdn.key] = nil
                gone += 1
            case .note(.client(let state)): told[state.fqdn.key] = state
            case .note: break
            }
        }
    }
}
