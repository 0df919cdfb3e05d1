import NIOCore
import Testing

@testable import Wire

@Suite struct FQDNTests {
    @Test(
        "Host names and IP literals are FQDNs",
        arguments: [
            "edge1", "Edge1.Example.COM", "a_b-c.d", "10.0.0.1", "::1", "[fe80::1]", String(repeating: "a", count: 253),
        ])
    func usable(text: String) {
        #expect(FQDN(text) != nil)
    }

    @Test(
        "What no client could be called is none",
        arguments: [
            "", " ", "a b", "a\tb", "a\u{0}b", "a/b", "a:80", "ä", "a\"b", "<script>", "...", "-", "[a]", "%41",
            "::1\u{0}x", "[::1\u{0}]", "::1%eth0",
            String(repeating: "a", count: 254),
        ])
    func unusable(text: String) {
        #expect(FQDN(text) == nil)
    }

    @Test("Names that differ in case are one, and keep their spelling")
    func sameName() {
        #expect(FQDN("Edge1") == FQDN("eDGE1"))
        #expect(FQDN("Edge1")?.spelling == "Edge1")
        #expect(FQDN("Edge1")?.key == "edge1")
        #expect(FQDN("[::1]")?.urlHost == "[::1]")
    }

    @Test("Names that differ in the root's dot are one, and keep their spelling")
    func rootDot() {
        #expect(FQDN("Edge1.example.") == FQDN("edge1.example"))
        #expect(FQDN("Edge1.example.")?.spelling == "Edge1.example.")
        #expect(FQDN("Edge1.example.")?.key == "edge1.example")
        #expect(FQDN("edge1..") != FQDN("edge1"))
    }
}

@Suite struct ScrapeIDTests {
    @Test("An id is a version 4 UUID that reads back")
    func roundTrip() {
        let id = ScrapeID()
        let text = id.description
        #expect(text.utf8.count == 36)
        #expect(ScrapeID(text) == id)
        #expect(ScrapeID(text.uppercased()) == id)
        #expect(Array(text)[14] == "4")
        #expect("89ab".contains(Array(text)[19]))
        #expect(ScrapeID() != id)
    }

    @Test(
        "Other text is no id",
        arguments: [
            "", "x", "5f0c3c5e-0000-4000-8000-00000000000g",
            "5f0c3c5e-0000-4000-80000-0000000000000", "5f0c3c5e-0000-4000-8000-0000000000\u{e9}",
            "5f0c3c5e00004000800000000000000011111",
        ])
    func other(text: String) {
        #expect(ScrapeID(text) == nil)
    }

    @Test("No id comes twice, whichever threads ask")
    func unique() async {
        let ids = await withTaskGroup(of: [ScrapeID].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2_000).map { _ in ScrapeID() } } }
            return await group.reduce(into: Set<ScrapeID>()) { $0.formUnion($1) }
        }
        #expect(ids.count == 16_000)
        #expect(Set(ids.map(\.high)).count == 16_000)
    }

    @Test("An instance id is 32 digits that read back")
    func instance() {
        let id = InstanceID()
        #expect(InstanceID(id.description) == id)
        #expect(id.description.utf8.count == 32)
        #expect(InstanceID("+" + String(repeating: "0", count: 31)) == nil)
        #expect(InstanceID("0") == nil)
        #expect(InstanceID(String(repeating: "g", count: 32)) == nil)
    }
}

@Suite struct ScrapeTimeoutTests {
    @Test("A timeout is a number of seconds above zero")
    func usable() {
        #expect(ScrapeTimeout.parse("10") == .seconds(10))
        #expect(ScrapeTimeout.parse("0.25") == .milliseconds(250))
        #expect(ScrapeTimeout.parse("1e300") == .hours(365 * 24))
    }

    @Test("Anything else counts as absent", arguments: [nil, "", "abc", "0", "-1", "NaN", "inf", "-inf", "1s", "1 0"])
    func unusable(text: String?) {
        #expect(ScrapeTimeout.parse(text) == nil)
        #expect(ScrapeTimeout.effective(text, fallback: .seconds(5), maximum: .seconds(9)) == .seconds(5))
    }

    @Test("A timeout is clamped to the maximum")
    func clamped() {
        #expect(ScrapeTimeout.effective("100", fallback: .seconds(5), maximum: .seconds(9)) == .seconds(9))
        #expect(ScrapeTimeout.effective("abc", fallback: .seconds(50), maximum: .seconds(9)) == .seconds(9))
    }

    @Test("Numbers at the ends of what can be said are timeouts like others", arguments: ["5e-324", "1e-12", "1e308"])
    func extremes(text: String) throws {
        let longest = TimeAmount.nanoseconds(.max)
        let timeout = try #require(ScrapeTimeout.parse(text))
        #expect((.nanoseconds(1) ... .hours(365 * 24)).contains(timeout))
        #expect(ScrapeTimeout.effective(text, fallback: longest, maximum: longest) == timeout)
        #expect(ScrapeTimeout.effective(nil, fallback: longest, maximum: longest) == longest)
    }

    @Test("A timeout is written with no more digits than it needs")
    func text() {
        #expect(ScrapeTimeout.text(.seconds(10)) == "10")
        #expect(ScrapeTimeout.text(.milliseconds(250)) == "0.25")
    }
}

@Suite struct ScrapeRequestTests {
    private func request(_ text: String) throws -> ScrapeRequest {
        var parser = HeadParser(.request, maxBytes: 65_536)
        var buffer = ByteBuffer(string: text)
        let head = try #require(try RequestHead.parse(&buffer, with: &parser))
        return try ScrapeRequest(
            head, id: ScrapeID(high: 1, low: 2), fallback: .seconds(15), maximum: .minutes(5))
    }

    @Test(
        "A target is shown without user information, query and control characters",
        arguments: [
            ("http://u:p@a:9100/m?x=y", "http://a:9100/m"), ("http://u:p%40@x@a/m#f", "http://a/m"),
            ("http://u:p@[fe80::1]:80", "http://[fe80::1]:80"), ("HTTP://@a/\u{9B}1m\u{202E}", "http://a/ 1m "),
        ])
    func shown(target: String, text: String) throws {
        #expect(try request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").targetWithoutQuery == text)
    }

    private func written(_ text: String, spelling: String, waited: TimeAmount = .zero) throws -> String {
        var buffer = ByteBuffer()
        try request(text).write(into: &buffer, spelling: try #require(FQDN(spelling)), waited: waited)
        return String(buffer: buffer)
    }

    @Test("A scrape goes to the client in proxy form, with an id and a timeout, without what concerns one hop")
    func proxyForm() throws {
        let text = try written(
            "GET http://user:p@ss@Edge1:9100/metrics?x=y#frag HTTP/1.1\r\nHost: other\r\nUser-Agent: Prometheus/2.42.0\r\n"
                + "Accept-Encoding: gzip\r\nId: forged\r\nProxy-Connection: keep-alive\r\nConnection: X-A\r\nX-A: b\r\n"
                + "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n", spelling: "edge1")
        #expect(
            text
                == "GET http://edge1:9100/metrics?x=y HTTP/1.1\r\nHost: edge1:9100\r\nUser-Agent: Prometheus/2.42.0\r\n"
                + "Accept-Encoding: gzip\r\nId: 00000000-0000-4001-8000-000000000002\r\n"
                + "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n")
    }

    @Test("A scrape without a usable timeout gets the proxy's")
    func timeout() throws {
        #expect(
            try written(
                "GET http://a/ HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: -1\r\n\r\n", spelling: "a"
            )
            .contains("X-Prometheus-Scrape-Timeout-Seconds: 15\r\n"))
    }

    @Test(
        "The client is told the time that is left of a scrape, not all of it",
        arguments: [
            (TimeAmount.nanoseconds(1), "10"), (.microseconds(400), "10"), (.milliseconds(1), "9.999"),
            (.milliseconds(7_500), "2.5"), (.seconds(9), "1"), (.milliseconds(9_999), "0.001"), (.seconds(10), "0.001"),
            (.nanoseconds(.max), "0.001"), (.seconds(-3), "10"),
        ])
    func timeLeft(waited: TimeAmount, seconds: String) throws {
        #expect(
            try written(
                "GET http://a/ HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n", spelling: "a",
                waited: waited
            )
            .contains("X-Prometheus-Scrape-Timeout-Seconds: \(seconds)\r\n"))
    }

    @Test("Targets are taken apart as URLs are")
    func targets() {
        #expect(AbsoluteTarget("http://[::1]:9100/m?q")?.authority.host == "::1")
        #expect(AbsoluteTarget("http://[::1]:9100/m?q")?.authority.description == "[::1]:9100")
        #expect(AbsoluteTarget("HTTP://a")?.pathAndQuery == "/")
        #expect(AbsoluteTarget("http://a?x")?.pathAndQuery == "/?x")
        #expect(AbsoluteTarget("http://a/b?x#f")?.path == "/b")
        #expect(AbsoluteTarget("http:///x")?.authority.host == "")
        for bad in ["", "a", "://a", "http//a", "http://a:b", "http://[::1", "http://a:123456", "http://a:+80"] {
            #expect(AbsoluteTarget(bad) == nil)
        }
    }

    @Test("A scrape of a host that no client could be called is refused")
    func unusableHost() {
        #expect(throws: ScrapeRequest.Refusal.unusableHost) {
            try request("GET http://a%20b/ HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        #expect(throws: ScrapeRequest.Refusal.unusableHost) { try request("GET http:///m HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(throws: ScrapeRequest.Refusal.notAbsolute) { try request("GET edge1:80 HTTP/1.1\r\nHost: a\r\n\r\n") }
    }
}
