import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("A tunnel that breaks") struct BrokenTunnelTests {
        enum Way: String, CaseIterable, CustomStringConvertible {
            case silent = "falls silent, and no FIN comes"
            case reset = "is reset"
            case killed = "loses its client, and another one comes"

            var description: String { rawValue }
        }

        /// Answers most requests at once, and notes them all. The first `/held` and `/post` are never answered, a second one is; of `/half` there are
        /// as many bytes as a client passes on before the end is there, and no more.
        private static func target(_ asked: LineLog) async throws -> ScriptedTarget {
            try await ScriptedTarget.start { head, connection in
                let line = String(head.prefix { $0 != "\r" })
                let path = line.split(separator: " ")[1]
                let isFirst = !asked.lines.contains { $0.contains(path) }
                asked.note(line)
                if isFirst, path == "/held" || path == "/post" { return true }
                let body = "up 1\n"
                if path == "/half" {
                    try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                    try await connection.send(String(repeating: "half 1\n", count: 20_000))
                } else {
                    try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                }
                return true
            }
        }

        private static func count(_ name: String, of proxy: LiveProxy) async throws -> Double {
            try await Question.metric(port: proxy.port, name)
        }

        @Test(
            "is noticed: a scrape without a byte of an answer goes out again, others fail with their kind, and the next find a tunnel",
            arguments: Way.allCases)
        func breaks(_ way: Way) async throws {
            let asked = LineLog()
            let target = try await Self.target(asked)
            let name = "localhost:\(target.port)"
            let proxy = try await LiveProxy.start("--tunnel.ping-interval=1s", "--log.level=debug")
            let relay = try await Relay.start(to: proxy.port)
            let flags = ["--scrape.allow-methods=GET,POST", "--proxy.retry.initial-wait=50ms"]
            let client = try await LiveClient.start(url: "http://127.0.0.1:\(relay.port)/", flags)
            try await client.program.errors.line(with: "the tunnel to the proxy is up")

            let held = try await proxy.beginScrape(of: name, path: "/held")
            let post = try await proxy.beginScrape(of: name, method: "POST", path: "/post")
            let half = try await proxy.beginScrape(of: name, path: "/half")
            let connection = try await proxy.connect()
            try await connection.send("CONNECT \(name) HTTP/1.1\r\nHost: \(name)\r\n\r\n")
            _ = try await connection.text(upTo: "\r\n\r\n")
            try await connection.send("GET /inside HTTP/1.1\r\nHost: \(name)\r\n\r\n")
            #expect(try await connection.response().body == "up 1\n")
            for path in ["/held", "/post", "/half"] { try await asked.line(with: path) }
            _ = try await half.text(upTo: "half 1\n")

            var next = client
            switch way {
            case .silent: relay.goBlack()
            case .reset: await relay.cut()
            case .killed:
                client.program.signal(SIGKILL)
                next = try await LiveClient.start(url: "http://127.0.0.1:\(relay.port)/", flags)
            }

            let answered = try await held.response()
            #expect(answered.status == 200 && answered.body == "up 1\n", "\(answered)")
            let failed = try await post.response()
            #expect(failed.status == 502, "\(failed)")
            #expect(failed.body.contains("the client's push broke off"), "\(failed)")
            guard case .reset = await half.closed() else {
                Issue.record("a response that is cut short looks whole")
                return
            }
            #expect(await connection.closed() != .hung(""))
            #expect(try await proxy.scrape(name, path: "/after").body == "up 1\n")

            #expect(asked.lines.count { $0.hasPrefix("GET /held ") } == 2)
            for line in ["POST /post ", "GET /half "] { #expect(asked.lines.count { $0.hasPrefix(line) } == 1) }
            #expect(try await Self.count("pushprox_scrapes_redelivered_total", of: proxy) == 1)
            #expect(try await Self.count("pushprox_scrape_failures_total{kind=\"push_broken\"}", of: proxy) == 2)
            #expect(try await Self.count("pushprox_connection_failures_total{kind=\"push_broken\"}", of: proxy) == 1)
            #expect(try await Self.count("pushprox_scrapes_total", of: proxy) == 4)
            #expect(try await Self.count("pushprox_transport_scrapes_total{transport=\"poll\"}", of: proxy) == 0)
            #expect(try await Self.count("pushprox_proxy_streams", of: proxy) == 0)
            if way != .killed {
                let lines = client.program.errors.lines.filter { $0.contains("tunnel") }
                #expect(lines.count == 3, "\(lines)")
                #expect(lines.last?.contains("the tunnel to the proxy is up again") == true)
                #expect(lines.dropLast().last?.contains("there is no tunnel to the proxy; trying on") == true)
            }
            #expect(try await next.program.stop() == .code(0))
            #expect(try await proxy.program.stop() == .code(0))
            await relay.stop()
            await target.stop()
        }

        @Test("with its link, keeps scrapes waiting; they are answered when the link is back")
        func comesBack() async throws {
            let target = try await Self.target(LineLog())
            let proxy = try await LiveProxy.start("--tunnel.ping-interval=1s")
            let relay = try await Relay.start(to: proxy.port)
            let client = try await LiveClient.start(proxy: relay.port, "--proxy.retry.max-wait=200ms")
            try await client.program.errors.line(with: "the tunnel to the proxy is up")
            await relay.stop()
            relay.goBlack()
            let scraper = try await proxy.beginScrape(of: "localhost:\(target.port)")
            try await client.program.errors.line(with: "there is no tunnel to the proxy; trying on")
            try await eventually("the scrape in the queue again") {
                try await Self.count("pushprox_scrapes_queued", of: proxy) == 1 ? true : nil
            }
            let back = try await Relay.start(to: proxy.port, port: relay.port)
            #expect(try await scraper.response().body == "up 1\n")
            #expect(try await Self.count("pushprox_transport_scrapes_total{transport=\"tunnel\"}", of: proxy) == 1)
            #expect(client.program.errors.lines.count { $0.contains("level=WARN") } == 1)
            #expect(try await client.program.stop() == .code(0))
            #expect(try await proxy.program.stop() == .code(0))
            await back.stop()
            await target.stop()
        }

        @Test("with a client that stops, takes what the client did not begin to the next one")
        func leaving() async throws {
            let asked = LineLog()
            let released = LineLog()
            let target = try await ScriptedTarget.start { head, connection in
                asked.note(String(head.prefix { $0 != "\r" }))
                if head.hasPrefix("GET /held ") { try await released.line(with: "go") }
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
                return true
            }
            let name = "localhost:\(target.port)"
            let proxy = try await LiveProxy.start()
            let client = try await LiveClient.start(proxy: proxy.port, "--shutdown.grace=1h")
            let held = try await proxy.beginScrape(of: name, path: "/held")
            try await asked.line(with: "/held")
            client.program.signal(SIGTERM)
            try await client.program.errors.line(with: "shutting down")
            // The proxy does not know yet that the client begins no more.
            let late = try await proxy.beginScrape(of: name, path: "/late")
            try await eventually("both scrapes in the tunnel") {
                try await Self.count("pushprox_proxy_streams", of: proxy) == 2 ? true : nil
            }
            let next = try await LiveClient.start(proxy: proxy.port)
            try await next.program.errors.line(with: "the tunnel to the proxy is up")
            #expect(!asked.lines.contains { $0.contains("/late") })
            released.note("go")
            for scraper in [held, late] { #expect(try await scraper.response().body == "up 1\n") }
            #expect(try await client.program.exited() == .code(0))
            #expect(try await Self.count("pushprox_scrapes_redelivered_total", of: proxy) == 1)
            #expect(try await next.program.stop() == .code(0))
            #expect(try await proxy.program.stop() == .code(0))
            await target.stop()
        }
    }
}
