import Clients
import NIOCore
import TestKit
import Testing
import Tunnel
import Wire

@testable import Proxy

@Suite("What clients declare, over sockets")
struct DeclarationFlowTests {
    private static let agent = "\"__meta_pushprox_state\":\"connected\",\"__meta_pushprox_agent\":\"\""

    private func poll(_ it: TestProxy, _ name: String, _ fields: String...) async throws -> RawConnection {
        let connection = try await it.connect()
        let lines = fields.map { "\($0)\r\n" }.joined()
        try await connection.send(
            "POST /poll HTTP/1.1\r\nHost: p\r\n\(lines)Content-Length: \(name.utf8.count)\r\n\r\n\(name)")
        return connection
    }

    @Test("A poll declares labels and targets of its name, and the next one others or none")
    func polls() async throws {
        try await TestProxy.run { it in
            let first = try await poll(
                it, "Web-1", "X-Pushprox-Label: site=b%20x", "X-Pushprox-Target: 9100",
                "x-pushprox-target: 9200/x job=j"
            )
            try await it.until { $0.waitingPolls == 1 }
            let body = try await it.get("/clients").body
            #expect(
                body.hasPrefix(
                    "[{\"targets\":[\"Web-1:9100\"],\"labels\":{\"site\":\"b x\",\"__metrics_path__\":\"/metrics\","
                        + "\"__meta_pushprox_fqdn\":\"Web-1\",\(Self.agent)}},{\"targets\":[\"Web-1:9200\"]"), "\(body)"
            )
            let second = try await poll(it, "Web-1")
            _ = try await first.response()
            #expect(try await it.get("/clients").body == "[{\"targets\":[\"Web-1\"],\"labels\":{}}]\n")
            for connection in [first, second] { await connection.close() }
        }
    }

    @Test(
        "A poll that declares what can't be is answered 400 with the reason, and registers nobody",
        arguments: [
            ("X-Pushprox-Label: __address__=x", "reserved"), ("X-Pushprox-Label: site", "no value"),
            ("X-Pushprox-Target: 0", "port"), ("X-Pushprox-Target: 9100/%2F", "path"),
            ("X-Pushprox-Label: a=1\r\nX-Pushprox-Label: a=2", "twice"),
            ((0...64).map { "X-Pushprox-Target: \($0 + 1)" }.joined(separator: "\r\n"), "more than 64 targets"),
            ((0...32).map { "X-Pushprox-Label: a\($0)=1" }.joined(separator: "\r\n"), "more than 32 labels"),
        ])
    func bad(_ fields: String, _ reason: String) async throws {
        try await TestProxy.run { it in
            let connection = try await poll(it, "a", fields)
            let response = try await connection.response()
            #expect(response.status == 400 && response.body.contains(reason), "\(response.body)")
            #expect(try await it.get("/clients").body == "[]\n")
            #expect(it.gauges.liveClients == 0)
            await connection.close()
        }
    }

    @Test("A tunnel declares for each of its names, and says it anew while it lives")
    func tunnels() async throws {
        try await TestProxy.run { it in
            let (a, b) = (try #require(FQDN("a")), try #require(FQDN("b")))
            let said = try Declaration(labelTexts: [], targetTexts: ["9100"])
            let client = try await TunnelClient.open(it, ["a", "b"], declaring: [a: said])
            #expect(try await client.welcome().refused.isEmpty)
            func targets() async throws -> [Substring] {
                try await it.get("/clients?meta=0").body.split(separator: "\"").enumerated()
                    .filter { $0.offset > 0 && $0.element.contains(/^[ab](:[0-9]+)?$/) }.map(\.element)
            }
            #expect(try await targets() == ["a:9100", "b"])
            client.end.hello(Hello(names: [a, b], streams: 100, instance: InstanceID(), declarations: [b: said]))
            try await client.write()
            #expect(try await client.welcome().refused.isEmpty)
            #expect(try await targets() == ["a", "b:9100"])
            await client.connection.close()
        }
    }

    @Test("/clients answers 304 and gzip over sockets, and HEAD")
    func sent() async throws {
        try await TestProxy.run { it in
            let connection = try await it.parkedPoll("a")
            func ask(_ method: String, _ fields: String) async throws -> RawResponse {
                try await it.ask("\(method) /clients HTTP/1.1\r\nHost: p\r\n\(fields)\r\n")
            }
            let tag = try #require(try await ask("GET", "")["ETag"])
            let same = try await ask("GET", "If-None-Match: \(tag)\r\n")
            #expect(same.status == 304 && same.body.isEmpty && same["ETag"] == tag && same["Content-Length"] == nil)
            #expect(same.head.hasPrefix("HTTP/1.1 304 Not Modified\r\n"))
            let head = try await ask("HEAD", "")
            #expect(head.status == 200 && head["ETag"] == tag)
            #expect(try await ask("HEAD", "Accept-Encoding: gzip\r\n")["Content-Encoding"] == "gzip")
            #expect(try await it.get("/clients?state=x").status == 400)
            await connection.close()
        }
    }
}
