import Failures
import Store
import TestKit
import Testing
import Wire

@testable import Proxy

/// The access rules over real sockets: what is allowed works, and whoever tries more gets nothing and is told nothing.
@Suite("With an access file,") struct AccessFlowTests {
    @Test("who may scrape scrapes, who may register is handed it, and who may read reads")
    func allowed() async throws {
        try await AccessProxy.run { it in
            let poll = try await it.parked("a.eu", as: "fleet")
            let scraper = try await it.scrape("http://a.eu:9100/metrics")
            let answer = try await poll.response()
            #expect(answer.status == 200)
            #expect(try await it.push(try TestProxy.id(of: answer), "hello", as: "fleet").status == 200)
            #expect(try await scraper.response().body == "hello")
            #expect(try await it.it.get("/metrics").status == 200)
        }
    }

    @Test("/clients has those alone whom the reader may scrape")
    func filteredList() async throws {
        try await AccessProxy.run(
            """
            identities:
              all: {token_hash: "\(AccessProxy.token("all"))", scrape: ["*"], register: ["*"], read: true}
              some: {token_hash: "\(AccessProxy.token("some"))", scrape: ["*.us"], read: true}
              none: {token_hash: "\(AccessProxy.token("none"))", scrape: ["*"]}
            """
        ) { it in
            _ = try await it.parked("a.eu", as: "all")
            _ = try await it.parked("b.us", as: "all")
            func list(_ token: String) async throws -> RawResponse {
                try await it.it.ask("GET /clients HTTP/1.1\r\nHost: p\r\n\(AccessProxy.bearer(token))\r\n")
            }
            #expect(
                try await list("all").body
                    == "[{\"targets\":[\"a.eu\"],\"labels\":{}},{\"targets\":[\"b.us\"],\"labels\":{}}]\n")
            #expect(try await list("some").body == "[{\"targets\":[\"b.us\"],\"labels\":{}}]\n")
            #expect(try await list("none").status == 403)
            for path in ["/", "/clients", "/metrics"] {
                let refusal = try await it.it.get(path)
                #expect(refusal.status == 401)
                #expect(refusal["WWW-Authenticate"]?.hasPrefix("Basic realm=\"pushprox\"") == true)
            }
            #expect(try await it.it.get("/-/healthy").status == 200)
            #expect(try await it.it.get("/-/ready").status == 200)
        }
    }

    @Test(
        "nobody takes another's name by polling under it, however it is written",
        arguments: [
            "a.asia", "a.us", "A.US", "a.us.", "eu", "a.eu.us", "10.0.0.2", "10.0.0.1.", "fe80::2", "[fe80::1]",
            "a.eu..", "127.1", "0x7f.eu.0.1",
        ])
    func otherNames(_ name: String) async throws {
        try await AccessProxy.run { it in
            let owner = try await it.parked("a.us", as: "other")
            // Neither by a poll nor by superseding.
            #expect(try await it.poll(name, as: "fleet").status == 403)
            let scraper = try await it.scrape("http://a.us/", "Proxy-Authorization: Bearer scraper\r\n")
            #expect(try await owner.response().status == 200)
            await scraper.close()
        }
    }

    @Test("an address matches itself alone, in no other form")
    func addresses() async throws {
        try await AccessProxy.run { it in
            for name in ["10.0.0.2", "10.1", "10.0.0.01", "010.0.0.1", "fe80::01"] {
                #expect(try await it.poll(name, as: "address").status == 403)
            }
            let polls = [try await it.parked("10.0.0.1", as: "address"), try await it.parked("FE80::1", as: "address")]
            for poll in polls { await poll.close() }
        }
    }

    @Test(
        "a scrape reaches nobody beyond the grant, however its target is written",
        arguments: [
            "http://a.us/", "http://A.US:80/", "http://a.us./", "http://x.eu@a.us/", "http://a.us/?_scheme=https",
            "https://a.us/", "http://a.us#.eu", "http://a.us?.eu", "http://a.us:9100/x.eu", "http://[fe80::1]/",
            "http://10.0.0.1/",
        ])
    func beyondTheGrant(_ target: String) async throws {
        try await AccessProxy.run { it in
            let owner = try await it.parked("a.us", as: "other")
            let answer = try await it.scrape(target).response()
            #expect(answer.status == 403)
            #expect(answer.body == "the identity prometheus may not scrape this name\n")
            #expect(it.it.gauges.waitingPolls == 1 && it.it.gauges.queued == 0)
            // A `Host` that names somebody allowed changes nothing.
            let other = try await it.it.ask("GET \(target) HTTP/1.1\r\nHost: a.eu\r\n\(AccessProxy.right)\r\n")
            #expect(other.status == 403)
            await owner.close()
        }
    }

    @Test("CONNECT is a scrape of the host that it names")
    func connect() async throws {
        try await AccessProxy.run { it in
            _ = try await it.parked("a.eu", as: "fleet")
            let right = AccessProxy.right
            for (authority, fields, status) in [
                ("a.eu:443", "", 407), ("a.us:443", right, 403), ("a.eu:443", right, 501), (":443", right, 403),
            ] {
                let answer = try await it.it.ask("CONNECT \(authority) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
                #expect(answer.status == status)
            }
        }
    }

    @Test(
        "what is told is the same for all credentials that are no good, and for names that exist and those that do not")
    func equalTexts() async throws {
        try await AccessProxy.run { it in
            _ = try await it.parked("a.eu", as: "fleet")
            _ = try await it.parked("a.us", as: "other")
            var told: Set<String> = []
            for name in ["a.us", "b.us"] {
                let answer = try await it.scrape("http://\(name)/").response()
                told.insert("\(answer.status) \(answer.body)")
            }
            #expect(told == ["403 the identity prometheus may not scrape this name\n"])
            let nobody = [
                "", AccessProxy.wrong, AccessProxy.unknownUser, "Proxy-Authorization: Bearer x\r\n",
                "Proxy-Authorization: Basic ?\r\n", AccessProxy.right + AccessProxy.right,
                // That is the target's.
                "Authorization: Bearer scraper\r\n",
            ]
            told = []
            for fields in nobody {
                for name in ["a.eu", "b.eu", "a.us"] {
                    let answer = try await it.scrape("http://\(name)/", fields).response()
                    #expect(answer["Proxy-Authenticate"]?.hasPrefix("Basic realm=\"pushprox\"") == true)
                    told.insert("\(answer.status) \(answer.body)")
                }
            }
            #expect(told == ["407 a credential that this proxy knows is needed to scrape this name\n"])
            #expect(try await it.poll("a.eu", as: "nobody").status == 401)
            #expect(try await it.poll("a.eu", as: "scraper").status == 403)
        }
    }

    @Test("a push for a scrape that another identity was handed finds nobody who waits, and does no harm")
    func anothersScrape() async throws {
        try await AccessProxy.run { it in
            let poll = try await it.parked("a.eu", as: "fleet")
            let scraper = try await it.scrape("http://a.eu/")
            let id = try TestProxy.id(of: try await poll.response())
            let taken = try await it.push(id, "stolen", as: "other")
            let unknown = try await it.push(ScrapeID().description, "made up", as: "other")
            #expect(taken == unknown && taken.status == 404)
            #expect(try await it.push(id, "nobody", as: "x").status == 401)
            // A push that is broken, and says whose it is.
            let broken = "HTTP/1.1 200 OK\r\nId: \(id)\r\nBroken\r\n\r\n"
            _ = try await it.it.ask(
                "POST /push HTTP/1.1\r\nHost: p\r\n\(AccessProxy.bearer("other"))Content-Length: \(broken.utf8.count)\r\n\r\n\(broken)"
            )
            try await it.it.metric("pushprox_access_denied_total{action=\"register\"}", is: 3)
            #expect(try await it.push(id, "mine", as: "fleet").status == 200)
            #expect(try await scraper.response().body == "mine")
        }
    }

    @Test("wrong passwords are counted, and slow down their address alone; a right one that is known goes on")
    func wrongPasswords() async throws {
        try await AccessProxy.run { it in
            let poll = try await it.parked("a.eu", as: "fleet")
            let first = try await it.scrape("http://a.eu/")
            let id = try TestProxy.id(of: try await poll.response())
            _ = try await it.push(id, "1", as: "fleet")
            #expect(try await first.response().body == "1")
            for _ in 0..<9 {
                #expect(try await it.scrape("http://a.eu/", AccessProxy.wrong).response().status == 407)
            }
            // Which of the later ones are looked at depends on how fast they come.
            let wrong = try await it.it.metric("pushprox_web_password_checks_total{result=\"wrong\"}")
            let slowed = try await it.it.metric("pushprox_web_password_checks_total{result=\"slowed\"}")
            #expect(wrong >= 6 && wrong + slowed == 9)
            let again = try await it.parked("a.eu", as: "fleet")
            let second = try await it.scrape("http://a.eu/")
            #expect(try await again.response().status == 200)
            await second.close()
        }
    }
}
