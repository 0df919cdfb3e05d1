import TestKit
import Testing

extension EndToEnd {
    @Suite("A client that is 100 ms away") struct DistantTests {
        private static let targetCount = 20

        /// Both clients have as many targets, at the same distance, and only one of them has a tunnel. Polls carry a scrape in each round trip, ten
        /// in a second, so that twenty in a second are too many for them.
        @Test("has 20 targets that are all up at an interval and timeout of 1 s, as polls could never have them")
        func manyTargets() async throws {
            let folder = try TemporaryFolder()
            var targets: [ScriptedTarget] = []
            for _ in 0..<Self.targetCount {
                targets.append(
                    try await ScriptedTarget.start(
                        answering: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\na 1\n"))
            }
            let proxy = try await LiveProxy.start("--log.level=debug")
            let relay = try await Relay.start(to: proxy.port, delay: .milliseconds(50))
            let tunnel = try await LiveClient.start(proxy: relay.port, fqdn: "localhost")
            let polls = try await LiveClient.start(proxy: relay.port, fqdn: "127.0.0.1", "--proxy.transport=poll")
            try await proxy.registered("localhost")
            try await proxy.registered("127.0.0.1")
            func job(_ name: String, _ host: String) -> String {
                """
                  - job_name: \(name)
                    proxy_url: \(proxy.url)
                    static_configs:
                      - targets: [\(targets.map { "'\(host):\($0.port)'" }.joined(separator: ", "))]

                """
            }
            let prometheus = try await LivePrometheus.start(
                in: folder, jobs: job("tunnel", "localhost") + job("polls", "127.0.0.1"))
            try await proxy.program.errors.lines(
                4 * Self.targetCount, with: ["scrape done", "http://localhost:", "status=200"])
            try await proxy.program.errors.line(with: "scrape failed", "http://127.0.0.1:")

            let up = try await prometheus.samples("up{job=\"tunnel\"}[1h]")
            #expect(up.count == Self.targetCount)
            for (series, samples) in up { #expect(samples.allSatisfy { $0.value == 1 }, "\(series): \(samples)") }
            let durations = try await prometheus.samples("scrape_duration_seconds{job=\"tunnel\"}[1h]")
            // The distance is real.
            for (series, samples) in durations {
                #expect(samples.allSatisfy { $0.value >= 0.1 }, "\(series): \(samples)")
            }
            try await eventually("a target that is down, for polls can't keep up") {
                let up = try await prometheus.samples("up{job=\"polls\"}[1h]")
                return up.values.contains { $0.contains { $0.value == 0 } } ? true : nil
            }

            #expect(try await prometheus.program.stop() == .code(0))
            for client in [tunnel, polls] { #expect(try await client.program.stop() == .code(0)) }
            #expect(try await proxy.program.stop() == .code(0))
            await relay.stop()
            for target in targets { await target.stop() }
        }

        @Test(
            "has an https target whose certificate Prometheus checks itself: with another CA it is down, though there is a connection"
        )
        func https() async throws {
            let authority = try await TestAuthority()
            let other = try await TestAuthority("another-authority", in: authority.folder)
            let pair = try await authority.issue("exporter", "DNS:localhost")
            let web = try authority.folder.write(
                "tls_server_config:\n  cert_file: \(pair.certificate)\n  key_file: \(pair.key)\n", to: "web.yml")
            let exporter = try await LiveExporter.start("--web.config.file=\(web)")
            let proxy = try await LiveProxy.start("--log.level=debug")
            let relay = try await Relay.start(to: proxy.port, delay: .milliseconds(50))
            // It knows neither authority.
            let client = try await LiveClient.start(proxy: relay.port)
            try await client.program.errors.line(with: "the tunnel to the proxy is up")
            func job(_ name: String, _ authority: TestAuthority) -> String {
                """
                  - job_name: \(name)
                    scheme: https
                    proxy_url: \(proxy.url)
                    tls_config:
                      ca_file: \(authority.certificate)
                    static_configs:
                      - targets: ['localhost:\(exporter.port)']

                """
            }
            let prometheus = try await LivePrometheus.start(
                in: authority.folder, jobs: job("right", authority) + job("wrong", other))
            let up = try await eventually("a few scrapes with each authority") {
                let up = try await prometheus.samples("up[1h]")
                return up.count == 2 && up.values.allSatisfy { $0.count >= 3 } ? up : nil
            }
            for (series, samples) in up {
                let expected: Double = series["job"] == "right" ? 1 : 0
                #expect(samples.allSatisfy { $0.value == expected }, "\(series): \(samples)")
            }
            #expect(try await prometheus.series("node_cpu_seconds_total{job=\"right\"}").count > 0)
            #expect(try await prometheus.lastErrors(of: "right") == [""])
            let error = try #require(try await prometheus.lastErrors(of: "wrong").first)
            #expect(error.contains("x509: certificate signed by unknown authority"), "\(error)")

            // Prometheus keeps the good one for its next scrapes; each of the others is a connection of its own, opened and then left.
            let wrong = up.first { $0.key["job"] == "wrong" }?.value.count ?? 0
            #expect(
                try await Question.metric(port: proxy.port, "pushprox_connections_opened_total") >= Double(1 + wrong))
            for kind in ["target_unreachable", "target_broken", "connect_unsupported"] {
                #expect(
                    try await Question.metric(
                        port: proxy.port, "pushprox_connection_failures_total{kind=\"\(kind)\"}") == 0)
            }
            #expect(
                try await Question.metric(
                    port: proxy.port, "pushprox_connection_bytes_total{direction=\"to_scraper\"}") > 10_000)
            // They are no scrapes.
            #expect(try await Question.metric(port: proxy.port, "pushprox_scrapes_total") == 0)

            #expect(try await prometheus.program.stop() == .code(0))
            #expect(try await client.program.stop() == .code(0))
            #expect(try await proxy.program.stop() == .code(0))
            await relay.stop()
            _ = try await exporter.program.stop()
        }
    }
}
