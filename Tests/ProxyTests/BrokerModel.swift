import Wire

/// A naive model of what the broker promises, written down a second time in the plainest way: lists, searched from end to end.
struct BrokerModel {
    enum State { case queued, delivered, responding, ended }

    struct Scrape {
        var name: String
        var state = State.queued
        var deadline: Int
        var source: Int?
        var answers = 0
        /// The delivery that has taken it last.
        var delivery: Int?
    }

    struct Delivery {
        /// How many it takes at once.
        let capacity: Int
        let isPoll: Bool
        let process: InstanceID?
        let holder: Int?
    }

    var scrapes: [Int: Scrape] = [:]
    /// Queued scrapes per name, first come first served.
    var queues: [String: [Int]] = [:]
    var deliveries: [Int: Delivery] = [:]
    /// The deliveries that can be handed something, and which names they serve.
    var inService: Set<Int> = []
    var serving: [String: Int] = [:]
    /// Whose the newest delivery of a name is, or was.
    var holders: [String: Int] = [:]
    /// Who is listed, as it spells its name, and when it was last heard of.
    var listed: [String: (spelling: String, seen: Int)] = [:]
    /// Of each name that waits: the others of its delivery that had a turn since it began to.
    var passedOver: [String: Set<String>] = [:]

    func isConnected(_ name: String) -> Bool {
        serving[name] != nil
            || scrapes.values.contains { $0.name == name && ($0.state == .delivered || $0.state == .responding) }
    }

    func taken(by delivery: Int) -> [Int] {
        scrapes.filter {
            $0.value.delivery == delivery && ($0.value.state == .delivered || $0.value.state == .responding)
        }
        .map(\.key).sorted()
    }

    func names(of delivery: Int) -> [String] { serving.filter { $0.value == delivery }.map(\.key).sorted() }
    func hasRoom(_ delivery: Int) -> Bool { taken(by: delivery).count < deliveries[delivery]!.capacity }
    func waits(_ name: String, _ now: Int) -> [Int] {
        queues[name, default: []].filter { scrapes[$0].map { $0.deadline > now } ?? false }
    }

    var live: [Int] { scrapes.filter { $0.value.state != .ended }.map(\.key).sorted() }
    func live(_ state: State) -> [Int] { scrapes.filter { $0.value.state == state }.map(\.key).sorted() }
}
