import Access
import Failures
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Wire

@testable import Proxy

/// A sink that notes what it is told, in short.
private final class RecordingSink: FactSink {
    private let all = Mutex<[String]>([])
    var told: [String] { all.withLock { $0 } }
    var ended: Int { told.count { $0 == "ended" } }

    func note(_ decided: [BrokerAction<LivePorts>], at now: ClockReading) {
        for case .note(let fact) in decided {
            switch fact {
            case .ended: tell("ended")
            case .registered: tell("registered")
            default: break
            }
        }
    }

    func scrapeRefused() { tell("refused") }
    func responseUnknown() { tell("unknown") }
    func timePassed(to now: NIODeadline) { if now == .distantFuture { tell("stopped") } }

    private func tell(_ what: String) { all.withLock { $0.append(what) } }
}

@Suite("The dispatcher") struct DispatcherTests {
    private let sinks = [RecordingSink(), RecordingSink()]
    private let dispatcher: Dispatcher
    private let client = RecordedClient()
    private let name: FQDN

    init() throws {
        dispatcher = Dispatcher(broker: Broker(limits: BrokerLimits()), sinks: sinks)
        name = try #require(FQDN("a"))
    }

    private func tunnel() throws -> DeliveryID {
        try #require(dispatcher.deliveryArrived(client, by: [try pass(.register)], capacity: 10).id)
    }

    private func pass(_ action: AccessAction) throws -> Pass {
        guard case .pass(let pass) = AccessDesk.open.decide(nil as Visitor?, action, name) else {
            throw TestProxy.Missing(what: "a pass")
        }
        return pass
    }

    @Test("tells every sink what happens, what never gets to the broker as well")
    func sinksAreTold() throws {
        let scraper = RecordedScraper(name)
        _ = try tunnel()
        dispatcher.scrapeArrived(scraper, by: try pass(.scrape))
        #expect(client.delivered == [scraper.id])
        guard case .relay(let found) = dispatcher.responseBegan(scraper.id, status: 200, source: client, of: nil) else {
            Issue.record("the scrape is not found")
            return
        }
        #expect(found === scraper)
        dispatcher.responseEnded(scraper.id, status: 200, answer: "", bytes: 1)
        dispatcher.scrapeRefused()
        _ = dispatcher.responseBegan(scraper.id, status: 200, source: client, of: nil)
        dispatcher.stopped()
        for sink in sinks { #expect(sink.told == ["registered", "ended", "refused", "unknown", "stopped"]) }
    }

    @Test("is drained when the last scrape has ended and every sink has been told")
    func drained() async throws {
        let delivery = try tunnel()
        let scrapers = [RecordedScraper(name), RecordedScraper(name)]
        for scraper in scrapers { dispatcher.scrapeArrived(scraper, by: try pass(.scrape)) }
        let told = dispatcher.shutDown(on: MultiThreadedEventLoopGroup.singleton.next()).map { [sinks] in
            sinks.map(\.ended)
        }
        #expect(client.ended == .shuttingDown && dispatcher.isShuttingDown)
        _ = dispatcher.responseBegan(scrapers[0].id, status: 200, source: client, of: nil)
        dispatcher.responseEnded(scrapers[0].id, status: 200, answer: "", bytes: 1)
        dispatcher.deliveryLeft(delivery, returning: [scrapers[1].id])
        #expect(scrapers[1].failed == .shuttingDown)
        #expect(try await told.get() == [2, 2])
    }

    @Test(
        "with nothing under way is drained at once; what is under way when the grace ends fails, and its source is told"
    )
    func grace() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        _ = try tunnel()
        let scraper = RecordedScraper(name)
        dispatcher.scrapeArrived(scraper, by: try pass(.scrape))
        _ = dispatcher.responseBegan(scraper.id, status: 200, source: client, of: nil)
        let drained = dispatcher.shutDown(on: loop)
        dispatcher.endGrace()
        try await drained.get()
        #expect(scraper.failed == .shuttingDown && client.isAbandoned)
        try await dispatcher.shutDown(on: loop).get()
    }
}
