import Foundation
import TestKit
import Testing
import Wire

extension EndToEnd {
    @Suite("A fleet in one stanza") struct FleetDiscoveryTests {
        /// As upstream's client does: polls, takes what it is handed, pushes, polls again.
        private static func upstreamClient(_ fqdn: String, _ port: Int, body: String) async throws {
            let poll = try await RawConnection.open(port: port)
            let push = try await RawConnection.open(port: port)
            while !Task.isCancelled {
                try await poll.send(
                    "POST /poll HTTP/1.1\r\nHost: p\r\nUser-Agent: Go-http-client/1.1\r\n"
                        + "Content-Length: \(fqdn.utf8.count)\r\nAccept-Encoding: gzip\r\n\r\n\(fqdn)")
                let scrape = try await poll.response().body
                guard let id = scrape.split(separator: "\r\n").first(where: { $0.lowercased().hasPrefix("id: ") })
                else { continue }
                let inner = "HTTP/1.1 200 OK\r\n\(id)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                try await push.send(
                    "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: \(inner.utf8.count)\r\n\r\n\(inner)")
                _ = try await push.response()
            }
        }

        @Test(
            "is scraped with nothing but http_sd_configs and proxy_url: every declared target with its port, path, parameters and labels"
        )
        func stanza() async throws {
            let folder = try TemporaryFolder()
            let proxy = try await LiveProxy.start(database: folder.file("p.db"))
            let exporter = try await LiveExporter.start()
            let asked = LineLog()
            let snmp = try await ScriptedTarget.start { head, connection in
                asked.note(String(head.split(separator: "\r\n")[0]))
                let body = "if_up 1\n"
                try await connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return true
            }
            // A client with flags, and one with a file and a name of its LAN beside its own.
            let flags = try await LiveClient.start(
                proxy: proxy.port, fqdn: "localhost", "--label=site=berlin", "--target=\(exporter.port)")
            let file = try folder.write(
                """
                proxy_url: \(proxy.url)
                fqdn: Gateway.example.org
                labels: {site: rome, rack: "4"}
                targets:
                  - {port: 9100, address: "127.0.0.1:\(exporter.port)", labels: {job: node}}
                names:
                  - fqdn: printer.example.org
                    address: 127.0.0.1
                    labels: {site: rome}
                    targets: [{port: \(snmp.port), path: "/snmp?module=printer_mib&target=a%20b"}]
                """, to: "client.yml")
            let gateway = try Program(
                Executable.built("pushprox-client"), ["--config.file=\(file)", "--metrics-addr=127.0.0.1:0"])
            // And upstream's, which says nothing; a target without a port is at port 80.
            let upstream = Task {
                try await Self.upstreamClient("upstream-1.example.org", proxy.port, body: "from_upstream 1\n")
            }
            for name in ["localhost", "Gateway.example.org", "printer.example.org", "upstream-1.example.org"] {
                try await proxy.registered(name)
            }

            let stanza = """
                  - job_name: fleet
                    proxy_url: \(proxy.url)
                    http_sd_configs:
                      - url: \(proxy.url)clients
                        refresh_interval: 1s

                """
            let prometheus = try await LivePrometheus.start(in: folder, jobs: stanza)
            func labels(_ metric: String) async throws -> Set<[String: String]> {
                let wanted: Set = ["instance", "job", "site", "rack"]
                return Set(try await prometheus.series(metric).map { $0.filter { wanted.contains($0.key) } })
            }
            let nodes: Set = [
                ["job": "fleet", "site": "berlin", "instance": "localhost:\(exporter.port)"],
                ["job": "node", "site": "rome", "rack": "4", "instance": "Gateway.example.org:9100"],
            ]
            try await eventually("both node_exporters in Prometheus") {
                try await labels("node_uname_info") == nodes ? true : nil
            }
            try await eventually("the printer in Prometheus") {
                try await labels("if_up") == [
                    ["job": "fleet", "site": "rome", "instance": "printer.example.org:\(snmp.port)"]
                ] ? true : nil
            }
            try await eventually("upstream's client in Prometheus") {
                try await labels("from_upstream") == [["job": "fleet", "instance": "upstream-1.example.org:80"]]
                    ? true : nil
            }
            let request = "GET /snmp?module=printer_mib&target=a+b HTTP/1.1"
            #expect(asked.lines.allSatisfy { $0 == request }, "\(asked.text)")

            try await checkConfiguration(folder, stanza)
            try await checkFile(folder, proxy)
            upstream.cancel()
            for program in [prometheus.program, gateway, flags.program, proxy.program] {
                #expect(try await program.stop() == .code(0))
            }
            await snmp.stop()
        }

        /// promtool takes the stanza, and finds the same targets by it as Prometheus would.
        private func checkConfiguration(_ folder: TemporaryFolder, _ stanza: String) async throws {
            let path = folder.file("prometheus.yml")
            let check = try Program(Executable.installed("promtool"), ["check", "config", path])
            #expect(try await check.exited() == .code(0), "\(check.output.text)\(check.errors.text)")
            let discovery = try Program(
                Executable.installed("promtool"), ["check", "service-discovery", "--timeout=2s", path, "fleet"])
            #expect(try await discovery.exited() == .code(0))
            let found = discovery.output.text
            for text in [
                "\"__address__\": \"Gateway.example.org:9100\"", "\"__param_module\": \"printer_mib\"",
                "\"__param_target\": \"a b\"", "\"__metrics_path__\": \"/snmp\"",
                "\"__meta_pushprox_fqdn\": \"upstream-1.example.org\"", "\"__meta_pushprox_state\": \"connected\"",
                "\"__meta_pushprox_agent\": \"Go-http-client/1.1\"",
            ] {
                #expect(found.contains(text), "\(found)")
            }
        }

        /// The file that pushprox-admin writes of the record has the same entries as /clients, and promtool finds them in it.
        private func checkFile(_ folder: TemporaryFolder, _ proxy: LiveProxy) async throws {
            let path = folder.file("sd.json")
            func entries(_ text: String) throws -> Set<NSDictionary> {
                Set(try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [NSDictionary]))
            }
            func written() async throws -> Set<NSDictionary> {
                let admin = try Program(
                    Executable.built("pushprox-admin"),
                    ["sd", "--storage.path=\(folder.file("p.db"))", "--output=\(path)"])
                #expect(try await admin.exited() == .code(0), "\(admin.errors.text)")
                return try entries(String(contentsOfFile: path, encoding: .utf8))
            }
            // The record follows within a second.
            try await eventually("the entries of /clients in the file") {
                try await written() == entries(Question.get(port: proxy.port, "/clients").body) ? true : nil
            }
            let configuration = try folder.write(
                """
                scrape_configs:
                  - job_name: files
                    proxy_url: \(proxy.url)
                    file_sd_configs: [{files: ['\(path)']}]
                """, to: "files.yml")
            let discovery = try Program(
                Executable.installed("promtool"),
                ["check", "service-discovery", "--timeout=2s", configuration, "files"])
            #expect(try await discovery.exited() == .code(0))
            #expect(discovery.output.text.contains("\"__address__\": \"Gateway.example.org:9100\""))
        }
    }
}
