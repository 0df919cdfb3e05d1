import TestKit
import Testing

extension EndToEnd {
    @Suite("Ours and upstream's programs together") struct MixTests {
        static let head =
            "HTTP/1.1 200 Quite OK\r\nx-oDD-cAsE: one\r\nContent-Type: text/plain; version=0.0.4\r\nSet-Cookie: b=2; Path=/\r\n"
            + "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\nSet-Cookie: a=1\r\nX-Empty:\r\nX-Spaced:   two  words  \r\n"
        static let body = "# HELP up …\nup{a=\"é\"} 1\n\n"
        static let framed = head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
        static let chunked =
            head + "Transfer-Encoding: chunked\r\n\r\n3\r\n# H\r\n\(String(body.utf8.count - 3, radix: 16));x=y\r\n"
            + body.dropFirst(3) + "\r\n0\r\n\r\n"

        @Test("relay a target's response byte for byte", arguments: Pair.available)
        func relay(_ pair: Pair) async throws {
            let target = try await ScriptedTarget.start { head, connection in
                try await connection.send(head.hasPrefix("GET /chunked ") ? Self.chunked : Self.framed)
                return true
            }
            try await pair.run { port in
                let proxy = Self.through(port)
                let framed = try await proxy("localhost:\(target.port)", "/metrics")
                let chunked = try await proxy("localhost:\(target.port)", "/chunked")
                if pair.proxy == .ours && pair.client == .ours {
                    // Every byte: names in their case, fields in their order, values as they are.
                    #expect(framed.head + "\r\n\r\n" + framed.body == Self.framed)
                }
                var reference = Answer(RawResponse(status: 200, head: Self.head, body: Self.body))
                if pair.proxy == .upstreams {
                    // Go's server writes its own reason phrase.
                    reference.statusLine = "HTTP/1.1 200 OK"
                }
                // A field's value has no blanks around it (RFC 9112, section 5.1).
                func trimmed(_ answer: Answer) -> Answer {
                    var answer = answer
                    answer.fields = answer.fields.map { field in
                        let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                        return parts[0] + ":" + parts[1].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
                    }
                    return answer
                }
                #expect(trimmed(Answer(framed)) == trimmed(reference))
                #expect(trimmed(Answer(chunked)) == trimmed(reference))
            }
            await target.stop()
        }

        @Test("relay what a target refuses, and a response without a body", arguments: Pair.available)
        func otherStatuses(_ pair: Pair) async throws {
            let target = try await ScriptedTarget.start { head, connection in
                try await connection.send(
                    head.hasPrefix("GET /none ")
                        ? "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"
                        : "HTTP/1.1 302 Found\r\nLocation: http://localhost:1/elsewhere\r\nContent-Length: 0\r\n\r\n")
                return true
            }
            try await pair.run { port in
                let none = try await Self.through(port)("localhost:\(target.port)", "/none")
                #expect(none.status == 204)
                #expect(none["X-A"] == "b")
                // Upstream's client follows a redirect itself, to a port where nobody is; ours leaves it to Prometheus.
                let moved = try await Self.through(port)("localhost:\(target.port)", "/moved")
                if pair.client == .ours {
                    #expect(moved.status == 302)
                    #expect(moved["Location"] == "http://localhost:1/elsewhere")
                } else {
                    #expect(moved.status >= 500)
                }
            }
            await target.stop()
        }

        @Test("tell the scraper why a scrape failed", arguments: Pair.available)
        func failures(_ pair: Pair) async throws {
            let refusing = try RefusingPort()
            let closed = refusing.port
            try await pair.run { port in
                let refused = try await Self.through(port)("localhost:\(closed)", "/metrics")
                // Upstream's proxy passes the client's own answer on; ours says 502 whichever client it was.
                #expect(pair.proxy == .ours ? refused.status == 502 : (500...504).contains(refused.status))
                #expect(refused.body.lowercased().contains("connect"), "\(refused)")
                #expect(refused.body.contains("localhost:\(closed)"))
                #expect(refused["X-Pushprox-Failure"] == nil || pair.proxy == .upstreams)
            }
            withExtendedLifetime(refusing) {}
        }

        private static func through(_ port: Int) -> (_ target: String, _ path: String) async throws -> RawResponse {
            { target, path in
                try await Question.ask(
                    port: port,
                    "GET http://\(target)\(path) HTTP/1.1\r\nHost: \(target)\r\nAccept: text/plain\r\n"
                        + "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n")
            }
        }
    }
}
