import NIOCore
import Store
import TestKit
import Testing
import Wire

@testable import Proxy

private typealias Model = BrokerModel

@Suite struct BrokerWalkTests {
    @Test(
        "Whatever happens in whatever order: every scrape ends once, in turn, and goes only to a delivery with room for its name",
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
        #expect(walk.model.live.isEmpty && walk.model.inService.isEmpty)
        #expect(walk.it.broker.isIdle)
        #expect(walk.ended.count == walk.scrapes)
        #expect(walk.delivered > 300 && walk.deliveredAgain > 30 && walk.turns > 30)
        #expect(walk.gone > 20 && walk.denied > 20 && walk.foreign > 40)
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
    var returned = 0
    /// Scrapes that went out a second time; and those that another name of their delivery had to let go first.
    var deliveredAgain = 0
    var turns = 0
    var gone = 0
    /// Names taken away; pushes of who was not handed the scrape.
    var denied = 0
    var foreign = 0
    var ended: Set<Int> = []
    var isShuttingDown = false
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
        case 0..<20: arrive([name], capacity: nil)
        case 20..<26:
            let several = (0..<Int.random(in: 1...3, using: &random)).map { _ in names.randomElement(using: &random)! }
            arrive(several, capacity: Int.random(in: 1...3, using: &random))
        case 26..<60: scrape(name)
        case 60..<66:
            // Some that are out of service have something under way.
            let busy = Set(model.live.compactMap { model.scrapes[$0]?.delivery })
            guard let delivery = model.inService.union(busy).sorted().randomElement(using: &random) else { return }
            leave(delivery)
        case 66..<70:
            guard let scrape = model.live.randomElement(using: &random) else { return }
            scraperLeft(scrape)
        case 70..<74:
            guard let scrape = model.live(.delivered).randomElement(using: &random) else { return }
            deliveryFailed(scrape)
        case 74..<84:
            guard let scrape = (model.live.randomElement(using: &random)) else { return }
            respond(scrape)
        case 84..<92:
            guard let scrape = model.live.randomElement(using: &random) else { return }
            end(scrape)
        case 92..<94:
            guard let scrape = model.live.randomElement(using: &random) else { return }
            breakOff(scrape)
        case 94:
            guard let held = it.heldNames.randomElement(using: &random) else { return }
            deny(held)
        case 95:
            guard let scrape = model.live.randomElement(using: &random) else { return }
            deny(scrape)
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
        isShuttingDown = true
        apply(it.shutDown(at: now))
        apply(it.graceEnded(at: now))
    }

    /// Counts match, and what the broker knows is what the model knows.
    mutating func check() throws {
        let gauges = it.broker.gauges
        try #require(gauges.queued == model.live(.queued).count)
        try #require(gauges.inFlight == model.live(.delivered).count + model.live(.responding).count)
        try #require(gauges.waitingPolls == model.inService.count { model.deliveries[$0]!.isPoll })
        try #require(Set(model.serving.values) == model.inService)
        // A scrape that its delivery gave back was let in once, and is let in again.
        try #require(gauges.queued <= 20 + returned && gauges.liveClients <= 6)
        try #require(gauges.connectedClients == model.listed.keys.count { model.isConnected($0) })
        try #require(it.states.count == gauges.liveClients)
        try #require(it.states.filter(\.isConnected).count == gauges.connectedClients)
        // Not at every step, so that several changes come together.
        if next.isMultiple(of: 3) { try #require(Set(it.listed()) == Set(model.listed.values.map(\.spelling))) }
        // The record is told what is queued and in flight, whether anybody has the name or not.
        try #require(told.values.map(\.queued).reduce(0, +) == gauges.queued)
        try #require(told.values.map(\.inFlight).reduce(0, +) == gauges.inFlight)
        for (name, state) in told {
            try #require(state.queued == model.queues[name, default: []].count)
            try #require(state.isConnected == (model.listed[name] != nil && model.isConnected(name)))
        }
        // Nothing waits while a delivery with room serves its name.
        for (name, delivery) in model.serving where model.hasRoom(delivery) {
            try #require(model.queues[name, default: []].isEmpty)
        }
        for delivery in model.inService {
            try #require(model.taken(by: delivery).count <= model.deliveries[delivery]!.capacity)
        }
        for (number, scrape) in model.scrapes {
            try #require(scrape.answers == (scrape.state == .ended ? 1 : 0))
            if scrape.state == .ended { ended.insert(number) }
        }
        // What has ended must never be heard of again: the model forgets it, and any action on it stands out.
        model.scrapes = model.scrapes.filter { $0.value.state != .ended }
    }

    /// - Parameter capacity: `nil` for a poll.
    private mutating func arrive(_ names: [String], capacity: Int?) {
        let delivery = number()
        let process = instances.randomElement(using: &random)!
        let holder = [nil, 1, 2].randomElement(using: &random)!
        model.deliveries[delivery] = Model.Delivery(
            capacity: capacity ?? 1, isPoll: capacity == nil, process: process, holder: holder)
        let spellings = names.map { Bool.random(using: &random) ? $0 : $0.uppercased() }
        let actions = it.deliver(
            delivery, spellings, capacity.map { .atOnce($0) } ?? .one, of: holder, instance: process, at: now)
        // The model learns of it before it looks at the actions: one of them may deliver to it.
        var clashes = 0
        var ends: [Decision] = []
        for (name, spelling) in zip(names, spellings) {
            guard model.listed[name] != nil || model.listed.count < 6 else { continue }
            model.listed[name] = (spelling, now)
            model.holders[name] = holder
            guard let older = model.serving.updateValue(delivery, forKey: name), older != delivery else { continue }
            model.passedOver[name] = nil
            let isClash = model.deliveries[older]!.process != process
            clashes += isClash ? 1 : 0
            if model.names(of: older).isEmpty { ends.append(.endDelivery(older, isClash ? .clash : .superseded)) }
        }
        if model.names(of: delivery).isEmpty {
            ends.append(.endDelivery(delivery, .tooManyClients))
        }
        model.inService.insert(delivery)
        #expect(actions.decisions.filter { if case .endDelivery = $0 { true } else { false } } == ends)
        #expect(actions.facts.count { if case .clash = $0 { true } else { false } } == clashes)
        apply(actions)
    }

    private mutating func scrape(_ name: String) {
        let scrape = number()
        scrapes += 1
        let timeout = Int.random(in: 1...12, using: &random)
        model.scrapes[scrape] = Model.Scrape(name: name, deadline: now + timeout)
        model.queues[name, default: []].append(scrape)
        apply(it.scrape(scrape, name, timeout: timeout, at: now))
    }

    /// It returns some of what it had taken.
    private mutating func leave(_ delivery: Int) {
        var returned = model.taken(by: delivery).filter { _ in Bool.random(using: &random) }
        returned.shuffle(using: &random)
        outOfService(delivery)
        for scrape in returned.reversed() { queueAgain(scrape) }
        apply(it.left(delivery, returning: returned, at: now))
    }

    private mutating func outOfService(_ delivery: Int) {
        model.inService.remove(delivery)
        for name in model.names(of: delivery) {
            model.serving[name] = nil
            model.passedOver[name] = nil
            model.listed[name]?.seen = now
        }
    }

    private mutating func queueAgain(_ scrape: Int) {
        guard model.scrapes[scrape]?.state == .delivered, let name = model.scrapes[scrape]?.name else { return }
        returned += 1
        model.scrapes[scrape]?.state = .queued
        model.queues[name, default: []].insert(scrape, at: 0)
    }

    private mutating func scraperLeft(_ scrape: Int) {
        let actions = it.broker.scraperLeft(it.ids[scrape]!, sent: nil, bytes: 0, at: Brokered.at(now))
        end(inModel: scrape)
        model.scrapes[scrape]?.answers += 1
        apply(actions)
    }

    private mutating func deliveryFailed(_ scrape: Int) {
        guard let delivery = model.scrapes[scrape]?.delivery else { return }
        outOfService(delivery)
        queueAgain(scrape)
        apply(it.broker.deliveryFailed(it.ids[scrape]!, it.deliveries[delivery]!, at: Brokered.at(now)))
    }

    private mutating func respond(_ scrape: Int) {
        let source = number()
        let holder = model.scrapes[scrape]?.delivery.flatMap { model.deliveries[$0]?.holder }
        let pusher = Int.random(in: 0..<4, using: &random) == 0 ? [nil, 1, 2].randomElement(using: &random)! : holder
        if pusher != holder { foreign += 1 }
        let taken = it.push(source, for: scrape, of: pusher, at: now)
        let expected = model.scrapes[scrape]?.state == .delivered && pusher == holder
        #expect((taken == scrape) == expected)
        if expected {
            model.scrapes[scrape]?.state = .responding
            model.scrapes[scrape]?.source = source
        }
    }

    /// Who holds a name may not be its client any more.
    private mutating func deny(_ held: HeldName<NumberPorts>) {
        denied += 1
        let name = held.fqdn.key
        #expect(model.holders[name] == held.holder)
        let actions = it.denied(held, at: now)
        if let delivery = model.serving.removeValue(forKey: name) {
            model.passedOver[name] = nil
            let isLast = model.names(of: delivery).isEmpty
            #expect(actions.decisions == (isLast ? [.endDelivery(delivery, .denied)] : []))
        }
        // It goes at once, unless something of it is under way.
        if !model.isConnected(name) { model.listed[name]?.seen = now - 30 }
        apply(actions)
        #expect((model.listed[name] == nil) == !model.isConnected(name))
        #expect(it.denied(held, at: now).isEmpty || model.isConnected(name), "denied twice")
    }

    /// Who asked for a scrape may not any more.
    private mutating func deny(_ scrape: Int) {
        guard let held = it.heldScrapes.first(where: { $0.id == it.ids[scrape] }) else { return }
        let actions = it.broker.scrapeDenied(held, isClients: false, at: Brokered.at(now))
        #expect(actions.decisions.contains(.fail(scrape, .accessDenied)))
        apply(actions)
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
        #expect(actions.ends.count == (isResponding ? 1 : 0))
        #expect((actions.decisions.first == .fail(scrape, .pushBroken)) == isResponding)
        apply(actions)
    }

    private mutating func end(inModel scrape: Int) {
        guard let name = model.scrapes[scrape]?.name else { return }
        if model.scrapes[scrape]?.state == .responding { model.listed[name]?.seen = now }
        model.scrapes[scrape]?.state = .ended
        model.queues[name]?.removeAll { $0 == scrape }
        if model.queues[name, default: []].isEmpty { model.passedOver[name] = nil }
    }

    /// The newest state of every name, as the record is told.
    private var told: [String: Proxy.ClientSnapshot] = [:]

    private mutating func deliver(_ it: Delivered<NumberPorts>) {
        guard let name = model.scrapes[it.scraper]?.name else {
            Issue.record("an ended scrape is delivered")
            return
        }
        #expect(!isShuttingDown)
        #expect(model.inService.contains(it.port), "delivered to what takes nothing any more")
        #expect(model.serving[name] == it.port, "delivered to what does not serve the name")
        #expect(model.hasRoom(it.port), "delivered where there is no room")
        #expect(model.waits(name, now).first == it.scraper, "not first come first served")
        for other in model.names(of: it.port) where other != name && !model.waits(other, now).isEmpty {
            turns += 1
            #expect(
                model.passedOver[other, default: []].insert(name).inserted, "\(name) has a second turn before \(other)")
        }
        model.passedOver[name] = nil
        if model.scrapes[it.scraper]?.delivery != nil { deliveredAgain += 1 }
        model.queues[name]?.removeAll { $0 == it.scraper }
        model.listed[name]?.seen = now
        model.scrapes[it.scraper]!.state = .delivered
        model.scrapes[it.scraper]!.delivery = it.port
        if model.deliveries[it.port]!.isPoll { outOfService(it.port) }
        delivered += 1
    }

    /// Carries the decisions out in the model, and checks each against it.
    private mutating func apply(_ actions: [BrokerAction<NumberPorts>]) {
        for action in actions {
            switch action {
            case .deliver(let delivered): deliver(delivered)
            case .endDelivery(let delivery, let why):
                #expect(model.inService.contains(delivery), "what takes nothing any more is ended: \(why)")
                if why == .idle { #expect(model.deliveries[delivery]!.isPoll) }
                outOfService(delivery)
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
            case .abandon(let source):
                #expect(model.scrapes.values.contains { $0.source == source })
            case .withdraw, .abort: break
            case .note(.gone(let fqdn)):
                #expect(!model.isConnected(fqdn.key), "gone though it is connected")
                #expect(model.listed[fqdn.key].map { $0.seen + 30 <= now } == true, "gone before its time")
                model.listed[fqdn.key] = nil
                model.holders[fqdn.key] = nil
                gone += 1
            case .note(.client(let state)): told[state.fqdn.key] = state
            case .note: break
            }
        }
    }
}
