import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("A client whose token stands in a file") struct SecretTests {
        @Test("SIGHUP makes it read the file again, and neither its log nor /proc has the token")
        func hangup() async throws {
            let folder = try TemporaryFolder()
            let path = try folder.write("secret-one\n", to: "token")
            let port = try await RawListener.open()
            var connections = port.connections.makeAsyncIterator()
            let client = try await LiveClient.start(
                proxy: port.port, "--proxy.token-file=\(path)", "--log.level=debug", "--scrape.allow=1/metrics",
                "--proxy.transport=poll")
            let connection = try #require(await connections.next())
            let first = try await connection.text(upTo: Self.endOfPoll)
            #expect(first.contains("\r\nAuthorization: Bearer secret-one\r\n"))

            try folder.write("secret-two\n", to: "token")
            client.program.signal(SIGHUP)
            try await client.program.errors.line(with: "configuration reloaded", "config=credential")
            try await connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            let second = try await connection.text(upTo: Self.endOfPoll)
            #expect(second.contains("\r\nAuthorization: Bearer secret-two\r\n"))

            unlink(path)
            client.program.signal(SIGHUP)
            try await client.program.errors.line(with: "cannot be used, the one before stays", path)
            let metrics = try await Question.get(port: client.port, "/metrics").body
            #expect(metrics.contains("\npushprox_client_config_last_reload_successful{config=\"credential\"} 0\n"))
            #expect(!metrics.contains("secret-"))
            for file in ["cmdline", "environ"] {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(client.program.pid)/\(file)"))
                #expect(!String(decoding: bytes, as: UTF8.self).contains("secret-"))
            }
            #expect(try await client.program.stop() == .code(0))
            #expect(!client.program.errors.text.contains("secret-"))
            await port.close()
        }

        /// The body that ends a poll, which is all that its last line has.
        private static let endOfPoll = "\r\n\r\nlocalhost"
    }
}
