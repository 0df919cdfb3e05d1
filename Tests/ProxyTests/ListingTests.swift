import Clients
import Testing
import Wire

@testable import Proxy

@Suite struct ListingTests {
    @Test("A client is listed while it is connected, however long, and for its registration timeout after that")
    func listed() {
        var it = Brokered()
        _ = it.poll(1, "Edge1")
        #expect(it.passed(10_000).decisions == [])
        #expect(it.listed() == ["Edge1"])
        _ = it.left(1, at: 10_000)
        _ = it.passed(10_299)
        #expect(it.listed() == ["Edge1"])
        _ = it.passed(10_300)
        #expect(it.listed() == [])
        #expect(it.broker.gauges == BrokerGauges())
    }

    @Test("A client in flight is listed, and its registration counts from when it took the scrape")
    func listedInFlight() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.scrape(10, "a", timeout: 1000, at: 600)
        #expect(it.passed(1200).decisions == [])
        #expect(it.listed() == ["a"])
        _ = it.passed(1600)
        #expect(it.listed() == [])
    }

    @Test("Restored clients are listed before they have polled, until their registration runs out")
    func restored() {
        var it = Brokered()
        it.broker.clientRestored(FQDN("a")!, instance: nil, lastSeen: Brokered.at(-100), expires: Brokered.at(200))
        #expect(it.listed() == ["a"])
        #expect(it.scrape(10, "a").decisions == [])
        #expect(it.poll(1, "a").decisions == [.deliver(10, by: 1)])
        #expect(it.broker.gauges.liveClients == 1)
        it.broker.clientRestored(FQDN("b")!, instance: nil, lastSeen: Brokered.at(-100), expires: Brokered.at(20))
        _ = it.passed(20)
        #expect(it.broker.gauges.liveClients == 1)
    }

    @Test("The list is valid JSON however many there are, with IPv6 literals in brackets")
    func listing() {
        var limits = BrokerLimits()
        limits.slotsPerPage = 2
        var it = Brokered(limits)
        #expect(it.clients() == "[]\n")
        for (number, name) in ["x", "fe80::1", "c", "d", "e"].enumerated() { _ = it.poll(number, name) }
        let entries = ["x", "[fe80::1]", "c", "d", "e"].map { "{\"targets\":[\"\($0)\"],\"labels\":{}}" }
        #expect(it.clients() == "[" + entries.joined(separator: ",") + "]\n")
        // The first page empties, then all.
        for number in [0, 1] { _ = it.left(number) }
        _ = it.passed(300)
        #expect(it.listed() == ["c", "d", "e"])
        for number in 2...4 { _ = it.left(number, at: 300) }
        _ = it.passed(600)
        #expect(it.clients() == "[]\n")
    }

    @Test("A change of one client is a change of one page, and none is no page")
    func changedPages() {
        var it = Brokered()
        for number in 0..<1000 { _ = it.poll(number, "n\(number)") }
        #expect(it.listed().count == 1000)
        #expect(it.broker.nextChangedPage(at: Brokered.at(0)) == nil)
        _ = it.poll(1000, "n700")
        #expect(it.broker.nextChangedPage(at: Brokered.at(0)) == nil)
        _ = it.poll(1001, "N700")
        #expect(it.broker.nextChangedPage(at: Brokered.at(0)).map { [$0.number, $0.clients.count] } == [2, 256])
        #expect(it.broker.nextChangedPage(at: Brokered.at(0)) == nil)
    }

    @Test("Pages come in the order in which they changed, each once")
    func order() {
        var pages = ChangedPages()
        for page in [3, 1, 3, 2] { pages.insert(page) }
        #expect(pages.popFirst() == 3)
        pages.insert(3)
        #expect(pages.count == 3)
        #expect([pages.popFirst(), pages.popFirst(), pages.popFirst(), pages.popFirst()] == [1, 2, 3, nil])
    }

    private static func declaration(_ labels: [String], _ targets: [String]) throws -> Declaration {
        try Declaration(labelTexts: labels, targetTexts: targets)
    }

    @Test("What a client says of itself is a change of its page, and so is its agent; the same once more is none")
    func declared() throws {
        var it = Brokered()
        let a = FQDN("a")!
        let said = try Self.declaration(["site=berlin"], ["9100"])
        _ = it.deliver(1, ["a", "b"], .atOnce(5), agent: "x")
        func page() -> [ListedClient]? { it.broker.nextChangedPage(at: Brokered.at(0))?.clients }
        #expect(page()?.map(\.declaration) == [.none, .none])
        _ = it.deliver(2, ["a", "b"], .atOnce(5), agent: "x")
        #expect(page() == nil)
        _ = it.deliver(3, ["a", "b"], .atOnce(5), declaring: [a: said], agent: "x")
        #expect(page()?.map(\.declaration) == [said, .none])
        _ = it.rename(3, ["a", "b"], takes: 5, declaring: [a: said])
        // It has not said its agent again.
        #expect(page()?.map(\.agent) == [nil, nil])
        _ = it.rename(3, ["a", "b"], takes: 5, declaring: [a: said])
        #expect(page() == nil)
        _ = it.rename(3, ["a", "b"], takes: 5)
        #expect(page()?.map(\.declaration) == [.none, .none])
    }

    @Test(
        "A poll that is spent leaves its client connected in the list for a while; who stays away is stale when somebody looks"
    )
    func away() {
        var it = Brokered()
        _ = it.poll(1, "a")
        _ = it.poll(2, "b")
        func states(at time: Int) -> [Bool]? {
            it.broker.nextChangedPage(at: Brokered.at(time))?.clients.map(\.isConnected)
        }
        #expect(states(at: 0) == [true, true])
        _ = it.left(1, at: 100)
        #expect(it.broker.lookForAway(onPage: 0, at: Brokered.at(109)) == true)
        #expect(states(at: 109) == nil)
        #expect(it.broker.lookForAway(onPage: 0, at: Brokered.at(110)) == true)
        #expect(it.broker.lookForAway(onPage: 1, at: Brokered.at(110)) == false)
        #expect(states(at: 110) == [false, true])
        _ = it.broker.lookForAway(onPage: 0, at: Brokered.at(111))
        #expect(states(at: 111) == nil)
        _ = it.poll(3, "a", at: 112)
        #expect(states(at: 112) == [true, true])
    }

    @Test("A restored client is listed with what it said before, until it says something else")
    func restoredDeclaration() throws {
        var it = Brokered()
        let said = try Self.declaration([], ["9100"])
        it.broker.clientRestored(
            FQDN("a")!, declaration: said, instance: nil, agent: "x", lastSeen: Brokered.at(-100),
            expires: Brokered.at(200))
        func page() -> ListedClient? { it.broker.nextChangedPage(at: Brokered.at(0))?.clients.first }
        #expect(page().map { $0.declaration == said && $0.agent == "x" && !$0.isConnected } == true)
        _ = it.poll(1, "a")
        #expect(page().map { $0.declaration == .none && $0.isConnected } == true)
    }
}
