import Failures
import NIOCore
import Store
import TestKit
import Testing
import Wire

@testable import Proxy

/// What happens to what runs when the access file changes, and what is left behind of what was denied.
@Suite("When the access file changes,") struct AccessChangeTests {
    private static let nobody = "anonymous: {read: true}"
    private static let noScraper = AccessProxy.identities.replacing("scrape: [\"*.eu\"]", with: "scrape: [\"b.eu\"]")

    private static var withoutFleet: String {
        let line = "  fleet: {token_hash: \"\(AccessProxy.token("fleet"))\", register: [\"*.eu\"]}"
        return AccessProxy.identities.replacing(line, with: line.replacing("*.eu", with: "b.eu"))
    }

    @Test("polls of clients that may not be who they are any more end, and they are not listed")
    func polls() async throws {
        try await AccessProxy.run { it in
            let gone = try await it.parked("a.eu", as: "fleet")
            let stays = try await it.parked("b.eu", as: "fleet")
            let other = try await it.parked("c.eu", as: "other")
            try it.change(Self.withoutFleet)
            #expect(try await gone.response().status == 403)
            #expect(it.it.gauges.waitingPolls == 2 && it.it.gauges.liveClients == 2)
            try await it.it.metric("pushprox_access_denied_total{action=\"register\"}", is: 1)
            // On the same connection.
            try await gone.send(AccessProxy.pollRequest("a.eu", AccessProxy.bearer("fleet")))
            #expect(try await gone.response().status == 403)
            for connection in [stays, other] { await connection.close() }
        }
    }

    @Test(
        "scrapes of who may not scrape any more fail, queued or under way, and the next on the same connection is denied"
    )
    func scrapers() async throws {
        try await AccessProxy.run { it in
            let queued = try await it.scrape("http://x.eu/")
            try await it.it.until { $0.queued == 1 }
            let poll = try await it.parked("a.eu", as: "fleet")
            let taken = try await it.scrape("http://a.eu/")
            let id = try TestProxy.id(of: try await poll.response())
            try it.change(Self.noScraper)
            for scraper in [queued, taken] {
                let answer = try await scraper.response()
                #expect(answer.status == 403 && answer.body.hasPrefix("the access rules do not allow it"))
                try await scraper.send(AccessProxy.scrapeRequest("http://a.eu/", AccessProxy.right))
                #expect(try await scraper.response().status == 403)
            }
            #expect(try await it.push(id, "late", as: "fleet").status == 404)
            try await it.it.metric("pushprox_scrape_failures_total{kind=\"access_denied\"}", is: 4)
        }
    }

    @Test("scrapes that a client was handed which may not be it any more fail, and it is not listed")
    func clients() async throws {
        try await AccessProxy.run { it in
            let poll = try await it.parked("a.eu", as: "fleet")
            let scraper = try await it.scrape("http://a.eu/")
            let id = try TestProxy.id(of: try await poll.response())
            try it.change(Self.withoutFleet)
            #expect(try await scraper.response().status == 403)
            #expect(it.it.gauges == BrokerGauges())
            #expect(try await it.push(id, "late", as: "fleet").status == 404)
        }
    }

    @Test("a CONNECT that is denied late, when all of it is there, is a connection that failed, and no scrape")
    func lateConnect() async throws {
        try await AccessProxy.run { it in
            let scraper = try await it.it.connect()
            try await scraper.send(
                "CONNECT a.eu:443 HTTP/1.1\r\nHost: a.eu:443\r\n\(AccessProxy.right)Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"
            )
            // It has been admitted.
            _ = try await scraper.text(upTo: "100 Continue\r\n\r\n")
            try it.change(Self.noScraper)
            try await scraper.send("x")
            #expect(try await scraper.response().status == 403)
            try await it.it.metric("pushprox_connection_failures_total{kind=\"access_denied\"}", is: 1)
            try await it.it.metric("pushprox_scrape_failures_total{kind=\"access_denied\"}", is: 0)
        }
    }

    @Test("a response that streams is cut off when its scraper loses the grant")
    func streaming() async throws {
        try await AccessProxy.run { it in
            let poll = try await it.parked("a.eu", as: "fleet")
            let scraper = try await it.scrape("http://a.eu/")
            let id = try TestProxy.id(of: try await poll.response())
            let push = try await it.it.connect()
            let begin = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nId: \(id)\r\n\r\nbegin"
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\n\(AccessProxy.bearer("fleet"))Content-Length: \(begin.utf8.count + 95)\r\n\r\n\(begin)"
            )
            _ = try await scraper.text(upTo: "begin")
            try it.change(Self.nobody)
            await #expect(throws: RawConnection.Ended.self) { try await scraper.response() }
            #expect(try await push.response().status == 500)
        }
    }

    @Test("a file that can't be used changes nothing; one that can is in force for connections that are there")
    func badFile() async throws {
        let lines = LogLines()
        try await AccessProxy.run(logger: lines) { it in
            let connection = try await it.it.connect()
            try it.change("identities: {x: {}}")
            #expect(lines.containing("configuration cannot be used").count == 1)
            try await it.it.metric("pushprox_config_last_reload_successful{config=\"access\"}", is: 0)
            try await connection.send(AccessProxy.scrapeRequest("http://a.us/", AccessProxy.right))
            #expect(try await connection.response().status == 403)
            try it.change(AccessProxy.identities.replacing("scrape: [\"*.eu\"]", with: "scrape: [\"*\"]"))
            let poll = try await it.parked("a.us", as: "other")
            try await connection.send(AccessProxy.scrapeRequest("http://a.us/", AccessProxy.right))
            #expect(try await poll.response().status == 200)
            await connection.close()
        }
    }

    @Test("A file that can't be used at start is one line")
    func badAtStart() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("identities: {x: {scrape: [\"*\"]}}", to: "access.yml")
        await #expect {
            try await TestProxy.run {
                $0.accessFile = path
            } body: { _ in
            }
        } throws: { error in
            let text = "\(error)"
            return text.hasPrefix("\(path):1: identities.x: nobody can be known as this")
                && text.hasSuffix("(--access.config.file)") && !text.contains("\n")
        }
    }

    @Test(
        "Denied scrapes and polls are in metrics, log and record, with who, from where and why; credentials are nowhere"
    )
    func left() async throws {
        let lines = LogLines()
        try await AccessProxy.run(logger: lines, storagePath: "p.db") { it in
            let owner = try await it.parked("a.us", as: "other")
            _ = try await it.scrape("http://user:hunter2@a.us:9100/metrics?key=hunter2").response()
            _ = try await it.scrape("http://a.us/", AccessProxy.wrong).response()
            _ = try await it.scrape("http://a.us/", "Proxy-Authorization: Bearer hunter2\r\n").response()
            _ = try await it.poll("a.us", as: "fleet")
            _ = try await it.poll("a.us", as: "hunter2")
            try await it.it.metric("pushprox_access_denied_total{action=\"scrape\"}", is: 3)
            try await it.it.metric("pushprox_access_denied_total{action=\"register\"}", is: 2)
            try await it.it.metric("pushprox_scrape_failures_total{kind=\"access_denied\"}", is: 3)
            let denied = lines.containing("access denied")
            #expect(denied.count == 5)
            #expect(
                denied.contains {
                    $0.contains("identity=prometheus") && $0.contains("fqdn=a.us") && $0.contains("address=127.0.0.1")
                        && $0.contains("action=scrape")
                })
            let path = it.folder.file("p.db")
            let rows = try await until(it.it, path) { reader in
                let rows = try reader.failures(FailureQuery()).rows
                return rows.count == 5 ? rows : nil
            }
            // Whose name nobody knows yet has none.
            #expect(rows.count { $0.fqdn.isEmpty } == 1)
            #expect(rows.allSatisfy { $0.kind == RecordedKind(.accessDenied) && ["a.us", ""].contains($0.fqdn) })
            #expect(rows.contains { $0.text.contains("the identity fleet is not granted it, from 127.0.0.1") })
            #expect(rows.contains { $0.target == "http://a.us:9100/metrics" })
            let secrets = ["hunter2", "cHJvbWV0aGV1c", "wrong\"", "Bearer", "right\""]
            for secret in secrets {
                #expect(!rows.contains { "\($0)".contains(secret) })
                #expect(lines.containing(secret).isEmpty)
            }
            // The client that is served has lost nothing.
            let scraper = try await it.scrape("http://a.us/", "Proxy-Authorization: Bearer scraper\r\n")
            #expect(try await owner.response().status == 200)
            await scraper.close()
        }
    }

    @Test("a scrape's own credential goes to the client as it is, the proxy's goes nowhere")
    func passedOn() async throws {
        let lines = LogLines()
        try await AccessProxy.run(logger: lines) { it in
            let poll = try await it.parked("a.eu", as: "fleet")
            let scraper = try await it.scrape(
                "http://user:hunter2@a.eu/", AccessProxy.right + "Authorization: Bearer of-the-target\r\n")
            let answer = try await poll.response()
            #expect(answer.body.contains("Authorization: Bearer of-the-target\r\n"))
            for secret in ["Proxy-Authorization", "cHJvbWV0aGV1czpyaWdodA", "hunter2"] {
                #expect(!answer.body.contains(secret) && !answer.head.contains(secret))
            }
            let id = try TestProxy.id(of: answer)
            _ = try await it.push(id, "x", as: "fleet")
            let response = try await scraper.response()
            for secret in ["fleet", "cHJvbWV0aGV1czpyaWdodA"] {
                #expect(!response.head.contains(secret) && lines.containing(secret).isEmpty)
            }
        }
    }
}
