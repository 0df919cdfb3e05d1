import Access
import CZlib
import Clients
import NIOCore
import Settings
import Synchronization
import Testing
import Web
import Wire

@testable import Proxy

/// Pages that are told of when they are asked for.
final class ListedPages: Sendable {
    private let waiting = Mutex<[ListingPage]>([])
    private let looks = Mutex(0)

    /// How often somebody looked for who is away.
    var lookedForAway: Int { looks.withLock { $0 } }

    init(_ pages: [[String]] = []) { for (number, names) in pages.enumerated() { change(number, names) } }

    func change(_ number: Int, _ names: [String]) {
        change(number, names.map { ListedClient(FQDN($0)!) })
    }

    func change(_ number: Int, _ clients: [ListedClient]) {
        waiting.withLock { $0.append(ListingPage(number: number, clients: clients, waiting: 9)) }
    }

    func directory(_ views: ListViews = ListViews()) -> ClientDirectory {
        ClientDirectory(
            ClientDirectory.Source(
                hasChanged: { self.waiting.withLock { !$0.isEmpty } },
                nextChangedPage: { self.waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() } },
                lookForAway: { self.looks.withLock { $0 += 1 } }),
            views: views)
    }
}

extension ListedClient {
    init(
        _ fqdn: FQDN, _ labels: [String] = [], _ targets: [String] = [], isConnected: Bool = true, agent: String? = nil
    ) {
        self.init(
            fqdn: fqdn, declaration: (try? Declaration(labelTexts: labels, targetTexts: targets)) ?? .none,
            isConnected: isConnected, agent: agent)
    }
}

@Suite struct DirectoryTests {
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

    private static func text(_ directory: ClientDirectory, _ query: String) throws -> String {
        text(directory.response(to: ListingRequest(try ListingQuery(query))))
    }

    private static func tag(_ response: Response) -> String? { response.fields.first { $0.name == "ETag" }?.value }

    /// Where in memory the pieces of an answer are.
    private static func places(_ response: Response) -> [UnsafeRawPointer?] {
        response.body.map { $0.withUnsafeReadableBytes { $0.baseAddress } }
    }

    private static func entries(_ names: String...) -> String {
        "[" + names.map { "{\"targets\":[\"\($0)\"],\"labels\":{}}" }.joined(separator: ",") + "]\n"
    }

    @Test("A fleet that changes faster than its list can be written holds no reader up")
    func restless() {
        let directory = ClientDirectory(
            ClientDirectory.Source(
                hasChanged: { true },
                nextChangedPage: { ListingPage(number: 1, clients: [ListedClient(FQDN("a")!)], waiting: 2) },
                lookForAway: {}))
        #expect(Self.text(directory.response()) == Self.entries("a"))
    }

    // MARK: What somebody may see

    @Test("Who may scrape some sees those; the answer is kept, and of a change only its page is looked through again")
    func filtered() throws {
        let pages = ListedPages([["a.eu", "b.us"], ["c.eu", "d.eu"], ["e.us"]])
        let directory = pages.directory()
        let eu = Self.names("eu", try Self.rules(["eu": "*.eu"]))
        let first = directory.response(for: eu)
        #expect(Self.text(first) == Self.entries("a.eu", "c.eu", "d.eu"))
        #expect(Self.places(directory.response(for: eu)) == Self.places(first))

        pages.change(2, ["e.us", "f.eu"])
        let second = directory.response(for: eu)
        #expect(Self.text(second) == Self.entries("a.eu", "c.eu", "d.eu", "f.eu"))
        #expect(Self.places(second)[..<3] == Self.places(first)[..<3])
        pages.change(0, ["b.us"])
        pages.change(3, ["g.eu"])
        #expect(Self.text(directory.response(for: eu)) == Self.entries("c.eu", "d.eu", "f.eu", "g.eu"))
        #expect(Self.text(directory.response()).contains("b.us"))
    }

    @Test("Each identity has a list of its own, and other rules have other lists")
    func ofEach() throws {
        let directory = ListedPages([["a.eu", "b.us"]]).directory()
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

    @Test("What somebody may not scrape does not change the form of what he sees")
    func noHint() throws {
        let pages = ListedPages()
        pages.change(0, [ListedClient(FQDN("a.eu")!), ListedClient(FQDN("b.us")!, ["site=x"], ["9100"])])
        let directory = pages.directory()
        let eu = Self.names("eu", try Self.rules(["eu": "*.eu"]))
        #expect(Self.text(directory.response(for: eu)) == Self.entries("a.eu"))
        #expect(Self.text(directory.response()).contains("__meta_pushprox_fqdn"))
    }

    @Test(
        "Views are kept within bounds of number and size; those that nobody asked for of late go, and all go with their rules"
    )
    func bounds() throws {
        let rules = try Self.rules(["a": "a.eu", "b": "b.eu", "c": "c.eu", "d": "d.eu"])
        let names = ["a", "b", "c", "d"].map { Self.names($0, rules) }
        let plain = ListingQuery()
        func key(_ number: Int) -> ListViews.Key { ListViews.Key(names: names[number].id, query: plain) }
        var views = ListViews(most: 3, mostBytes: 100)
        let first = names[..<3].map { views.view(of: $0, plain) }
        #expect(views.view(of: names[0], plain) === first[0])
        _ = views.view(of: names[3], plain)
        #expect(
            views.count == 3 && views.view(of: names[0], plain) === first[0]
                && views.view(of: names[2], plain) === first[2])
        #expect(views.view(of: names[1], plain) !== first[1])
        views.grew(key(0), to: 60)
        views.grew(key(2), to: 30)
        #expect(views.count == 3 && views.bytes == 90)
        views.grew(key(1), to: 50)
        #expect(views.count == 2 && views.bytes == 80 && views.view(of: names[2], plain) === first[2])
        views.grew(key(2), to: 500)
        #expect(views.count == 1 && views.bytes == 500)
        // The one that upstream has never goes, and does not count.
        let own = views.view(of: nil, plain)
        views.grew(ListViews.Key(names: nil, query: plain), to: 5_000)
        _ = views.view(of: Self.names("a", try Self.rules(["a": "a.eu"])), plain)
        #expect(views.count == 2 && views.bytes == 0 && views.view(of: nil, plain) === own)
        #expect(views.dropped == 4)
    }

    // MARK: What clients declare

    private static func meta(_ name: String, _ state: String, _ agent: String) -> String {
        "\"__meta_pushprox_fqdn\":\"\(name)\",\"__meta_pushprox_state\":\"\(state)\",\"__meta_pushprox_agent\":\"\(agent)\""
    }

    @Test("As soon as one client declares something, all entries have labels to relabel by; and none when it is gone")
    func form() throws {
        let pages = ListedPages([["a"], ["b"]])
        let directory = pages.directory()
        #expect(Self.text(directory.response()) == Self.entries("a", "b"))
        pages.change(1, [ListedClient(FQDN("b")!, ["site=berlin"], ["9113/x?m=1 job=j"], agent: "p")])
        #expect(
            Self.text(directory.response())
                == "[{\"targets\":[\"a\"],\"labels\":{\(Self.meta("a", "connected", ""))}},"
                + "{\"targets\":[\"b:9113\"],\"labels\":{\"site\":\"berlin\",\"job\":\"j\",\"__metrics_path__\":\"/x\","
                + "\"__param_m\":\"1\",\(Self.meta("b", "connected", "p"))}}]\n")
        #expect(
            try Self.text(directory, "meta=0")
                == "[{\"targets\":[\"a\"],\"labels\":{}},{\"targets\":[\"b:9113\"],\"labels\":{\"site\":\"berlin\","
                + "\"job\":\"j\",\"__metrics_path__\":\"/x\",\"__param_m\":\"1\"}}]\n")
        pages.change(1, ["b"])
        #expect(Self.text(directory.response()) == Self.entries("a", "b"))
        #expect(try Self.text(directory, "meta=1").contains(Self.meta("a", "connected", "")))
    }

    @Test("Labels, ports and states filter; one way of asking, in whatever order, is one view")
    func filters() throws {
        let pages = ListedPages()
        pages.change(
            0,
            [
                ListedClient(FQDN("a")!, ["site=berlin"], ["9100", "9113 site=here"]),
                ListedClient(FQDN("b")!, ["site=rome"], isConnected: false),
                ListedClient(FQDN("c")!),
            ])
        let directory = pages.directory()
        func targets(_ query: String) throws -> [String] {
            try Self.text(directory, query + "&meta=0").components("\"targets\":[\"", "\"]")
        }
        #expect(try targets("") == ["a:9100", "a:9113", "b", "c"])
        #expect(try targets("label=site=berlin") == ["a:9100"])
        #expect(try targets("label=site%3Dhere") == ["a:9113"])
        #expect(try targets("label=site=rome&label=job=x") == [])
        #expect(try targets("port=9100") == ["a:9100", "b:9100", "c:9100"])
        #expect(try targets("state=stale") == ["b"])
        #expect(try targets("state=connected&port=9113") == ["a:9113", "c:9113"])
        #expect(try targets("unknown=%41") == ["a:9100", "a:9113", "b", "c"])
        let one = try ListingQuery("port=1&label=b=1&port=2&label=a=1")
        #expect(try one == ListingQuery("label=a=1&label=b=1&port=2&port=1&port=2"))
    }

    @Test(
        "A query that can't be meant is refused with what would be right",
        arguments: [
            ("meta=yes", "meta is 0 or 1"), ("label=x", "no value"), ("label=__a=b", "reserved"), ("port=0", "port"),
            ("port=65536", "65535"), ("port=%2B9100", "65535"), ("meta=0&meta=1", "not both"),
            ("state=stale&state=connected", "one state"), ("state=gone", "connected or stale"), ("%zz", "percent"),
            ("label=a=%ff", "UTF-8"),
            (String(repeating: "port=1&", count: 17), "at most 16"),
        ])
    func refused(_ query: String, _ text: String) {
        do throws(ListingQuery.Problem) {
            _ = try ListingQuery(query)
            Issue.record("taken")
        } catch {
            #expect(error.explanation.contains(text))
        }
    }

    @Test("The operator can put a prefix before all labels, or leave them out; targets stay")
    func policies() {
        let client = ListedClient(FQDN("a")!, ["site=berlin"], ["9100 job=j"])
        func text(_ labels: DiscoveryLabels) -> String {
            let pages = ListedPages()
            pages.change(0, [client])
            var query = ListingQuery()
            query.meta = false
            return Self.text(pages.directory(ListViews(labels: labels)).response(to: ListingRequest(query)))
        }
        let path = "\"__metrics_path__\":\"/metrics\"}}]\n"
        #expect(text(.off) == "[{\"targets\":[\"a:9100\"],\"labels\":{" + path)
        #expect(
            text(.prefixed)
                == "[{\"targets\":[\"a:9100\"],\"labels\":{\"pushprox_site\":\"berlin\",\"pushprox_job\":\"j\"," + path)
    }

    // MARK: What is sent

    @Test("A list that has not changed is not sent again; only what is shown counts")
    func unchanged() throws {
        let pages = ListedPages([["a"]])
        let directory = pages.directory()
        func ask(_ query: String = "", known: [String]) throws -> Response {
            directory.response(to: ListingRequest(try ListingQuery(query), known: known))
        }
        let first = try #require(Self.tag(directory.response()))
        #expect(first.hasPrefix("W/\""))
        let strong = String(first.dropFirst(2))
        for known in [[first], [strong], ["\"x\"", first], ["*"]] {
            let response = try ask(known: known)
            #expect(response.status == 304 && response.body.isEmpty && Self.tag(response) == first)
        }
        #expect(try ask("meta=1", known: [first]).status == 200)
        // Another agent is nothing that this form shows.
        pages.change(0, [ListedClient(FQDN("a")!, agent: "x")])
        #expect(try ask(known: [first]).status == 304)
        pages.change(0, ["a", "b"])
        let second = try ask(known: [first])
        #expect(second.status == 200 && Self.text(second) == Self.entries("a", "b") && Self.tag(second) != first)
        #expect(ListedPages([["a", "b"]]).directory().response(to: ListingRequest(known: [first])).status == 200)
    }

    @Test("Compressed is the same list, page by page: what has not changed is not compressed again")
    func compressed() throws {
        let pages = ListedPages()
        let directory = pages.directory()
        func packed() -> Response { directory.response(to: ListingRequest(acceptsGzip: true)) }
        func check() throws {
            let response = packed()
            #expect(response.fields.contains { $0.name == "Content-Encoding" && $0.value == "gzip" })
            #expect(response.fields.contains { $0.name == "Vary" && $0.value == "Accept-Encoding" })
            let plain = directory.response()
            #expect(try Self.unpacked(response) == Self.text(plain))
            #expect(Self.tag(plain) == Self.tag(response))
        }
        try check()
        pages.change(0, (0..<256).map { "a\($0)" })
        pages.change(2, (0..<256).map { "c\($0)" })
        pages.change(3, ["d"])
        try check()
        let before = packed()
        pages.change(1, (0..<256).map { ListedClient(FQDN("b\($0)")!, ["site=\($0)"], ["9100"]) })
        pages.change(3, [ListedClient]())
        var query = ListingQuery()
        query.meta = false
        _ = query
        try check()
        pages.change(1, ["b"])
        try check()
        // Not where what is shown changes its form, as it did in between.
        #expect(before.bodyBytes < directory.response().bodyBytes / 4)
        let again = packed()
        pages.change(3, ["d"])
        #expect(Self.places(packed())[..<4] == Self.places(again)[..<4])
    }

    /// As anybody's gunzip has it, who checks sum and length.
    private static func unpacked(_ response: Response) throws -> String {
        var input = response.body.flatMap { Array($0.readableBytesView) }
        var output = [UInt8](repeating: 0, count: 4 << 20)
        var stream = z_stream()
        // 15 for the largest window, and 16 for gzip (zlib's manual, inflateInit2).
        try #require(inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { inflateEnd(&stream) }
        let (code, left, count) = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                let code = inflate(&stream, Z_FINISH)
                return (code, stream.avail_in, target.count - Int(stream.avail_out))
            }
        }
        #expect(code == Z_STREAM_END && left == 0)
        return String(decoding: output[..<count], as: UTF8.self)
    }

    @Test("Who is away is looked for at most once a second, however many ask")
    func looks() {
        let pages = ListedPages([["a"]])
        let directory = pages.directory()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        for milliseconds in [0, 1, 500, 999] {
            _ = directory.response(at: start + .milliseconds(Int64(milliseconds)))
        }
        #expect(pages.lookedForAway == 1)
        _ = directory.response(at: start + .seconds(1))
        #expect(pages.lookedForAway == 2)
    }

    @Test(
        "Gzip is sent to those who accept it",
        arguments: [
            ("gzip", true), ("deflate, gzip;q=0.5", true), ("*", true), ("GZIP", true), ("gzip;q=0, *", false),
            ("br", false), ("", false), ("*;q=0", false), ("gzip ; q=0.0", false),
        ])
    func accepts(_ field: String, _ isAccepted: Bool) throws {
        var bytes = ByteBuffer(string: "GET /clients?meta=1 HTTP/1.1\r\nHost: p\r\nAccept-Encoding: \(field)\r\n\r\n")
        var parser = HeadParser(.request, maxBytes: 1000)
        let head = try #require(try RequestHead.parse(&bytes, with: &parser))
        let request = try ListingRequest(head)
        #expect(request.acceptsGzip == isAccepted && request.query.meta == true)
    }
}

extension String {
    /// What stands between each pair of these.
    fileprivate func components(_ begin: String, _ end: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let start = rest.firstRange(of: begin) {
            rest = rest[start.upperBound...]
            guard let stop = rest.firstRange(of: end) else { break }
            found.append(String(rest[..<stop.lowerBound]))
            rest = rest[stop.upperBound...]
        }
        return found
    }
}
