import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("What clients declare, over a restart of the proxy") struct DeclarationRestartTests {
        private typealias Entries = Set<NSDictionary>

        private func entries(_ text: String) throws -> Entries {
            Set(try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [NSDictionary]))
        }

        private func listed(_ proxy: LiveProxy, _ query: String = "") async throws -> Entries {
            try entries(try await proxy.get("/clients\(query)").body)
        }

        /// Whether a client is connected or away is the one thing that a restart may change.
        private func withoutState(_ entries: Entries) -> Entries {
            Set(
                entries.map { entry in
                    var labels = entry["labels"] as? [String: String] ?? [:]
                    let state = labels.removeValue(forKey: "__meta_pushprox_state")
                    #expect(state == "connected" || state == "stale")
                    return ["targets": entry["targets"] ?? [], "labels": labels]
                })
        }

        private func write(_ targets: String, others: String, _ proxy: LiveProxy, _ folder: TemporaryFolder) throws
            -> String
        {
            try folder.write(
                """
                proxy_url: \(proxy.url)
                fqdn: Web-1.example.org
                labels: {site: berlin, rack: "4"}
                targets: \(targets)
                names: [{fqdn: printer.example.org, labels: {site: rome}, targets: \(others)}]
                """, to: "client.yml")
        }

        private func start(_ file: String, _ transport: String) throws -> Program {
            try Program(
                Executable.built("pushprox-client"),
                [
                    "--config.file=\(file)", "--metrics-addr=127.0.0.1:0", "--proxy.transport=\(transport)",
                    "--proxy.retry.initial-wait=50ms",
                ])
        }

        @Test(
            "is listed at once as before, and gone once the client has come back with less",
            arguments: ["tunnel", "poll"])
        func restart(transport: String) async throws {
            let folder = try TemporaryFolder()
            let database = folder.file("p.db")
            let proxy = try await LiveProxy.start(database: database)
            let file = try write(
                "[{port: 9100, labels: {job: node}}, {port: 9113, path: \"/probe?module=a%20b\", labels: {site: rome}}]",
                others: "[{port: 9116, path: \"/snmp?module=if_mib\"}, {port: 9100}]", proxy, folder)
            let client = try start(file, transport)
            try await eventually("four targets") { try await listed(proxy).count == 4 ? true : nil }
            let before = try await listed(proxy)
            let meta = ["__meta_pushprox_fqdn": "Web-1.example.org", "__meta_pushprox_state": "connected"]
            #expect(
                before.contains { entry in
                    let labels = entry["labels"] as? [String: String] ?? [:]
                    let expected = [
                        "site": "rome", "rack": "4", "__metrics_path__": "/probe", "__param_module": "a b",
                    ].merging(meta) { $1 }
                    return entry["targets"] as? [String] == ["Web-1.example.org:9113"]
                        && labels.filter { $0.key != "__meta_pushprox_agent" } == expected
                        && labels["__meta_pushprox_agent"]?.hasPrefix("pushprox-client/") == true
                })
            // On disk within a second, and it is killed without a chance to write.
            try await eventually("all of it on record") {
                try Integrity.text(database, "SELECT count(*) FROM client_target") == "4"
                    && Integrity.text(database, "SELECT count(*) FROM client WHERE agent IS NOT NULL") == "2"
                    ? true : nil
            }
            client.signal(SIGSTOP)
            proxy.program.signal(SIGKILL)
            #expect(try await proxy.program.exited() == .signal(SIGKILL))

            let again = try await LiveProxy.start(database: database, port: proxy.port)
            let restored = try await listed(again)
            #expect(withoutState(restored) == withoutState(before))
            #expect(try await listed(again, "?label=rack=4&port=9100").count == 1)
            // It has not been there: frozen, it can't have come back.
            #expect(!again.program.errors.text.contains("fqdn=Web-1.example.org"))
            client.signal(SIGKILL)
            try await client.exited()

            _ = try write("[{port: 9100, labels: {job: node}}]", others: "[]", again, folder)
            let less = try start(file, transport)
            let left: Set = ["Web-1.example.org:9100", "printer.example.org"]
            try await eventually("no targets but those that it still has") {
                Set(try await listed(again).flatMap { $0["targets"] as? [String] ?? [] }) == left ? true : nil
            }
            let kept = withoutState(try await listed(again))
            #expect(kept.isSubset(of: withoutState(before).union(bare(before))))
            try await eventually("the same on record") {
                try Integrity.text(database, "SELECT count(*) FROM client_target") == "1" ? true : nil
            }
            for program in [less, again.program] { #expect(try await program.stop() == .code(0)) }
        }

        /// The entry of the printer without targets.
        private func bare(_ before: Entries) -> Entries {
            let agents = before.compactMap { ($0["labels"] as? [String: String])?["__meta_pushprox_agent"] }
            return [
                [
                    "targets": ["printer.example.org"],
                    "labels": [
                        "site": "rome", "__meta_pushprox_fqdn": "printer.example.org",
                        "__meta_pushprox_agent": agents.first ?? "",
                    ],
                ]
            ]
        }
    }
}
