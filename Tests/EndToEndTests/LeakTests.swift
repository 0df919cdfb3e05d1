import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// Everything that two programs leave behind, searched for everything that was shown to them.
    @Suite("Credentials") struct LeakTests {
        private static func basic(_ user: String, _ password: String) -> String {
            Data("\(user):\(password)".utf8).base64EncodedString()
        }

        private static func proxyField(_ value: String) -> String { "Proxy-Authorization: \(value)\r\n" }

        /// What is shown in this test, to begin with what names it: none of these may be found anywhere.
        private static let secrets = [
            "scraper-secret", "client-secret", "wrong-secret", "token-secret", "of-url-secret", "query-secret",
            "of-target-secret", "cookie-secret", basic("prometheus", "scraper-secret"),
            basic("fleet", "client-secret"), basic("fleet", "wrong-secret"), basic("prometheus", "wrong-secret"),
        ]

        private static func expectNone(in bytes: some Sequence<UInt8>, _ place: String) {
            let data = Data(bytes)
            for secret in secrets { #expect(data.range(of: Data(secret.utf8)) == nil, "\(secret) in \(place)") }
        }

        /// Rules for one who scrapes and one who polls, both with passwords.
        private static func rules(in folder: TemporaryFolder) async throws -> String {
            var hashes: [String] = []
            for password in ["scraper-secret", "client-secret"] {
                let file = try folder.write(password, to: "password")
                let admin = try Program(
                    Executable.built("pushprox-admin"), ["hash-password", "--cost=4"], input: file)
                try await admin.exited()
                hashes.append(try #require(admin.output.lines.first))
            }
            unlink(folder.file("password"))
            return try folder.write(
                """
                identities:
                  prometheus: {password_hash: "\(hashes[0])", scrape: [localhost]}
                  fleet: {password_hash: "\(hashes[1])", register: [localhost]}
                anonymous: {read: true}
                """, to: "access.yml")
        }

        @Test(
            "are in no log, no metric, no page, no file of the record and nowhere in /proc, right ones and wrong ones")
        func nowhere() async throws {
            let folder = try TemporaryFolder()
            let database = folder.file("p.db")
            let proxy = try await LiveProxy.start(
                database: database, "--access.config.file=\(try await Self.rules(in: folder))", "--log.level=debug")
            // Not where the record is, which is searched.
            let own = try TemporaryFolder()
            let password = try own.write("client-secret\n", to: "password")
            let client = try await LiveClient.start(
                proxy: proxy.port, "--proxy-url=http://fleet@127.0.0.1:\(proxy.port)/",
                "--proxy.password-file=\(password)", "--log.level=debug")
            try await proxy.registered("localhost")
            let target = try await ScriptedTarget.start { _, connection in
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup")
                return true
            }
            let refusing = try RefusingPort()

            func scrape(_ port: Int, _ fields: String) async throws -> Int {
                let request =
                    "GET http://user:of-url-secret@localhost:\(port)/metrics?key=query-secret HTTP/1.1\r\nHost: x\r\n"
                    + "Authorization: Bearer of-target-secret\r\nCookie: cookie-secret\r\n"
                    + "X-Prometheus-Scrape-Timeout-Seconds: 30\r\n\(fields)\r\n"
                return try await Question.ask(port: proxy.port, request).status
            }
            let right = Self.proxyField("Basic " + Self.basic("prometheus", "scraper-secret"))
            #expect(try await scrape(target.port, right) == 200)
            #expect(try await scrape(refusing.port, right) == 502)
            for value in [
                "Basic " + Self.basic("prometheus", "wrong-secret"), "Bearer token-secret", "token-secret",
                "Basic wrong-secret!", "Digest username=wrong-secret",
            ] { #expect(try await scrape(target.port, Self.proxyField(value)) == 407, "\(value)") }
            #expect(try await scrape(target.port, right + right) == 407)
            for value in ["Basic " + Self.basic("fleet", "wrong-secret"), "Bearer token-secret", "x token-secret"] {
                let poll =
                    "POST /poll HTTP/1.1\r\nHost: p\r\nAuthorization: \(value)\r\nContent-Length: 9\r\n\r\nlocalhost"
                #expect(try await Question.ask(port: proxy.port, poll).status == 401, "\(value)")
            }
            let admin = { (arguments: [String]) in
                let program = try Program(
                    Executable.built("pushprox-admin"), arguments + ["--storage.path=\(database)", "--format=json"])
                try await program.exited()
                return program.output.text
            }
            let failures = try await eventually("denials and a failure on record") {
                let text = try await admin(["failures"])
                return text.contains("access_denied") && text.contains("target_unreachable") ? text : nil
            }
            Self.expectNone(in: failures.utf8, "pushprox-admin failures")
            Self.expectNone(in: try await admin(["clients"]).utf8, "pushprox-admin clients")

            for path in ["/", "/clients", "/metrics"] {
                Self.expectNone(in: try await proxy.get(path).body.utf8, "the proxy's \(path)")
            }
            Self.expectNone(in: try await Question.get(port: client.port, "/metrics").body.utf8, "the client's metrics")
            for program in [proxy.program, client.program] {
                for file in ["cmdline", "environ"] {
                    let path = "/proc/\(program.pid)/\(file)"
                    Self.expectNone(in: try Data(contentsOf: URL(fileURLWithPath: path)), path)
                }
            }
            try Self.expectNone(inFilesOf: folder)
            for program in [client.program, proxy.program] { #expect(try await program.stop() == .code(0)) }
            try Self.expectNone(inFilesOf: folder)
            for program in [client.program, proxy.program] { Self.expectNone(in: program.errors.text.utf8, "a log") }
            #expect(proxy.program.errors.text.contains("access denied"))
            withExtendedLifetime((refusing, own)) {}
        }

        /// The record's, its log of writes too, and the rules.
        private static func expectNone(inFilesOf folder: TemporaryFolder) throws {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(files.contains("p.db"))
            for file in files {
                expectNone(in: try Data(contentsOf: URL(fileURLWithPath: folder.file(file))), file)
            }
        }
    }
}
