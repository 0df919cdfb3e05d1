import Store
import TestKit
import Testing
import Tunnel
import Wire

@testable import Proxy

/// What a tunnel may be under an access file, over real sockets: the same as polls and pushes, and no more.
@Suite("With an access file, a tunnel") struct TunnelAccessTests {
    private static let fleet = AccessProxy.bearer("fleet")
    private static let scraper = "Proxy-Authorization: Bearer scraper\r\n"

    private static func answer(_ text: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }

    /// How the tunnel is closed in the end.
    private func closing(_ client: TunnelClient) async throws -> WebSocketCloseCode? {
        while true {
            guard case .closed(let how) = try await client.next() else { continue }
            return if case .closed(let close) = how { close.code } else { nil }
        }
    }

    @Test("is opened for nobody who may be no client, whatever they show") func strangers() async throws {
        try await AccessProxy.run { it in
            for (fields, status) in [
                ("", 401), (AccessProxy.bearer("wrong"), 401), (AccessProxy.right, 401),
                ("Authorization: Basic cHJvbWV0aGV1czpyaWdodA==\r\n", 403), (AccessProxy.bearer("scraper"), 403),
            ] {
                let connection = try await it.it.connect()
                try await connection.send(TunnelClient.request(fields))
                let answer = try await connection.response()
                #expect(answer.status == status, "\(fields): \(answer)")
                await connection.close()
            }
            #expect(it.it.gauges == BrokerGauges())
            try await it.it.metric("pushprox_access_denied_total{action=\"register\"}", is: 5)
        }
    }

    @Test("serves the names that were granted, and is told of the others; these stay whose they are")
    func someNames() async throws {
        try await AccessProxy.run { it in
            let owner = try await it.parked("a.us", as: "other")
            let client = try await TunnelClient.open(it.it, ["a.eu", "a.us", "b.eu"], Self.fleet)
            let welcome = try await client.welcome()
            #expect(welcome.refused.map { "\($0.name) \($0.reason)" } == ["a.us access_denied"])
            try await it.it.until { $0.tunnels == 1 && $0.liveClients == 3 }
            let scraper = try await it.scrape("http://b.eu:9100/metrics")
            try await client.answer(try await client.opened().stream, Self.answer("mine"))
            #expect(try await scraper.response().body == "mine")
            let other = try await it.scrape("http://a.us/", Self.scraper)
            #expect(try await owner.response().status == 200)
            await other.close()
            // Nor by naming it later.
            let late = try await it.parked("a.us", as: "other")
            client.end.hello(Hello(names: [try #require(FQDN("A.US."))], streams: 1))
            try await client.write()
            #expect(try await client.welcome().refused.map(\.reason) == ["access_denied"])
            #expect(try await closing(client) == .denied)
            #expect(it.it.gauges.waitingPolls == 1)
            await late.close()
        }
    }

    @Test(
        "takes no other's name, however it is written, neither a poll's nor a tunnel's",
        arguments: [
            "a.us", "A.US", "a.us.", "a.eu.us", "eu", "10.0.0.1", "fe80::1", "[fe80::1]", "a.eu..", "127.1",
            "::ffff:10.0.0.1",
        ])
    func otherNames(_ name: String) async throws {
        try await AccessProxy.run { it in
            let poll = try await it.parked("a.us", as: "other")
            let tunnel = try await TunnelClient.open(it.it, ["a.eu.us"], AccessProxy.bearer("other"))
            _ = try await tunnel.welcome()
            let thief = try await TunnelClient.open(it.it, [name], Self.fleet)
            #expect(try await thief.welcome().refused.count == 1)
            #expect(try await closing(thief) == .denied)
            for (target, reply) in [("a.us", "poll"), ("a.eu.us", "tunnel")] {
                let scraper = try await it.scrape("http://\(target)/", Self.scraper)
                if target == "a.us" {
                    let id = try TestProxy.id(of: try await poll.response())
                    #expect(try await it.push(id, reply, as: "other").status == 200)
                } else {
                    try await tunnel.answer(try await tunnel.opened().stream, Self.answer(reply))
                }
                #expect(try await scraper.response().body == reply)
            }
        }
    }

    @Test("is denied in metrics, log and record, with who, whom, from where and why") func left() async throws {
        let lines = LogLines()
        try await AccessProxy.run(logger: lines, storagePath: "p.db") { it in
            let client = try await TunnelClient.open(it.it, ["a.us"], Self.fleet)
            _ = try await client.welcome()
            #expect(try await closing(client) == .denied)
            try await it.it.metric("pushprox_access_denied_total{action=\"register\"}", is: 1)
            try await it.it.metric("pushprox_tunnels_refused_total{reason=\"names\"}", is: 1)
            let words = ["action=register", "identity=fleet", "fqdn=a.us", "address=127.0.0.1"]
            #expect(lines.containing("access denied").count { line in words.allSatisfy { line.contains($0) } } == 1)
            let rows = try await until(it.it, it.folder.file("p.db")) { reader in
                let rows = try reader.failures(FailureQuery()).rows
                return rows.isEmpty ? nil : rows
            }
            #expect(rows.map(\.fqdn) == ["a.us"] && rows[0].kind == RecordedKind(.accessDenied))
            #expect(rows[0].text.contains("the identity fleet is not granted it, from 127.0.0.1"))
            #expect(lines.containing("Bearer").isEmpty && !"\(rows)".contains("Bearer"))
        }
    }

    @Test("ends when the rules do not allow it any more, with what is under way; what stays allowed goes on")
    func change() async throws {
        try await AccessProxy.run { it in
            let client = try await TunnelClient.open(it.it, ["a.eu", "b.eu"], Self.fleet)
            _ = try await client.welcome()
            let gone = try await it.scrape("http://a.eu/")
            _ = try await client.opened()
            let stays = try await it.scrape("http://b.eu/")
            let stream = try await client.opened().stream
            let line = "  fleet: {token_hash: \"\(AccessProxy.token("fleet"))\", register: [\"*.eu\"]}"
            let some = AccessProxy.identities.replacing(line, with: line.replacing("*.eu", with: "b.eu"))
            try it.change(some)
            #expect(try await gone.response().status == 403)
            guard case .reset = try await client.next() else {
                Issue.record("the client was not told")
                return
            }
            try await client.answer(stream, Self.answer("mine"))
            #expect(try await stays.response().body == "mine")
            try await it.it.until { $0.tunnels == 1 && $0.liveClients == 1 }

            let last = try await it.scrape("http://b.eu/")
            _ = try await client.opened()
            try it.change(some.replacing(line.replacing("*.eu", with: "b.eu"), with: ""))
            #expect(try await last.response().status == 403)
            #expect(try await closing(client) == .denied)
            #expect(it.it.gauges.tunnels == 0 && it.it.gauges.liveClients == 0)
        }
    }

    @Test("is reached by CONNECT only by who may scrape the name, and cut when that ends") func connect() async throws {
        try await AccessProxy.run { it in
            let client = try await TunnelClient.open(it.it, ["a.eu", "a.us"], AccessProxy.bearer("other"))
            _ = try await client.welcome()
            for (fields, status) in [("", 407), (AccessProxy.right, 403), (Self.scraper, 200)] {
                let scraper = try await it.it.connect()
                try await scraper.send("CONNECT a.us:443 HTTP/1.1\r\nHost: a.eu:443\r\n\(fields)\r\n")
                if status != 200 {
                    #expect(try await scraper.response().status == status)
                    await scraper.close()
                    continue
                }
                let opened = try await client.opened()
                #expect(opened.request == "CONNECT a.us:443 HTTP/1.1\r\n\r\n")
                client.end.connected(opened.stream)
                try await client.write()
                _ = try await scraper.text(upTo: "\r\n\r\n")
                try it.change(AccessProxy.identities.replacing("scrape: [\"*.us\"]", with: "scrape: [\"b.us\"]"))
                await #expect(throws: RawConnection.Ended.self) { _ = try await scraper.text(upTo: "never") }
                guard case .reset(opened.stream) = try await client.next() else {
                    Issue.record("the client was not told")
                    return
                }
            }
            try await it.it.until { $0.connections == 0 && $0.streams == 0 && $0.tunnels == 1 }
        }
    }
}
