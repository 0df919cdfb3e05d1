import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("The real Prometheus") struct PrometheusTests {
        /// How many times the proxied job is scraped, once a second; more on demand.
        static let scrapes =
            ProcessInfo.processInfo.environment["PUSHPROX_E2E_SCRAPES"].flatMap { Int($0) } ?? 20

        @Test("scrapes node_exporter through proxy and client without a gap, and gets what a direct scrape gets")
        func proxiedEqualsDirect() async throws {
            let folder = try TemporaryFolder()
            let exporter = try await LiveExporter.start()
            let proxy = try await LiveProxy.start(database: folder.file("p.db"), "--log.level=debug")
            let client = try await LiveClient.start(proxy: proxy.port)
            try await proxy.registered("localhost")
            let target = "      - targets: ['localhost:\(exporter.port)']\n"
            let prometheus = try await LivePrometheus.start(
                in: folder,
                jobs: """
                      - job_name: direct
                        static_configs:
                    \(target)  - job_name: proxied
                        proxy_url: \(proxy.url)
                        static_configs:
                    \(target)
                    """)
            try await proxy.program.errors.lines(
                Self.scrapes, with: ["scrape done", "status=200"], within: .seconds(Int64(Self.scrapes) + 60))

            let up = try await prometheus.samples("up[1h]")
            let series = try await (
                direct: prometheus.series("{job=\"direct\"}"), proxied: prometheus.series("{job=\"proxied\"}")
            )
            #expect(try await prometheus.program.stop() == .code(0))
            #expect(try await client.program.stop() == .code(0))
            #expect(try await proxy.program.stop() == .code(0))

            let proxied = try #require(up.first { $0.key["job"] == "proxied" }).value
            #expect(proxied.allSatisfy { $0.value == 1 }, "\(proxied)")
            // What has just been scraped may not be stored yet.
            #expect(proxied.count >= Self.scrapes - 1)
            // The two jobs begin at different moments of a second.
            let direct = try #require(up.first { $0.key["job"] == "direct" }).value
            #expect(abs(proxied.count - direct.count) <= 1, "\(proxied) \(direct)")
            // A scrape that Prometheus gave up, or that never came back, would have left the proxy with another story.
            #expect(!proxy.program.errors.lines.contains { $0.contains("scrape failed") })

            func names(_ list: [[String: String]]) -> Set<[String: String]> {
                Set(list.map { $0.filter { $0.key != "job" } })
            }
            #expect(series.direct.count > 200)
            #expect(names(series.proxied).symmetricDifference(names(series.direct)) == [])
        }

        @Test("finds its targets at /clients, and in the file that pushprox-admin keeps")
        func discovery() async throws {
            let folder = try TemporaryFolder()
            let seen = LineLog()
            let target = try await ScriptedTarget.start { head, connection in
                seen.note(String(head.prefix { $0 != "\r" }))
                try await connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nup 1\n")
                return true
            }
            let proxy = try await LiveProxy.start(database: folder.file("p.db"))
            let admin = try Program(
                Executable.built("pushprox-admin"),
                [
                    "sd", "--storage.path=\(folder.file("p.db"))", "--output=\(folder.file("sd.json"))",
                    "--port=\(target.port)", "--watch", "--interval=100ms",
                ])
            // Nobody yet: the file is there and empty.
            try await admin.output.line(with: "wrote 0 clients")
            let prometheus = try await LivePrometheus.start(
                in: folder,
                jobs: """
                      - job_name: http
                        metrics_path: /http
                        proxy_url: \(proxy.url)
                        http_sd_configs:
                          - url: \(proxy.url)clients
                            refresh_interval: 1s
                        relabel_configs:
                          - source_labels: [__address__]
                            replacement: '$1:\(target.port)'
                            target_label: __address__
                      - job_name: file
                        metrics_path: /file
                        proxy_url: \(proxy.url)
                        file_sd_configs:
                          - files: ['\(folder.file("sd.json"))']
                            refresh_interval: 1s

                    """)
            let client = try await LiveClient.start(proxy: proxy.port)
            try await admin.output.line(with: "wrote 1 clients")
            try await seen.line(with: "GET /http")
            try await seen.line(with: "GET /file")
            #expect(try await admin.stop() == .code(0))
            try await prometheus.program.stop()
            try await client.program.stop()
            try await proxy.program.stop()
            await target.stop()
        }
    }
}
