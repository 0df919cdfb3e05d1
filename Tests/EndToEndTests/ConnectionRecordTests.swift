import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("A CONNECT, in the record, the metrics and pushprox-admin") struct ConnectionRecordTests {
        /// A proxy with a record, and a client with a tunnel.
        private struct Site {
            let folder: TemporaryFolder
            let proxy: LiveProxy
            let client: LiveClient

            static func start() async throws -> Site {
                let folder = try TemporaryFolder()
                let proxy = try await LiveProxy.start(database: folder.file("p.db"))
                let client = try await LiveClient.start(proxy: proxy.port, "--proxy.transport=tunnel")
                try await proxy.registered("localhost")
                return Site(folder: folder, proxy: proxy, client: client)
            }

            /// What a command of pushprox-admin says in JSON.
            func admin(_ command: String) async throws -> [[String: Any]] {
                let program = try Program(
                    Executable.built("pushprox-admin"),
                    [command, "--storage.path=\(folder.file("p.db"))", "--format=json"])
                _ = try await program.exited()
                let json = try JSONSerialization.jsonObject(with: Data(program.output.text.utf8))
                if let objects = json as? [[String: Any]] { return objects }
                return [try #require(json as? [String: Any])]
            }

            /// The client, once it is on record as it should be.
            func client(_ isSo: ([String: Any]) -> Bool) async throws -> [String: Any] {
                try await eventually("the client as it should be in the record") {
                    try await admin("clients").first(where: isSo)
                }
            }

            func metric(_ name: String) async throws -> Double { try await Question.metric(port: proxy.port, name) }

            func connect(_ port: Int) async throws -> RawConnection {
                let scraper = try await proxy.connect()
                try await scraper.send("CONNECT localhost:\(port) HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n")
                return scraper
            }

            func stop() async throws {
                _ = try await client.program.stop()
                #expect(try await proxy.program.stop() == .code(0))
            }
        }

        @Test("that fails is exactly one failed connection, and no scrape")
        func failing() async throws {
            let site = try await Site.start()
            let refusing = try RefusingPort()
            let scraper = try await site.connect(refusing.port)
            #expect(try await scraper.response().status == 502)
            await scraper.close()

            let client = try await site.client { $0["connections_failed"] as? Int != 0 }
            #expect(client["connections_failed"] as? Int == 1 && client["connections_opened"] as? Int == 0)
            #expect(client["scrapes"] as? Int == 0 && client["failures"] as? Int == 0)
            #expect(client["last_failure_kind"] as? String == "target_unreachable")
            let failures = try await site.admin("failures")
            #expect(failures.count == 1 && failures[0]["connection"] as? Bool == true)
            #expect(failures[0]["kind"] as? String == "target_unreachable")
            #expect(failures[0]["target"] as? String == "CONNECT localhost:\(refusing.port)")
            let status = try await site.admin("status")[0]
            #expect(status["connections_failed_total"] as? Int == 1 && status["failures_total"] as? Int == 0)
            #expect(status["clients_failing"] as? Int == 1)
            #expect(try await site.metric("pushprox_connection_failures_total{kind=\"target_unreachable\"}") == 1)
            #expect(try await site.metric("pushprox_connections_opened_total") == 0)
            #expect(try await site.metric("pushprox_scrapes_total") == 0)
            try await site.stop()
        }

        @Test("that works is one that was opened, with the bytes of both ways, of a client with a tunnel and its ping")
        func working() async throws {
            let site = try await Site.start()
            let response = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nup 1\n"
            let target = try await ScriptedTarget.start { _, connection in
                try await connection.send(response)
                return false
            }
            let scraper = try await site.connect(target.port)
            _ = try await scraper.text(upTo: "\r\n\r\n")
            let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
            try await scraper.send(request)
            #expect(try await scraper.response().body == "up 1\n")
            await scraper.close()

            let client = try await site.client { $0["connection_bytes_to_scraper"] as? Int != 0 }
            #expect(client["connections_opened"] as? Int == 1 && client["connections_failed"] as? Int == 0)
            #expect(client["connection_bytes_to_target"] as? Int == request.utf8.count)
            #expect(client["connection_bytes_to_scraper"] as? Int == response.utf8.count)
            #expect(client["connections"] as? Int == 0 && client["last_connection"] is String)
            #expect(client["transport"] as? String == "tunnel" && client["ping_seconds"] is Double)
            #expect(try await site.admin("failures").isEmpty)
            let status = try await site.admin("status")[0]
            #expect(status["connections_opened_total"] as? Int == 1 && status["connections_failed_total"] as? Int == 0)
            #expect(status["connection_bytes_to_target_total"] as? Int == request.utf8.count)
            #expect(status["clients_on_tunnels"] as? Int == 1 && status["clients_on_polls"] as? Int == 0)
            #expect(try await site.metric("pushprox_connections_opened_total") == 1)
            let bytes = try await site.metric("pushprox_connection_bytes_total{direction=\"to_scraper\"}")
            #expect(bytes == Double(response.utf8.count))
            await target.stop()
            try await site.stop()
        }
    }
}
