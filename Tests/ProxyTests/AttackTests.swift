import TestKit
import Testing
import Wire

@testable import Proxy

/// What somebody who has a little tries in order to get more, over real sockets. `a.us` is there and nobody's of these: whatever is
/// tried, it is handed nothing, and goes on being scraped by those who may.
@Suite("Whoever tries to get more than was granted") struct AttackTests {
    /// Runs `attack` while `a.us` polls, and sees that it was no use.
    private func fails(_ attack: (AccessProxy) async throws -> Void) async throws {
        try await AccessProxy.run { it in
            let owner = try await it.parked("a.us", as: "other")
            try await attack(it)
            #expect(it.it.gauges.waitingPolls == 1 && it.it.gauges.queued == 0)
            let scraper = try await it.scrape("http://a.us/metrics", "Proxy-Authorization: Bearer scraper\r\n")
            let answer = try await owner.response()
            #expect(answer.body.hasPrefix("GET http://a.us/metrics HTTP/1.1\r\n"), "\(answer.body)")
            #expect(try await it.push(try TestProxy.id(of: answer), "mine", as: "other").status == 200)
            #expect(try await scraper.response().body == "mine")
        }
    }

    private static let hosts = [
        // User information, and what may be taken for it.
        "http://x.eu:80@a.us/", "http://x.eu:@a.us:9100/metrics", "http://a.us@x.eu@a.us/", "http://@a.us/",
        "http://x.eu%40a.us/", "http://x.eu\\@a.us/",
        // Ports.
        "http://a.us:/", "http://a.us:0/", "http://a.us:65536/", "http://a.us:x.eu/", "http://a.us:80:80/",
        "http://a.us:-1/", "http://a.us:80.eu/",
        // Percent-encoding.
        "http://%61.us/", "http://a%2Eus/", "http://a.us%2F.eu/", "http://a.us%00.eu/", "http://a.us%23.eu/",
        // Brackets.
        "http://[a.us]/", "http://[a.us].eu/", "http://[::ffff:a.us]/", "http://[::1%25x.eu]/", "http://[::1/",
        "http://::1/", "http://[]/",
        // Dots, nothing, and what is no host.
        "http://a.us../", "http://./", "http://:80/", "http:///x.eu/", "http://", "http:a.us/",
        "http://a.us;.eu/", "http://a.us,x.eu/", "http://a.us\u{3002}eu/", "//a.us/x.eu", "HTTP://A.us/",
        "hTTps://a.us./?x=.eu", "a.us:80",
        // The scheme that the client is told.
        "http://a.us/?_scheme=https&x=.eu", "http://a.us/?_scheme=http://x.eu/",
    ]

    @Test("scrapes nobody beyond the grant, by whatever host") func hosts() async throws {
        try await fails { it in
            for target in Self.hosts {
                let answer = try await it.scrape(target).response()
                #expect([400, 403, 404].contains(answer.status), "\(target): \(answer)")
                #expect(it.it.gauges.waitingPolls == 1 && it.it.gauges.queued == 0, "\(target)")
            }
        }
    }

    private static let uncleanNames = [
        "a.us\n.eu", "a.us\r\n.eu", "a.us .eu", "a.us\t.eu", "a.us\0.eu", "a.us%2eeu", "a.us%00.eu", "a.us/.eu",
        "a.us#.eu", "a.us?.eu", "a.us@x.eu", "x.eu@a.us", "a.us:80.eu", "a.us,x.eu", "a.us\\.eu", "[a.us].eu",
        "a.us\u{3002}eu", "a.us\u{200B}.eu", "\u{FF41}.eu", "a.us;.eu", "*.eu", "@own", "", " ", ".", ".eu.us",
    ]

    @Test("is no client by a name that a grant fits only once somebody has cleaned it") func cleaned() async throws {
        try await fails { it in
            for name in Self.uncleanNames {
                let answer = try await it.poll(name, as: "fleet")
                #expect([400, 403].contains(answer.status), "\(name): \(answer)")
                #expect(it.it.gauges.liveClients == 1, "\(name)")
            }
        }
    }

    private static let otherSpellings = [
        "10.0.0.1.", "10.1", "10.0.1", "167772161", "0x0a000001", "0xa.0.0.1", "012.0.0.1", "10.0.0.01",
        "::ffff:10.0.0.1", "[::ffff:10.0.0.1]", "::10.0.0.1", "10.0.0.1%eth0",
    ]

    @Test("is nobody's machine by another spelling of its address") func addresses() async throws {
        try await AccessProxy.run { it in
            let owner = try await it.parked("10.0.0.1", as: "address")
            for name in Self.otherSpellings {
                // Of all that end in .eu or .us, and of no address.
                let answer = try await it.poll(name, as: "other")
                #expect([400, 403].contains(answer.status), "\(name): \(answer)")
                let scrape = try await it.scrape("http://\(name)/").response()
                #expect([400, 403].contains(scrape.status), "\(name): \(scrape)")
                #expect(it.it.gauges.waitingPolls == 1 && it.it.gauges.queued == 0, "\(name)")
            }
            await owner.close()
        }
    }

    @Test("answers no scrape: who may be no client at all is told so, who may be another one finds nobody who waits")
    func pushes() async throws {
        try await AccessProxy.run { it in
            let poll = try await it.parked("a.eu", as: "fleet")
            let scraper = try await it.scrape("http://a.eu/")
            let id = try TestProxy.id(of: try await poll.response())
            for (who, status) in [("scraper", 403), ("nobody", 401), ("other", 404), ("address", 404), ("fleet", 200)] {
                let answer = try await it.push(id, "of \(who)", as: who)
                #expect(answer.status == status, "\(who): \(answer)")
            }
            #expect(try await scraper.response().body == "of fleet")
        }
    }

    @Test("takes no name by superseding, whatever process it says it is")
    func superseding() async throws {
        try await fails { it in
            for instance in ["", "X-Pushprox-Instance: 00112233445566778899aabbccddeeff\r\n"] {
                let fields = AccessProxy.bearer("fleet") + instance
                let answer = try await it.it.ask(AccessProxy.pollRequest("a.us", fields))
                #expect(answer.status == 403)
            }
        }
    }

    @Test("gets no further by a redirect: it is passed on, nobody follows it, and following it is another scrape")
    func redirects() async throws {
        try await fails { it in
            let poll = try await it.parked("a.eu", as: "fleet")
            let scraper = try await it.scrape("http://a.eu/metrics")
            let id = try TestProxy.id(of: try await poll.response())
            let message =
                "HTTP/1.1 302 Found\r\nLocation: http://a.us/metrics\r\nContent-Length: 0\r\nId: \(id)\r\n\r\n"
            let push =
                "POST /push HTTP/1.1\r\nHost: p\r\n\(AccessProxy.bearer("fleet"))Content-Length: \(message.utf8.count)\r\n\r\n\(message)"
            #expect(try await it.it.ask(push).status == 200)
            let answer = try await scraper.response()
            #expect(answer.status == 302 && answer["Location"] == "http://a.us/metrics")
            try await scraper.send(AccessProxy.scrapeRequest("http://a.us/metrics", AccessProxy.right))
            #expect(try await scraper.response().status == 403)
        }
    }

    @Test("fills no log: so many lines of those who are known, as many of all others, and the rest is counted")
    func log() async throws {
        let lines = LogLines()
        try await AccessProxy.run(logger: lines) { it in
            let known = try await it.it.connect()
            let unknown = try await it.it.connect()
            for _ in 0..<130 {
                try await known.send(AccessProxy.scrapeRequest("http://a.us/", AccessProxy.right))
                #expect(try await known.response().status == 403)
                try await unknown.send(AccessProxy.scrapeRequest("http://a.us/", ""))
                #expect(try await unknown.response().status == 407)
            }
            #expect(lines.containing("access denied").count == 2 * FleetLog.linesPerWindow)
            #expect(lines.containing("identity=prometheus").count == FleetLog.linesPerWindow)
            for line in ["denied", "unknown"] {
                try await it.it.metric("pushprox_log_lines_suppressed_total{line=\"\(line)\"}", is: 30)
            }
            try await it.it.metric("pushprox_access_denied_total{action=\"scrape\"}", is: 260)
            for connection in [known, unknown] { await connection.close() }
        }
    }

    @Test("gets nothing on a connection that a better credential has used before")
    func keptAlive() async throws {
        try await fails { it in
            let connection = try await it.it.connect()
            for (fields, status) in [
                ("Proxy-Authorization: Bearer scraper\r\n", 400), (AccessProxy.right, 403), ("", 407),
                ("Proxy-Authorization: Bearer fleet\r\n", 403), ("Authorization: Bearer scraper\r\n", 407),
            ] {
                // Nobody can be called that: who may is told so, without a scrape.
                let target = status == 400 ? "http://a%20b/" : "http://a.us/"
                try await connection.send(AccessProxy.scrapeRequest(target, fields))
                #expect(try await connection.response().status == status)
            }
            await connection.close()
            let client = try await it.it.connect()
            for (fields, status) in [
                (AccessProxy.bearer("other"), 400), (AccessProxy.bearer("fleet"), 403), ("", 401),
                (AccessProxy.right, 401),
            ] {
                try await client.send(AccessProxy.pollRequest(status == 400 ? "a b" : "a.us", fields))
                #expect(try await client.response().status == status)
            }
            await client.close()
        }
    }
}
