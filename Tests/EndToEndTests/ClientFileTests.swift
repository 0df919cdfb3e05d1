import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("A client with a configuration file") struct ClientFileTests {
        @Test(
            "answers for several names, reaches loopback, and takes changes over while it runs; a bad one changes nothing",
            arguments: ["tunnel", "poll"])
        func file(transport: String) async throws {
            let proxy = try await LiveProxy.start()
            let exporter = try await LiveExporter.start()
            let dead = try RefusingPort()
            let folder = try TemporaryFolder()
            func write(_ names: String) throws -> String {
                try folder.write(
                    """
                    proxy_url: \(proxy.url)
                    fqdn: Web-1.example.org
                    labels: {site: berlin}
                    targets: [{port: 9100, address: "127.0.0.1:\(exporter.port)", labels: {job: node}}]
                    only_targets: true
                    names: \(names)
                    """, to: "client.yml")
            }
            let file = try write(
                "[{fqdn: dead.example.org, targets: [{port: 1, address: \"127.0.0.1:\(dead.port)\"}]}]")
            let client = try Program(
                Executable.built("pushprox-client"),
                ["--config.file=\(file)", "--metrics-addr=127.0.0.1:0", "--proxy.transport=\(transport)"])
            let port = try LogText.port(in: try await client.errors.line(with: "serving metrics", "address="))
            try await proxy.registered("Web-1.example.org")
            try await proxy.registered("dead.example.org")
            async let failed = proxy.scrape("dead.example.org:1")
            let scraped = try await proxy.scrape("web-1.example.org:9100")
            #expect(scraped.head.hasPrefix("HTTP/1.1 200") && scraped.body.contains("\nnode_uname_info{"))
            #expect(try await failed.head.hasPrefix("HTTP/1.1 502"))
            let refused = try await proxy.scrape("web-1.example.org:9100", path: "/")
            #expect(refused.body.contains("only_targets"), "\(refused.body)")

            _ = try write("[{fqdn: new.example.org, targets: [{port: 9200, address: \"127.0.0.1:\(exporter.port)\"}]}]")
            client.signal(SIGHUP)
            try await proxy.registered("new.example.org")
            #expect(try await proxy.scrape("new.example.org:9200").head.hasPrefix("HTTP/1.1 200"))

            _ = try write("[{fqdn: new.example.org, target: []}]")
            client.signal(SIGHUP)
            try await client.errors.line(
                with: "the one before stays", "client.yml:6: names[0].target: there is no such key")
            #expect(try await proxy.scrape("new.example.org:9200").head.hasPrefix("HTTP/1.1 200"))
            #expect(
                try await Question.metric(
                    port: port, "pushprox_client_config_last_reload_successful{config=\"client\"}") == 0)
            if transport == "tunnel" {
                #expect(try await Question.metric(port: port, "pushprox_client_tunnel_dials_total{result=\"up\"}") == 1)
            }
            for program in [client, proxy.program] { #expect(try await program.stop() == .code(0)) }
        }

        @Test("is refused where its file is, and says where it is wrong")
        func refused() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("proxy_url: http://127.0.0.1:9/\ntargets:\n  - {port: 0}\n", to: "client.yml")
            let client = try Program(Executable.built("pushprox-client"), ["--config.file=\(file)"])
            #expect(try await client.exited() != .code(0))
            #expect(
                client.errors.text.contains("client.yml:3: targets[0].port: expected a whole number from 1 to 65535"))
        }
    }
}
