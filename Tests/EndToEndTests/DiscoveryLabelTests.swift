import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("Labels that a client declares, in what Prometheus stores") struct DiscoveryLabelTests {
        /// A proxy with this policy, a client whose first target is an honest one and whose second says that it is somebody else's, and the
        /// label sets that Prometheus stores of the two.
        private func stored(
            _ policy: String, relabeling: String = "", are isExpected: ([String: [String: String]]) -> Bool
        ) async throws {
            let folder = try TemporaryFolder()
            let target = try await ScriptedTarget.start { head, connection in
                let path = head.split(separator: " ")[1]
                // What it exposes says who it is as well, which nobody asked for.
                let body = "claimed{path=\"\(path)\",job=\"payments\"} 1\n"
                try await connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return true
            }
            let proxy = try await LiveProxy.start("--discovery.labels=\(policy)")
            let file = try folder.write(
                """
                proxy_url: \(proxy.url)
                fqdn: edge.example.org
                address: 127.0.0.1
                labels: {site: berlin}
                targets:
                  - {port: \(target.port), path: /honest, labels: {job: node}}
                  - {port: \(target.port), path: /other, labels: {job: payments, instance: "bank.example.org:443"}}
                """, to: "client.yml")
            let client = try Program(
                Executable.built("pushprox-client"), ["--config.file=\(file)", "--metrics-addr=127.0.0.1:0"])
            try await proxy.registered("edge.example.org")
            let indented = relabeling.split(separator: "\n").map { "    \($0)\n" }.joined()
            let prometheus = try await LivePrometheus.start(
                in: folder,
                jobs: """
                      - job_name: fleet
                        proxy_url: \(proxy.url)
                        http_sd_configs: [{url: \(proxy.url)clients, refresh_interval: 1s}]
                    \(indented)
                    """)
            let series = try await eventually("a series of each target") {
                let series = try await prometheus.series("claimed")
                return Set(series.map { $0["path"] }).count == 2 ? series : nil
            }
            #expect(series.count == 2)
            var byPath: [String: [String: String]] = [:]
            for var labels in series {
                labels["__name__"] = nil
                if labels["instance"] == "edge.example.org:\(target.port)" { labels["instance"] = "its own" }
                byPath[labels.removeValue(forKey: "path") ?? ""] = labels
            }
            #expect(isExpected(byPath), "\(byPath)")
            for program in [prometheus.program, client, proxy.program] { #expect(try await program.stop() == .code(0)) }
            await target.stop()
        }

        @Test("as-given, are stored as they are, and make series look like another target's")
        func asGiven() async throws {
            try await stored("as-given") {
                $0 == [
                    "/honest": ["job": "node", "instance": "its own", "site": "berlin", "exported_job": "payments"],
                    "/other": [
                        "job": "payments", "instance": "bank.example.org:443", "site": "berlin",
                        "exported_job": "payments",
                    ],
                ]
            }
        }

        @Test("as-given, leave job and instance alone where relabeling sets these from what Prometheus knows")
        func takenBack() async throws {
            let rules = """
                relabel_configs:
                  - {source_labels: [__address__], target_label: instance}
                  - {target_label: job, replacement: fleet}
                """
            try await stored("as-given", relabeling: rules) { series in
                series.values.allSatisfy {
                    $0 == ["job": "fleet", "instance": "its own", "site": "berlin", "exported_job": "payments"]
                }
            }
        }

        @Test("prefixed, leave job and instance alone")
        func prefixed() async throws {
            try await stored("prefixed") {
                let own = [
                    "job": "fleet", "instance": "its own", "pushprox_site": "berlin", "exported_job": "payments",
                ]
                return $0 == [
                    "/honest": own.merging(["pushprox_job": "node"]) { $1 },
                    "/other": own.merging([
                        "pushprox_job": "payments", "pushprox_instance": "bank.example.org:443",
                    ]) { $1 },
                ]
            }
        }

        @Test("prefixed, become what relabeling allows")
        func relabeled() async throws {
            let rules = try RecipePage("docs/security.md").recipe("labels")
            try await stored("prefixed", relabeling: rules) {
                $0 == [
                    "/honest": ["job": "node", "instance": "its own", "site": "berlin", "exported_job": "payments"],
                    "/other": ["job": "fleet", "instance": "its own", "site": "berlin", "exported_job": "payments"],
                ]
            }
        }

        @Test("off, are none")
        func off() async throws {
            try await stored("off") { series in
                series.values.allSatisfy {
                    $0 == ["job": "fleet", "instance": "its own", "exported_job": "payments"]
                }
            }
        }
    }
}
