import Failures
import NIOCore
import Testing
import Wire

@testable import Proxy

/// What may happen: each move tells the model, asks the broker, and compares.
extension BrokerWalk {
    mutating func step() {
        let name = names.randomElement(using: &random)!
        switch Int.random(in: 0..<132, using: &random) {
        case 0..<12: arrive([name], capacity: nil)
        case 12..<26: arrive(someNames(), capacity: Int.random(in: 0...4, using: &random))
        case 26..<62: scrape(name)
        case 62..<68:
            // Some that are out of service live still, or have left before.
            let busy = Set(model.live(.delivered).compactMap { model.scrapes[$0]!.delivery }).intersection(model.living)
            let some = Bool.random(using: &random) ? Array(busy) : Array(model.deliveries.keys)
            guard let delivery = some.sorted().randomElement(using: &random) else { return }
            leave(delivery)
        case 68..<71: scraperLeft()
        case 71..<75: deliveryFailed()
        case 75..<85: respond()
        case 85..<93: end()
        case 93..<95: breakOff()
        case 95:
            guard let held = it.heldNames.randomElement(using: &random) else { return }
            deny(held)
        case 96: denyScrape()
        case 97..<102: passTime()
        case 102..<108: rename()
        case 108..<120: open()
        case 120..<122: connectionEnded()
        case 122: connectionIdle()
        case 123..<125: connectionBroke()
        default: measure()
        }
    }

    /// The shutdown, in which things go on for a while.
    mutating func finish() throws {
        isShuttingDown = true
        apply(it.shutDown(at: now))
        try check()
        #expect(model.inService.isEmpty && model.live(.queued).isEmpty)
        for _ in 0..<60 {
            step()
            try check()
        }
        apply(it.graceEnded(at: now))
        try check()
    }

    private mutating func someNames() -> [String] {
        (0..<Int.random(in: 1...3, using: &random)).map { _ in names.randomElement(using: &random)! }
    }

    private mutating func spelled(_ names: [String]) -> [String] {
        names.map { Bool.random(using: &random) ? $0 : $0.uppercased() }
    }

    private mutating func passTime() {
        // Now and then nothing happens for so long that registrations run out.
        now += Int.random(in: 0..<20, using: &random) == 0 ? 31 : Int.random(in: 1...4, using: &random)
        apply(it.passed(now))
        // Nobody goes in the shutdown, which the record counts as downtime.
        for (name, client) in model.listed where !isShuttingDown && !model.isConnected(name) {
            #expect(now < client.seen + 30, "\(name) is listed though its registration has run out")
        }
        for scrape in model.live where model.scrapes[scrape]!.state != .connected {
            #expect(now < model.scrapes[scrape]!.deadline)
        }
    }

    // MARK: Deliveries

    /// - Parameter capacity: `nil` for a poll.
    private mutating func arrive(_ names: [String], capacity: Int?) {
        let delivery = number()
        let process = instances.randomElement(using: &random)!
        let holder = [nil, 1, 2].randomElement(using: &random)!
        model.deliveries[delivery] = Model.Delivery(
            capacity: capacity ?? 1, isPoll: capacity == nil, process: process, holder: holder)
        let spellings = spelled(names)
        let actions = it.deliver(
            delivery, spellings, capacity.map { .atOnce($0) } ?? .one, of: holder, instance: process, at: now)
        if isShuttingDown {
            #expect(actions.decisions == [.endDelivery(delivery, .shuttingDown)])
            return
        }
        // The model learns of it before it looks at the actions: one of them may deliver to it.
        if capacity != nil { model.living.insert(delivery) }
        model.inService.insert(delivery)
        serve(names, spellings, by: delivery, actions, noneLeft: .tooManyClients)
    }

    /// A tunnel says anew who it is.
    private mutating func rename() {
        let tunnels = model.deliveries.keys.filter { !model.deliveries[$0]!.isPoll }.sorted().suffix(5)
        guard let delivery = tunnels.randomElement(using: &random) else { return }
        let names = Int.random(in: 0..<20, using: &random) == 0 ? [] : someNames()
        let spellings = spelled(names)
        let (process, capacity) = (instances.randomElement(using: &random)!, Int.random(in: 0...3, using: &random))
        let holder = [nil, 1, 2].randomElement(using: &random)!
        let actions = it.rename(
            delivery, spellings, takes: capacity, of: holder, instance: process, at: now)
        #expect((actions != nil) == model.inService.contains(delivery))
        guard let actions else { return }
        counts.renamed += 1
        for name in model.names(of: delivery) where !names.contains(name) { model.leave(name, at: now) }
        model.deliveries[delivery]!.process = process
        model.deliveries[delivery]!.holder = holder
        model.deliveries[delivery]!.capacity = capacity
        serve(names, spellings, by: delivery, actions, noneLeft: names.isEmpty ? .denied : .tooManyClients)
    }

    /// The delivery serves these names from now on, as far as there is room among the clients.
    private mutating func serve(
        _ names: [String], _ spellings: [String], by delivery: Int, _ actions: [BrokerAction<NumberPorts>],
        noneLeft: DeliveryEnd
    ) {
        let process = model.deliveries[delivery]!.process
        var clashes = 0
        var ends: [Decision] = []
        for (name, spelling) in zip(names, spellings) {
            guard model.listed[name] != nil || model.listed.count < Self.maxClients else { continue }
            model.listed[name] = (spelling, now)
            model.holders[name] = model.deliveries[delivery]!.holder
            guard let older = model.serving.updateValue(delivery, forKey: name), older != delivery else { continue }
            model.passedOver[name] = nil
            let isClash = model.deliveries[older]!.process != process
            clashes += isClash ? 1 : 0
            if model.names(of: older).isEmpty { ends.append(.endDelivery(older, isClash ? .clash : .superseded)) }
        }
        if model.names(of: delivery).isEmpty { ends.append(.endDelivery(delivery, noneLeft)) }
        #expect(actions.decisions.filter { if case .endDelivery = $0 { true } else { false } } == ends)
        #expect(actions.facts.count { if case .clash = $0 { true } else { false } } == clashes)
        apply(actions)
    }

    /// It returns some of what it had taken.
    private mutating func leave(_ delivery: Int) {
        var returned = model.taken(by: delivery).filter { _ in Bool.random(using: &random) }
        returned.shuffle(using: &random)
        model.outOfService(delivery, at: now)
        model.living.remove(delivery)
        var lost: [Int] = []
        for scrape in returned.reversed() where model.scrapes[scrape]?.state == .delivered {
            if model.scrapes[scrape]!.kind == .once { lost.append(scrape) }
            giveBack(scrape, fails: model.scrapes[scrape]!.kind == .once)
        }
        let actions = it.left(delivery, returning: returned, at: now)
        if !isShuttingDown {
            for scrape in lost { #expect(actions.decisions.contains(.fail(scrape, .pushBroken))) }
            counts.lost += lost.count
        }
        apply(actions)
    }

    /// A scrape comes back from its delivery: it waits again, unless it is to fail.
    private mutating func giveBack(_ scrape: Int, fails: Bool) {
        let entry = model.scrapes[scrape]!
        guard !isShuttingDown, !fails, entry.kind != .connection || !model.isServedByPoll(entry.name) else { return }
        counts.returned += 1
        model.queueAgain(scrape)
    }

    private mutating func deliveryFailed() {
        guard let scrape = model.live(.delivered).randomElement(using: &random),
            let delivery = model.scrapes[scrape]?.delivery
        else { return }
        model.outOfService(delivery, at: now)
        giveBack(scrape, fails: false)
        model.saidItself = scrape
        apply(it.broker.deliveryFailed(it.ids[scrape]!, it.deliveries[delivery]!, at: Brokered.at(now)))
    }

    /// A ping came back.
    private mutating func measure() {
        guard let delivery = model.deliveries.keys.sorted().suffix(8).randomElement(using: &random),
            !model.deliveries[delivery]!.isPoll
        else { return }
        let time = Int.random(in: 0...40, using: &random)
        let before = model.deliveries[delivery]!.roundTrip
        let isNews =
            model.inService.contains(delivery)
            && before.map { abs(time - $0) > 1 && abs(time - $0) * 4 > $0 } ?? true
        let actions = it.broker.roundTripMeasured(it.deliveries[delivery]!, .milliseconds(Int64(time)))
        #expect(actions.facts.count == (isNews ? model.names(of: delivery).count : 0))
        if isNews {
            counts.roundTrips += 1
            model.deliveries[delivery]!.roundTrip = time
        }
        apply(actions)
    }

    // MARK: Scrapes

    private mutating func scrape(_ name: String) {
        let scrape = number()
        counts.scrapes += 1
        let timeout = Int.random(in: 1...12, using: &random)
        let kinds: [ScrapeKind] = [.repeatable, .repeatable, .repeatable, .once, .connection, .connection]
        let kind = kinds.randomElement(using: &random)!
        model.scrapes[scrape] = Model.Scrape(name: name, kind: kind, deadline: now + timeout)
        model.queues[name, default: []].append(scrape)
        apply(it.scrape(scrape, name, kind, timeout: timeout, at: now))
    }

    private mutating func scraperLeft() {
        guard let scrape = model.live.randomElement(using: &random) else { return }
        let actions = it.broker.scraperLeft(it.ids[scrape]!, sent: nil, bytes: 0, at: Brokered.at(now))
        model.end(scrape, at: now)
        apply(actions)
    }

    private mutating func respond() {
        guard let scrape = model.live.randomElement(using: &random) else { return }
        let source = number()
        let holder = model.scrapes[scrape]?.holder
        let pusher = somebody(holder)
        let taken = it.push(source, for: scrape, of: pusher, at: now)
        let entry = model.scrapes[scrape]!
        let expected = entry.state == .delivered && pusher == holder && entry.kind != .connection
        #expect((taken == scrape) == expected)
        if expected {
            model.scrapes[scrape]?.state = .responding
            model.scrapes[scrape]?.source = source
        }
    }

    /// Now and then somebody else.
    private mutating func somebody(_ holder: Int?) -> Int? {
        let other = Int.random(in: 0..<4, using: &random) == 0 ? [nil, 1, 2].randomElement(using: &random)! : holder
        if other != holder { counts.foreign += 1 }
        return other
    }

    private mutating func end() {
        guard let scrape = model.live.randomElement(using: &random) else { return }
        let isResponding = model.scrapes[scrape]?.state == .responding
        let actions = it.ended(scrape, at: now)
        #expect(actions.ends.count == (isResponding ? 1 : 0))
        if isResponding { endItself(scrape) }
        apply(actions)
    }

    private mutating func breakOff() {
        guard let scrape = model.live.randomElement(using: &random) else { return }
        let isResponding = model.scrapes[scrape]?.state == .responding
        let actions = it.broker.responseBroke(
            it.ids[scrape]!, .pushBroken, detail: "", sent: SentPart(status: 200, bytes: 7), at: Brokered.at(now))
        #expect(actions.ends.count == (isResponding ? 1 : 0))
        #expect((actions.decisions.first == .fail(scrape, .pushBroken)) == isResponding)
        if isResponding { model.saidItself = scrape }
        apply(actions)
    }

    private mutating func endItself(_ scrape: Int) {
        model.saidItself = scrape
        model.end(scrape, at: now)
    }

    // MARK: Connections

    private mutating func open() {
        let some = Int.random(in: 0..<4, using: &random) == 0 ? model.live : model.connections()
        guard let scrape = some.randomElement(using: &random) else { return }
        let entry = model.scrapes[scrape]!
        let source = number()
        let opener = somebody(entry.holder)
        let expected = entry.state == .delivered && opener == entry.holder && entry.kind == .connection
        let (reception, actions) = it.broker.connectionOpened(
            it.ids[scrape]!, source: source, of: opener, at: Brokered.at(now))
        if case .open(let scraper) = reception { #expect(scraper == scrape && expected) } else { #expect(!expected) }
        #expect(actions.facts.isEmpty != expected)
        if expected {
            counts.opened += 1
            model.scrapes[scrape]?.state = .connected
            model.scrapes[scrape]?.source = source
        }
        apply(actions)
    }

    private mutating func connectionEnded() {
        guard let scrape = model.connections().randomElement(using: &random) else { return }
        let isOpen = model.scrapes[scrape]?.state == .connected
        let actions = it.broker.connectionEnded(it.ids[scrape]!, at: Brokered.at(now))
        #expect(actions.isEmpty != isOpen)
        if isOpen { endItself(scrape) }
        apply(actions)
    }

    private mutating func connectionIdle() {
        guard let scrape = model.connections().randomElement(using: &random) else { return }
        let isOpen = model.scrapes[scrape]?.state == .connected
        let actions = it.broker.connectionIdle(it.ids[scrape]!, at: Brokered.at(now))
        #expect(actions.isEmpty != isOpen)
        if isOpen { model.end(scrape, at: now) }
        apply(actions)
    }

    private mutating func connectionBroke() {
        guard let scrape = model.live.randomElement(using: &random) else { return }
        let entry = model.scrapes[scrape]!
        let opener = somebody(entry.holder)
        let expected = entry.kind == .connection && entry.state.isTaken && opener == entry.holder
        let actions = it.broker.connectionBroke(
            it.ids[scrape]!, .targetUnreachable, detail: "", of: opener, at: Brokered.at(now))
        #expect((actions.decisions.contains(.fail(scrape, .targetUnreachable))) == expected)
        if expected { model.saidItself = scrape }
        apply(actions)
    }

    // MARK: Access

    /// Who holds a name may not be its client any more.
    private mutating func deny(_ held: HeldName<NumberPorts>) {
        counts.denied += 1
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
    private mutating func denyScrape() {
        guard let scrape = model.live.randomElement(using: &random),
            let held = it.heldScrapes.first(where: { $0.id == it.ids[scrape] })
        else { return }
        let actions = it.broker.scrapeDenied(held, isClients: false, at: Brokered.at(now))
        #expect(actions.decisions.contains(.fail(scrape, .accessDenied)))
        apply(actions)
    }
}
