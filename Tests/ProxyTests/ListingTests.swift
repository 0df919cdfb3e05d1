import Access
import NIOCore
import Settings
import Synchronization
import Testing
import Web
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
        #expect(it.broker.nextChangedPage() == nil)
        _ = it.poll(1000, "n700")
        #expect(it.broker.nextChangedPage() == nil)
        _ = it.poll(1001, "N700")
        #expect(it.broker.nextChangedPage().map { [$0.number, $0.names.count] } == [2, 256])
        #expect(it.broker.nextChangedPage() == nil)
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

    @Test("A fleet that changes faster than its list can be written holds no reader up")
    func restless() {
        let directory = ClientDirectory { ListingPage(number: 1, names: [FQDN("a")!], waiting: 2) }
        let body = directory.response.body.map { String(buffer: $0) }.joined()
        #expect(body == "[{\"targets\":[\"a\"],\"labels\":{}}]\n")
    }

    // MARK: What somebody may see

    /// Pages that are told of when they are asked for.
    private final class Pages: Sendable {
        private let waiting = Mutex<[ListingPage]>([])

        init(_ pages: [[String]]) { for (number, names) in pages.enumerated() { change(number, names) } }

        func change(_ number: Int, _ names: [String]) {
            waiting.withLock { $0.append(ListingPage(number: number, names: names.map { FQDN($0)! }, waiting: 9)) }
        }

        func next() -> ListingPage? { waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }

    private static func names(_ identity: String, _ rules: AccessRules) -> ScrapableNames {
        guard case .known(let caller) = rules.authenticate(.some(.token(Secret(identity)))) else { fatalError() }
        return rules.scrapableNames(by: caller)
    }

    private static func rules(_ identities: KeyValuePairs<String, String>) throws -> AccessRules {
        let lines = identities.map { "  \($0): {token_hash: \"\(AccessProxy.token($0))\", scrape: [\"\($1)\"]}\n" }
        return try AccessRules(
            file: AccessFile(SettingsFile.parse(Array("identities:\n\(lines.joined())".utf8), path: "a.yml")))
    }

    private static func text(_ response: Response) -> String { response.body.map { String(buffer: $0) }.joined() }

    /// Where in memory the pieces of an answer are.
    private static func places(_ response: Response) -> [UnsafeRawPointer?] {
        response.body.map { $0.withUnsafeReadableBytes { $0.baseAddress } }
    }

    @Test("Who may scrape some sees those; the answer is kept, and of a change only its page is looked through again")
    func filtered() throws {
        let pages = Pages([["a.eu", "b.us"], ["c.eu", "d.eu"], ["e.us"]])
        let directory = ClientDirectory { pages.next() }
        let eu = Self.names("eu", try Self.rules(["eu": "*.eu"]))
        func entries(_ names: String...) -> String {
            "[" + names.map { "{\"targets\":[\"\($0)\"],\"labels\":{}}" }.joined(separator: ",") + "]\n"
        }
        let first = directory.response(for: eu)
        #expect(Self.text(first) == entries("a.eu", "c.eu", "d.eu"))
        #expect(Self.places(directory.response(for: eu)) == Self.places(first))

        pages.change(2, ["e.us", "f.eu"])
        let second = directory.response(for: eu)
        #expect(Self.text(second) == entries("a.eu", "c.eu", "d.eu", "f.eu"))
        #expect(Self.places(second)[..<3] == Self.places(first)[..<3])
        pages.change(0, ["b.us"])
        pages.change(3, ["g.eu"])
        #expect(Self.text(directory.response(for: eu)) == entries("c.eu", "d.eu", "f.eu", "g.eu"))
        #expect(Self.text(directory.response).contains("b.us"))
    }

    @Test("Each identity has a list of its own, and other rules have other lists")
    func ofEach() throws {
        let pages = Pages([["a.eu", "b.us"]])
        let directory = ClientDirectory { pages.next() }
        let rules = try Self.rules(["eu": "*.eu", "us": "*.us"])
        func sees(_ who: String, _ rules: AccessRules) -> [Bool] {
            let text = Self.text(directory.response(for: Self.names(who, rules)))
            return [text.contains("a.eu"), text.contains("b.us")]
        }
        for _ in 1...2 {
            #expect(sees("eu", rules) == [true, false])
            #expect(sees("us", rules) == [false, true])
            #expect(sees("nobody", rules) == [false, false])
        }
        let others = try Self.rules(["eu": "*.us", "us": "*.eu"])
        #expect(sees("eu", others) == [false, true])
        #expect(sees("us", others) == [true, false])
        // A request that was let in by the rules of before.
        #expect(sees("eu", rules) == [true, false])
    }

    @Test(
        "Lists are kept within bounds of number and size; those that nobody asked for of late go, and all go with their rules"
    )
    func bounds() throws {
        let rules = try Self.rules(["a": "a.eu", "b": "b.eu", "c": "c.eu", "d": "d.eu"])
        let names = ["a", "b", "c", "d"].map { Self.names($0, rules) }
        var lists = FilteredLists(most: 3, mostBytes: 100)
        let first = names[..<3].map { lists.list(for: $0) }
        #expect(lists.list(for: names[0]) === first[0])
        _ = lists.list(for: names[3])
        #expect(lists.count == 3 && lists.list(for: names[0]) === first[0] && lists.list(for: names[2]) === first[2])
        #expect(lists.list(for: names[1]) !== first[1])
        lists.grew(names[0].id, to: 60)
        lists.grew(names[2].id, to: 30)
        #expect(lists.count == 3 && lists.bytes == 90)
        lists.grew(names[1].id, to: 50)
        #expect(lists.count == 2 && lists.bytes == 80 && lists.list(for: names[2]) === first[2])
        lists.grew(names[2].id, to: 500)
        #expect(lists.count == 1 && lists.bytes == 500)
        _ = lists.list(for: Self.names("a", try Self.rules(["a": "a.eu"])))
        #expect(lists.count == 1 && lists.bytes == 0)
    }
}
