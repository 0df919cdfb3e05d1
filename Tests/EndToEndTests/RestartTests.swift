import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("A proxy that is killed in the middle of traffic") struct RestartTests {
        @Test("lists its clients at once when it is back, and Prometheus loses no scrape but those under way")
        func killAndRestart() async throws {
            let folder = try TemporaryFolder()
            let database = folder.file("p.db")
            let asked = LineLog()
            let target = try await ScriptedTarget.start { head, connection in
                asked.note(String(head.prefix { $0 != "\r" }))
                // A scrape of this path stays under way.
                if head.hasPrefix("GET /held ") { return true }
                try await connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nup 1\n")
                return true
            }
            let proxy = try await LiveProxy.start(database: database, "--log.level=debug")
            let names = ["localhost", "127.0.0.1", "127.0.0.2"]
            var clients: [LiveClient] = []
            for name in names {
                clients.append(
                    try await LiveClient.start(proxy: proxy.port, fqdn: name, "--proxy.retry.initial-wait=50ms"))
                try await proxy.registered(name)
            }
            let prometheus = try await LivePrometheus.start(
                in: folder,
                jobs: """
                      - job_name: proxied
                        proxy_url: \(proxy.url)
                        static_configs:
                          - targets: ['localhost:\(target.port)', '127.0.0.1:\(target.port)']

                    """)
            // Registrations are on disk within a second, so they are after two scrapes of each.
            try await proxy.program.errors.lines(6, with: ["scrape done", "status=200"])
            let held = try await proxy.beginScrape(of: "localhost:\(target.port)", path: "/held")
            try await asked.line(with: "GET /held")

            let killed = Date().timeIntervalSince1970
            proxy.program.signal(SIGKILL)
            #expect(try await proxy.program.exited() == .signal(SIGKILL))
            // No response, or none that looks complete.
            #expect(await held.closed() != .hung(""))
            for client in clients { client.program.signal(SIGSTOP) }

            let again = try await LiveProxy.start(database: database, port: proxy.port, "--log.level=debug")
            let listed = try await again.get("/clients").body
            for name in names { #expect(listed.contains("{\"targets\":[\"\(name)\"],\"labels\":{}}"), "\(listed)") }
            #expect(try await again.get("/metrics").body.contains("\npushprox_proxy_clients 3\n"))

            for client in clients { client.program.signal(SIGCONT) }
            try await again.program.errors.lines(6, with: ["scrape done", "status=200"])
            let first = try #require(again.program.errors.lines.first { $0.contains("scrape done") })
            let back = try #require(
                ISO8601DateFormatter.withFractions.date(from: String(first.dropFirst(5).prefix { $0 != " " }))
            ).timeIntervalSince1970

            let up = try await prometheus.samples("up[1h]")
            #expect(up.count == 2)
            for (series, samples) in up {
                let lost = samples.filter { $0.value != 1 }
                // A sample has the time at which its scrape began: at most a second, its timeout, before it was lost.
                #expect(lost.allSatisfy { killed - 1 <= $0.time && $0.time <= back }, "\(series): \(lost)")
            }

            try await prometheus.program.stop()
            #expect(try await again.program.stop() == .code(0))
            for client in clients { #expect(try await client.program.stop() == .code(0)) }
            await target.stop()
            #expect(try Integrity.check(database) == "ok")
        }

        @Test("leaves a sound database at whatever moment it is killed")
        func soundDatabase() async throws {
            let folder = try TemporaryFolder()
            let database = folder.file("p.db")
            for round in 1...5 {
                let proxy = try await LiveProxy.start(database: database)
                // Polls come and go, and with them registrations, until the kill.
                let traffic = Task {
                    for number in 0..<100_000 {
                        let poll = try await proxy.connect()
                        let name = "r\(round)-\(number)"
                        try await poll.send(
                            "POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
                        if number.isMultiple(of: 2) { await poll.reset() }
                    }
                }
                // Of the first hundred, which are logged.
                try await proxy.registered("r\(round)-\(round * 18)")
                proxy.program.signal(SIGKILL)
                try await proxy.program.exited()
                _ = await traffic.result
                #expect(try Integrity.check(database) == "ok")
            }
        }
    }
}

extension ISO8601DateFormatter {
    /// The time format of the log.
    fileprivate static var withFractions: ISO8601DateFormatter {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return formatter
    }
}
