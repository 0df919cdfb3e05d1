import Clients
import Failures
import NIOCore
import TestKit
import Testing
import Wire

@testable import Proxy

/// A random walk of everything that can happen to a broker, in any order, beside a naive model of it. The moves are in
/// `BrokerWalk+Moves.swift`.
struct BrokerWalk {
    typealias Model = BrokerModel

    static let maxQueued = 20
    static let maxClients = 6
    static let maxConnections = 7
    static let maxConnectionsPerClient = 3

    var it: Brokered
    var model = Model()
    var random: Seeded
    var now = 0
    var counts = Counts()
    var ended: Set<Int> = []
    var isShuttingDown = false
    /// The newest state of every name, as the record is told.
    var told: [String: Proxy.ClientSnapshot] = [:]
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"]
    let instances = [nil, InstanceID(), InstanceID()]
    private var next = 0

    /// What has happened, so that a walk shows that it went everywhere.
    struct Counts {
        var scrapes = 0, delivered = 0, returned = 0
        /// Scrapes that went out a second time; and those that another name of their delivery had to let go first.
        var deliveredAgain = 0, turns = 0
        var gone = 0
        /// Names taken away; pushes of who was not handed the scrape.
        var denied = 0, foreign = 0
        /// Tunnels that said anew who they are; scrapes taken back from them, of these from ones that were out of service.
        var renamed = 0, withdrawn = 0, withdrawnLate = 0
        /// CONNECTs that were opened, that failed because of a poll, or because there were too many.
        var opened = 0, unsupported = 0, limited = 0
        /// Scrapes that a tunnel lost and that must not be made twice.
        var lost = 0
        var roundTrips = 0
    }

    init(seed: UInt64) {
        var limits = BrokerLimits()
        limits.maxQueuedPerClient = 5
        limits.maxQueued = Self.maxQueued
        limits.maxClients = Self.maxClients
        limits.maxConnections = Self.maxConnections
        limits.maxConnectionsPerClient = Self.maxConnectionsPerClient
        limits.registrationTimeout = .seconds(30)
        limits.pollMaxWait = .seconds(10)
        limits.batch = 2
        limits.slotsPerPage = 3
        it = Brokered(limits)
        random = Seeded(seed)
    }

    mutating func number() -> Int {
        next += 1
        return next
    }

    struct Broken: Error, CustomStringConvertible { let description: String }

    /// As `#require`, which costs far more where it holds.
    func hold(_ holds: Bool, _ rule: @autoclosure () -> String = "", line: Int = #line) throws(Broken) {
        if !holds { throw Broken(description: "line \(line): \(rule())") }
    }

    /// Counts match, and what the broker knows is what the model knows.
    mutating func check() throws {
        let tally = Tally(model)
        let gauges = it.broker.gauges
        try hold(gauges.queued == tally.queued && gauges.queuedConnections == tally.queuedConnections)
        try hold(gauges.inFlight == tally.inFlight && gauges.connections == tally.connections)
        let polls = model.inService.count { model.deliveries[$0]!.isPoll }
        try hold(gauges.waitingPolls == polls && gauges.tunnels == model.inService.count - polls)
        try hold(gauges.streams == model.living.reduce(0) { $0 + tally.taken[$1, default: 0] })
        try hold(Set(model.serving.values) == model.inService)
        // A scrape that its delivery gave back was let in once, and is let in again.
        try hold(gauges.queued <= Self.maxQueued + counts.returned && gauges.liveClients <= Self.maxClients)
        let connected = model.listed.keys.count { model.serving[$0] != nil || tally.busyNames.contains($0) }
        try hold(gauges.connectedClients == connected)
        let states = it.states
        try hold(states.count == gauges.liveClients)
        try hold(states.count(where: \.isConnected) == connected)
        // Not at every step, so that several changes come together.
        if next.isMultiple(of: 3) { try hold(Set(it.listed()) == Set(model.listed.values.map(\.spelling))) }
        try checkStates(tally)
        try checkDeliveries(tally)
        try checkConnections(tally)
        try hold(tally.answers, "a scrape was answered twice, or ended without an answer")
        try hold(model.due.isEmpty, "somebody was not told that a scrape is over")
        // What has ended must never be heard of again: the model forgets it, and any action on it stands out.
        for number in tally.ended {
            ended.insert(number)
            model.scrapes[number] = nil
        }
        // Some that are over may still say something.
        for number in model.deliveries.keys where number <= next - 60 {
            guard !model.inService.contains(number), !model.living.contains(number), tally.taken[number] == nil,
                !tally.had.contains(number)
            else { continue }
            model.deliveries[number] = nil
        }
    }

    /// What the model has of scrapes, counted in one go.
    private struct Tally {
        var queued = 0, queuedConnections = 0, inFlight = 0, connections = 0
        /// Of each delivery, how many it has taken; and which have any scrape that lives.
        var taken: [Int: Int] = [:]
        var had: Set<Int> = []
        var busyNames: Set<String> = []
        /// CONNECTs of each name, under way or queued, and names with one that is queued.
        var connectionsByName: [String: Int] = [:]
        var waitingForConnection: Set<String> = []
        var ended: [Int] = []
        var answers = true

        init(_ model: Model) {
            for (number, scrape) in model.scrapes {
                answers = answers && scrape.answers == (scrape.state == .ended ? 1 : 0)
                let isConnection = scrape.kind == .connection
                switch scrape.state {
                case .queued:
                    queued += 1
                    if isConnection {
                        queuedConnections += 1
                        waitingForConnection.insert(scrape.name)
                    }
                case .delivered, .responding, .connected:
                    if isConnection { connections += 1 } else { inFlight += 1 }
                    if let delivery = scrape.delivery { taken[delivery, default: 0] += 1 }
                    busyNames.insert(scrape.name)
                case .ended:
                    ended.append(number)
                    continue
                }
                if let delivery = scrape.delivery { had.insert(delivery) }
                if isConnection { connectionsByName[scrape.name, default: 0] += 1 }
            }
        }
    }

    /// The record is told what is so, whether anybody has the name or not.
    private func checkStates(_ tally: Tally) throws {
        try hold(told.values.reduce(0) { $0 + $1.queued } == it.broker.gauges.queued)
        try hold(told.values.reduce(0) { $0 + $1.inFlight } == it.broker.gauges.inFlight)
        try hold(told.values.reduce(0) { $0 + $1.connections } == it.broker.gauges.connections)
        for (name, state) in told {
            try hold(state.queued == model.queues[name, default: []].count)
            let isConnected = model.serving[name] != nil || tally.busyNames.contains(name)
            try hold(state.isConnected == (model.listed[name] != nil && isConnected))
            guard let delivery = model.serving[name].flatMap({ model.deliveries[$0] }) else { continue }
            try hold(state.transport == (delivery.isPoll ? .poll : .tunnel))
            try hold(state.roundTrip == delivery.roundTrip.map { .milliseconds(Int64($0)) })
            try hold(state.instance == delivery.process)
        }
    }

    private func checkDeliveries(_ tally: Tally) throws {
        // Taken out once: each look through `it` and `model` would copy the whole of them in a debug build, at every step.
        let table = it.broker.deliveries
        let ids = it.deliveries
        let deliveries = model.deliveries
        let inService = model.inService
        let living = model.living
        // Nothing waits while a delivery with room serves its name, unless its time is up.
        for (name, delivery) in model.serving where tally.taken[delivery, default: 0] < deliveries[delivery]!.capacity {
            try hold(model.waits(name, now).isEmpty)
        }
        // Room is neither lost nor made.
        for delivery in living {
            let taken = tally.taken[delivery, default: 0]
            guard taken > 0 || inService.contains(delivery) else { continue }
            let id = ids[delivery]!
            try hold(table.contains(id))
            try hold(table[id.index].taken == taken)
            try hold(table[id.index].capacity == deliveries[delivery]!.capacity)
            try hold(table[id.index].turns.count <= names.count)
        }
        // Nobody else is known any more.
        for delivery in deliveries.keys where !inService.contains(delivery) {
            guard !living.contains(delivery) || tally.taken[delivery] == nil else { continue }
            try hold(!table.contains(ids[delivery]!))
        }
    }

    private func checkConnections(_ tally: Tally) throws {
        try hold(tally.connections + tally.queuedConnections <= Self.maxConnections)
        for name in names {
            try hold(tally.connectionsByName[name, default: 0] <= Self.maxConnectionsPerClient)
            if model.isServedByPoll(name) { try hold(!tally.waitingForConnection.contains(name)) }
        }
    }

    private mutating func deliver(_ it: Delivered<NumberPorts>) {
        guard let name = model.scrapes[it.scraper]?.name, let kind = model.scrapes[it.scraper]?.kind else {
            Issue.record("an ended scrape is delivered")
            return
        }
        let isPoll = model.deliveries[it.port]!.isPoll
        #expect(!isShuttingDown)
        #expect(it.kind == kind)
        #expect(!(isPoll && kind == .connection), "a CONNECT goes to a poll")
        #expect(model.inService.contains(it.port), "delivered to what takes nothing any more")
        #expect(model.serving[name] == it.port, "delivered to what does not serve the name")
        #expect(model.hasRoom(it.port), "delivered where there is no room")
        #expect(model.waits(name, now).first == it.scraper, "not first come first served")
        for other in model.names(of: it.port) where other != name && !model.waits(other, now).isEmpty {
            counts.turns += 1
            #expect(
                model.passedOver[other, default: []].insert(name).inserted, "\(name) has a second turn before \(other)")
        }
        model.passedOver[name] = nil
        model.queues[name]?.removeAll { $0 == it.scraper }
        model.listed[name]?.seen = now
        if model.scrapes[it.scraper]!.isBack { counts.deliveredAgain += 1 }
        model.scrapes[it.scraper]!.state = .delivered
        model.scrapes[it.scraper]!.delivery = it.port
        model.scrapes[it.scraper]!.holder = model.holders[name]
        if isPoll { model.outOfService(it.port, at: now) }
        counts.delivered += 1
    }

    private mutating func fail(_ scrape: Int, _ kind: FailureKind) {
        guard let entry = model.scrapes[scrape] else {
            Issue.record("an ended scrape fails")
            return
        }
        switch kind {
        case .noPoll: #expect(entry.state == .queued && entry.deadline <= now)
        case .noPush: #expect(entry.state == .delivered && entry.deadline <= now)
        case .responseTimeout: #expect(entry.state == .responding && entry.deadline <= now)
        case .connectUnsupported:
            #expect(entry.kind == .connection && entry.state != .connected && model.isServedByPoll(entry.name))
            counts.unsupported += 1
        case .connectionLimit:
            #expect(
                entry.kind == .connection
                    && (model.connections().count > Self.maxConnections
                        || model.connections(of: entry.name).count > Self.maxConnectionsPerClient)
            )
            counts.limited += 1
        default: break
        }
        model.end(scrape, at: now)
    }

    /// Carries the decisions out in the model, and checks each against it.
    mutating func apply(_ actions: [BrokerAction<NumberPorts>]) {
        // Some are told before what they are told of is seen here.
        var told: [Model.Due] = []
        for action in actions {
            switch action {
            case .deliver(let delivered): deliver(delivered)
            case .endDelivery(let delivery, let why):
                #expect(model.inService.contains(delivery), "what takes nothing any more is ended: \(why)")
                if why == .idle { #expect(model.deliveries[delivery]!.isPoll) }
                model.outOfService(delivery, at: now)
            case .fail(let scrape, let kind, _): fail(scrape, kind)
            case .abandon(let source): told.append(.abandon(source))
            case .abort(let source): told.append(.abort(source))
            case .withdraw(let delivery, let id):
                counts.withdrawn += 1
                if !model.inService.contains(delivery) { counts.withdrawnLate += 1 }
                told.append(.withdraw(Brokered.number(of: id), from: delivery))
            case .windUp(let scrape):
                #expect(isShuttingDown && model.scrapes[scrape]?.kind == .connection)
                #expect(model.scrapes[scrape]?.state.isTaken == true)
            case .note(let fact): note(fact)
            }
        }
        for what in told { #expect(model.due.remove(what) != nil, "told for nothing, or twice: \(what)") }
        model.saidItself = nil
    }

    private mutating func note(_ fact: BrokerFact<NumberPorts>) {
        switch fact {
        case .gone(let fqdn):
            #expect(!model.isConnected(fqdn.key), "gone though it is connected")
            #expect(model.listed[fqdn.key].map { $0.seen + 30 <= now } == true, "gone before its time")
            model.listed[fqdn.key] = nil
            model.holders[fqdn.key] = nil
            counts.gone += 1
        case .client(let state): told[state.fqdn.key] = state
        case .ended(let end): #expect(model.scrapes[end.scraper]?.kind != .connection)
        case .connectionEnded(let end): #expect(model.scrapes[end.scraper]?.kind == .connection)
        default: break
        }
    }
}
