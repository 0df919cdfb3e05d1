import Access
import Failures
import NIOCore
import NIOPosix
import Settings
import Testing
import Wire

@testable import Proxy

@Suite("The dispatcher, for tunnels,") struct TunnelDispatcherTests {
    private let metrics = ProxyMetrics()
    private let desk: AccessDesk
    private let client = RecordedClient()
    private let dispatcher: Dispatcher

    init() throws {
        var limits = BrokerLimits()
        limits.maxClients = 2
        dispatcher = Dispatcher(broker: Broker(limits: limits), sinks: [MetricsSink(metrics: metrics)])
        desk = AccessDesk(try Self.rules("a, b, c"))
    }

    private static func rules(_ names: String) throws -> AccessRules {
        let yaml = "anonymous: {register: [\(names)], scrape: [\"*\"]}"
        return try AccessRules(file: AccessFile(SettingsFile.parse(Array(yaml.utf8), path: "access.yml")))
    }

    private func pass(_ action: AccessAction, _ name: String) throws -> Pass {
        guard case .pass(let pass) = desk.decide(nil as Visitor?, action, FQDN(name)) else {
            throw TestProxy.Missing(what: "a pass")
        }
        return pass
    }

    private func arrive(_ passes: [Pass]) -> (id: DeliveryID?, refused: [RefusedName]) {
        dispatcher.deliveryArrived(client, by: passes, capacity: 1)
    }

    private func texts(_ refused: [RefusedName]) -> [String] { refused.map { "\($0.fqdn) \($0.why.rawValue)" } }

    private func scrape(_ name: String) throws -> RecordedScraper {
        let scraper = RecordedScraper(try #require(FQDN(name)))
        dispatcher.scrapeArrived(scraper, by: try pass(.scrape, name))
        return scraper
    }

    private func connect(_ name: String) throws -> RecordedConnect {
        let scraper = RecordedConnect(try #require(FQDN(name)))
        dispatcher.scrapeArrived(scraper, by: try pass(.scrape, name))
        return scraper
    }

    @Test("says which names are not served, and why: rules that changed meanwhile, and the bound")
    func refused() throws {
        let passes = try ["a", "b", "c"].map { try pass(.register, $0) } + [try pass(.scrape, "d")]
        desk.adopt(try Self.rules("b, c"))
        let arrived = arrive(passes)
        #expect(arrived.id != nil && texts(arrived.refused) == ["a access_denied"])
        #expect(metrics.accessDenied[.register]?.value == 1)
        #expect(client.ended == nil && dispatcher.gauges.liveClients == 2)
        let other = RecordedClient()
        let bound = dispatcher.deliveryArrived(
            other, by: [try pass(.register, "b")] + passes.suffix(2), capacity: 1)
        #expect(bound.id != nil && bound.refused.isEmpty && client.ended == .superseded)
    }

    @Test("ends one that may serve none of its names, before it returns: denied, too many clients, shutting down")
    func refusedAll() throws {
        let passes = try ["a", "b"].map { try pass(.register, $0) }
        let third = try pass(.register, "c")
        desk.adopt(try Self.rules("x"))
        let denied = arrive(passes)
        #expect(denied.id == nil && texts(denied.refused) == ["a access_denied", "b access_denied"])
        #expect(client.ended == .denied)
        #expect(arrive([]).id == nil)
        desk.adopt(try Self.rules("a, b, c"))
        #expect(arrive(passes).id != nil)
        let other = RecordedClient()
        let full = dispatcher.deliveryArrived(other, by: [third], capacity: 1)
        #expect(full.id == nil && texts(full.refused) == ["c too_many_clients"] && other.ended == .tooManyClients)
        _ = dispatcher.shutDown(on: MultiThreadedEventLoopGroup.singleton.next())
        let late = RecordedClient()
        #expect(dispatcher.deliveryArrived(late, by: [third], capacity: 1).id == nil && late.ended == .shuttingDown)
    }

    @Test("takes new names of one in service, by the rules of now; of one that was ended it takes none")
    func namesChanged() throws {
        let id = try #require(arrive([try pass(.register, "a")]).id)
        let passes = try ["a", "b"].map { try pass(.register, $0) }
        let third = try pass(.register, "c")
        #expect(dispatcher.namesChanged(id, by: passes + [third], capacity: 2).map(\.why) == [.tooManyClients])
        desk.adopt(try Self.rules("b"))
        #expect(texts(dispatcher.namesChanged(id, by: passes, capacity: 2)) == ["a access_denied"])
        #expect(client.ended == nil)
        desk.adopt(try Self.rules("x"))
        #expect(dispatcher.namesChanged(id, by: passes, capacity: 2).count == 2)
        #expect(client.ended == .denied && dispatcher.gauges.tunnels == 0)
        desk.adopt(try Self.rules("a, b"))
        #expect(dispatcher.namesChanged(id, by: passes, capacity: 2).isEmpty)
        #expect(dispatcher.gauges.tunnels == 0)
    }

    @Test("takes back what has ended unanswered, counts what a tunnel had, and what it sends again")
    func withdrawn() throws {
        let id = try #require(arrive([try pass(.register, "a")]).id)
        let first = try scrape("a")
        #expect(dispatcher.isWithDelivery(first.id, id))
        dispatcher.scraperLeft(first.id, sent: nil, bytes: 0)
        #expect(client.withdrawn == [first.id] && !dispatcher.isWithDelivery(first.id, id))
        #expect(metrics.scrapesTaken[.tunnel]?.value == 1 && metrics.scrapesTaken[.poll]?.value == 0)
        let second = try scrape("a")
        dispatcher.deliveryLeft(id, returning: [second.id])
        #expect(metrics.redelivered.value == 1 && metrics.tunnelsLost.value == 1 && metrics.pollsDropped.value == 0)
        #expect(second.failed == nil && dispatcher.gauges.queued == 1)
    }

    @Test("brings a CONNECT's two ends together, and counts it as a connection and as no scrape")
    func connection() throws {
        _ = arrive([try pass(.register, "a")])
        let scraper = try connect("a")
        #expect(client.delivered == [scraper.id])
        let found = dispatcher.connectionOpened(scraper.id, source: client, of: nil)
        #expect(found === scraper)
        #expect(dispatcher.connectionOpened(scraper.id, source: client, of: nil) == nil)
        #expect(metrics.connectionsOpened.value == 1)
        dispatcher.connectionIdle(scraper.id)
        #expect(client.aborts == 1 && metrics.connectionsIdle.value == 1)
        let second = try connect("a")
        dispatcher.connectionBroke(second.id, .targetUnreachable, detail: "", of: nil)
        #expect(second.failed == .targetUnreachable)
        #expect(metrics.connectionFailures[.targetUnreachable]?.value == 1)
        dispatcher.connectionRefused()
        #expect(metrics.connectionFailures[.badTarget]?.value == 1)
        #expect(metrics.scrapes.value == 0 && metrics.failures[.targetUnreachable]?.value == 0)
        #expect(client.withdrawn.isEmpty)
    }

    @Test("tells a CONNECT of the shutdown, and is drained when that has ended too")
    func shutdown() async throws {
        _ = arrive([try pass(.register, "a")])
        let scraper = try connect("a")
        _ = dispatcher.connectionOpened(scraper.id, source: client, of: nil)
        let drained = dispatcher.shutDown(on: MultiThreadedEventLoopGroup.singleton.next())
        #expect(scraper.told == ["windUp"] && client.ended == .shuttingDown)
        dispatcher.connectionEnded(scraper.id)
        try await drained.get()
        #expect(dispatcher.gauges == BrokerGauges(liveClients: 1))
    }

    @Test("judges a CONNECT by the rules of now: one that is denied is counted as a connection")
    func judgedAgain() throws {
        let stale = try pass(.scrape, "b")
        desk.adopt(
            try AccessRules(
                file: AccessFile(SettingsFile.parse(Array("anonymous: {register: [a]}".utf8), path: "access.yml"))))
        let denied = RecordedConnect(try #require(FQDN("b")))
        dispatcher.scrapeArrived(denied, by: stale)
        #expect(denied.failed == .accessDenied && dispatcher.gauges == BrokerGauges())
        #expect(metrics.connectionFailures[.accessDenied]?.value == 1 && metrics.scrapes.value == 0)
    }
}
