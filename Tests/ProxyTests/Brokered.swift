import Clients
import Failures
import NIOCore
import Store
import Wire

@testable import Proxy

/// The broker's ends as numbers, so that what it decides can be compared.
enum NumberPorts: BrokerPorts {
    typealias Scraper = Int
    typealias Delivery = Int
    typealias Source = Int
    typealias Connection = Int
    typealias Holder = Int

    static func mayAnswer(_ pusher: Int?, for name: FQDN, handedTo holder: Int?) -> Bool { pusher == holder }
}

/// Actions in short, without facts.
enum Decision: Equatable {
    /// A scrape, by a delivery.
    case deliver(Int, by: Int)
    case endDelivery(Int, DeliveryEnd)
    case fail(Int, FailureKind)
    case abandon(Int)
    case withdraw(Int, from: Int)
    case abort(Int)
    case windUp(Int)
}

extension [BrokerAction<NumberPorts>] {
    var decisions: [Decision] {
        compactMap {
            switch $0 {
            case .deliver(let delivered): .deliver(delivered.scraper, by: delivered.port)
            case .endDelivery(let delivery, let why): .endDelivery(delivery, why)
            case .fail(let scraper, let kind, _): .fail(scraper, kind)
            case .abandon(let source): .abandon(source)
            case .withdraw(let delivery, let scrape): .withdraw(Brokered.number(of: scrape), from: delivery)
            case .abort(let connection): .abort(connection)
            case .windUp(let scraper): .windUp(scraper)
            case .note: nil
            }
        }
    }

    var ends: [ScrapeEnd<NumberPorts>] {
        compactMap { if case .note(.ended(let end)) = $0 { end } else { nil } }
    }

    var facts: [BrokerFact<NumberPorts>] {
        compactMap { if case .note(let fact) = $0 { fact } else { nil } }
    }
}

/// A broker with short ways to tell it things; time is in seconds.
struct Brokered {
    var broker: Broker<NumberPorts>
    var ids: [Int: ScrapeID] = [:]
    var deliveries: [Int: DeliveryID] = [:]
    private var list = ClientList()
    private let view = ListView(serial: 0, nil, ListingQuery(), labels: .asGiven)

    init(_ limits: BrokerLimits = BrokerLimits()) { broker = Broker(limits: limits) }

    static func at(_ seconds: Int) -> NIODeadline { .uptimeNanoseconds(1_000_000_000_000) + .seconds(Int64(seconds)) }

    /// Of a scrape that `scrape` has made.
    static func number(of id: ScrapeID) -> Int { Int(id.description.suffix(12), radix: 16) ?? -1 }

    mutating func poll(
        _ number: Int, _ name: String, instance: InstanceID? = nil, at time: Int = 0
    ) -> [BrokerAction<NumberPorts>] {
        deliver(number, [name], .one, instance: instance, at: time)
    }

    /// A tunnel: it takes several scrapes at once, of several names.
    mutating func tunnel(
        _ number: Int, _ names: [String], takes count: Int, instance: InstanceID? = nil, at time: Int = 0
    ) -> [BrokerAction<NumberPorts>] {
        deliver(number, names, .atOnce(count), instance: instance, at: time)
    }

    mutating func deliver(
        _ number: Int, _ names: [String], _ capacity: DeliveryCapacity,
        declaring declarations: [FQDN: Declaration] = [:], agent: String? = nil, of holder: Int? = nil,
        instance: InstanceID? = nil, at time: Int = 0
    ) -> [BrokerAction<NumberPorts>] {
        let fqdns = names.map { FQDN($0)! }
        let (id, _, actions) = broker.deliveryArrived(
            DeliveryArrival(
                fqdn: fqdns[0], others: Array(fqdns.dropFirst()), declarations: declarations, port: number,
                holder: holder, capacity: capacity, instance: instance, agent: agent),
            at: Self.at(time))
        deliveries[number] = id
        return actions
    }

    /// A delivery says anew who it is; `nil` when that says nothing any more.
    mutating func rename(
        _ number: Int, _ names: [String], takes count: Int, declaring declarations: [FQDN: Declaration] = [:],
        of holder: Int? = nil, instance: InstanceID? = nil, at time: Int = 0
    ) -> [BrokerAction<NumberPorts>]? {
        let change = DeliveryChange(
            names: names.map { FQDN($0)! }, declarations: declarations, holder: holder, capacity: count,
            instance: instance)
        return broker.namesChanged(deliveries[number]!, change, at: Self.at(time))?.actions
    }

    mutating func scrape(
        _ number: Int, _ name: String, _ kind: ScrapeKind = .repeatable, timeout: Int = 10, at time: Int = 0
    ) -> [BrokerAction<NumberPorts>] {
        let id = ScrapeID(high: 0, low: UInt64(number))
        ids[number] = id
        return broker.scrapeArrived(
            id, for: FQDN(name)!, from: number, kind, deadline: Self.at(time + timeout), at: Self.at(time))
    }

    /// - Parameter returned: Scrapes that it had taken and had no answer to.
    mutating func left(
        _ number: Int, returning returned: [Int] = [], at time: Int = 0
    ) -> [BrokerAction<NumberPorts>] {
        broker.deliveryLeft(deliveries[number]!, returning: returned.map { ids[$0]! }, at: Self.at(time))
    }

    mutating func push(_ push: Int, for number: Int, of holder: Int? = nil, at time: Int = 0) -> Int? {
        guard
            case .relay(let scraper) = broker.responseBegan(
                ids[number]!, status: 200, source: push, of: holder, at: Self.at(time))
        else {
            return nil
        }
        return scraper
    }

    /// Who holds a name may not any more, as it was found in `broker.heldNames`.
    mutating func denied(_ held: HeldName<NumberPorts>, at time: Int = 0) -> [BrokerAction<NumberPorts>] {
        broker.nameDenied(held, at: Self.at(time))
    }

    /// All names that somebody holds.
    var heldNames: [HeldName<NumberPorts>] {
        var held: [HeldName<NumberPorts>] = []
        var start = 0
        while let some = broker.heldNames(from: start) {
            held += some.names
            start = some.next
        }
        return held
    }

    /// All scrapes under way.
    var heldScrapes: [HeldScrape<NumberPorts>] {
        var held: [HeldScrape<NumberPorts>] = []
        var start = 0
        while let some = broker.heldScrapes(from: start) {
            held += some.scrapes
            start = some.next
        }
        return held
    }

    mutating func ended(_ number: Int, at time: Int = 0) -> [BrokerAction<NumberPorts>] {
        broker.responseEnded(ids[number]!, status: 200, bytes: 5, at: Self.at(time))
    }

    mutating func passed(_ time: Int) -> [BrokerAction<NumberPorts>] {
        var actions = broker.timePassed(to: Self.at(time))
        while broker.isDue(at: Self.at(time)) { actions += broker.timePassed(to: Self.at(time)) }
        return actions
    }

    mutating func shutDown(at time: Int) -> [BrokerAction<NumberPorts>] {
        var actions: [BrokerAction<NumberPorts>] = []
        while let some = broker.shutdownBegan(at: Self.at(time)) { actions += some }
        return actions
    }

    mutating func graceEnded(at time: Int) -> [BrokerAction<NumberPorts>] {
        var actions = broker.graceEnded(at: Self.at(time))
        while !broker.isIdle { actions += broker.graceEnded(at: Self.at(time)) }
        return actions
    }

    var states: [Proxy.ClientSnapshot] {
        var states: [Proxy.ClientSnapshot] = []
        var start = 0
        while let some = broker.clientStates(from: start) {
            states += some.states
            start = some.next
        }
        return states
    }

    /// The body of `/clients`, which is made of those pages that have changed since it was last looked at.
    mutating func clients() -> String {
        while let page = broker.nextChangedPage(at: Self.at(0)) { list.take(page) }
        return (view.answer(of: list, packed: false)?.body ?? []).map { String(buffer: $0) }.joined()
    }

    /// Whom `/clients` lists.
    mutating func listed() -> [String] {
        clients().split(separator: "\"").map(String.init).enumerated().filter { $0.offset % 6 == 3 }.map(\.element)
    }
}
