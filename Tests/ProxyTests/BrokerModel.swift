import NIOCore
import Wire

@testable import Proxy

/// A naive model of what the broker promises, written down a second time in the plainest way: lists, searched from end to end.
struct BrokerModel {
    enum State { case queued, delivered, responding, connected, ended }

    struct Scrape {
        var name: String
        var kind: ScrapeKind
        var state = State.queued
        var deadline: Int
        /// What answers it, or the client's end of a connection.
        var source: Int?
        var answers = 0
        /// The delivery that has taken it last.
        var delivery: Int?
        /// Whose that was.
        var holder: Int?
        /// A delivery has given it back.
        var isBack = false
    }

    struct Delivery {
        /// How many it takes at once.
        var capacity: Int
        let isPoll: Bool
        var process: InstanceID?
        var holder: Int?
        /// What its client was last noted to be away.
        var roundTrip: Int?
    }

    /// What must be told to a port, before the event is over.
    enum Due: Hashable {
        case withdraw(Int, from: Int)
        case abandon(Int)
        case abort(Int)
    }

    var scrapes: [Int: Scrape] = [:]
    /// Queued scrapes per name, first come first served.
    var queues: [String: [Int]] = [:]
    var deliveries: [Int: Delivery] = [:]
    /// The deliveries that can be handed something, and which names they serve.
    var inService: Set<Int> = []
    var serving: [String: Int] = [:]
    /// Tunnels that have not left, in service or not.
    var living: Set<Int> = []
    /// Whose the newest delivery of a name is, or was.
    var holders: [String: Int] = [:]
    /// Who is listed, as it spells its name, and when it was last heard of.
    var listed: [String: (spelling: String, seen: Int)] = [:]
    /// Of each name that waits: the others of its delivery that had a turn since it began to.
    var passedOver: [String: Set<String>] = [:]
    var due: Set<Due> = []
    /// The scrape that its delivery, or its source, itself ends just now: that is not told.
    var saidItself: Int?

    func isConnected(_ name: String) -> Bool {
        serving[name] != nil || scrapes.values.contains { $0.name == name && $0.state.isTaken }
    }

    func taken(by delivery: Int) -> [Int] {
        scrapes.filter { $0.value.delivery == delivery && $0.value.state.isTaken }.map(\.key).sorted()
    }

    func names(of delivery: Int) -> [String] { serving.filter { $0.value == delivery }.map(\.key).sorted() }
    func hasRoom(_ delivery: Int) -> Bool { taken(by: delivery).count < deliveries[delivery]!.capacity }
    func isServedByPoll(_ name: String) -> Bool { serving[name].map { deliveries[$0]!.isPoll } ?? false }
    func waits(_ name: String, _ now: Int) -> [Int] {
        queues[name, default: []].filter { scrapes[$0].map { $0.deadline > now } ?? false }
    }

    var live: [Int] { scrapes.filter { $0.value.state != .ended }.map(\.key).sorted() }
    func live(_ state: State) -> [Int] { scrapes.filter { $0.value.state == state }.map(\.key).sorted() }
    /// CONNECTs under way; of one name, or all.
    func connections(of name: String? = nil) -> [Int] {
        live.filter { scrapes[$0]!.kind == .connection && (name == nil || scrapes[$0]!.name == name) }
    }

    mutating func outOfService(_ delivery: Int, at now: Int) {
        inService.remove(delivery)
        for name in names(of: delivery) { leave(name, at: now) }
    }

    mutating func leave(_ name: String, at now: Int) {
        serving[name] = nil
        passedOver[name] = nil
        listed[name]?.seen = now
    }

    mutating func queueAgain(_ scrape: Int) {
        guard let name = scrapes[scrape]?.name else { return }
        scrapes[scrape]?.state = .queued
        scrapes[scrape]?.delivery = nil
        scrapes[scrape]?.isBack = true
        queues[name, default: []].insert(scrape, at: 0)
    }

    /// A scrape has ended, however: whoever has it and did not say so itself is to be told.
    mutating func end(_ scrape: Int, at now: Int) {
        guard let entry = scrapes[scrape] else { return }
        if saidItself != scrape {
            switch entry.state {
            case .queued, .ended: break
            case .delivered:
                if let delivery = entry.delivery, living.contains(delivery) {
                    due.insert(.withdraw(scrape, from: delivery))
                }
            case .responding: due.insert(.abandon(entry.source!))
            case .connected: due.insert(.abort(entry.source!))
            }
        }
        if entry.state == .responding || entry.state == .connected { listed[entry.name]?.seen = now }
        scrapes[scrape]?.state = .ended
        scrapes[scrape]?.answers += 1
        queues[entry.name]?.removeAll { $0 == scrape }
        if queues[entry.name, default: []].isEmpty { passedOver[entry.name] = nil }
    }
}

extension BrokerModel.State {
    /// A client has it.
    var isTaken: Bool { self == .delivered || self == .responding || self == .connected }
}
