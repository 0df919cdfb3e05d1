import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("Command lines") struct StartTests {
        struct Outcome {
            var exit: Program.Exit
            var output: String
            var errors: [String]
        }

        private static func run(_ name: String, _ arguments: [String]) async throws -> Outcome {
            let program = try Program(Executable.built(name), arguments)
            let exit = try await program.exited()
            return Outcome(exit: exit, output: program.output.text, errors: program.errors.lines)
        }

        /// Flags that can't be right, and what the one line must name.
        static let wrong: [(program: String, flags: [String], words: [String])] = [
            ("pushprox-proxy", ["--web.listen-address=8080"], ["--web.listen-address", "8080", "HOST:PORT"]),
            ("pushprox-proxy", ["--web.listen-address=:99999"], ["--web.listen-address", ":99999", "65535"]),
            ("pushprox-proxy", ["--scrape.max-timeout=soon"], ["--scrape.max-timeout", "soon", "duration"]),
            ("pushprox-proxy", ["--scrape.default-timeout=0s"], ["--scrape.default-timeout", "0s", "above zero"]),
            ("pushprox-proxy", ["--registration.timeout=-5m"], ["--registration.timeout", "-5m", "duration"]),
            ("pushprox-proxy", ["--scrape.max-queued=many"], ["--scrape.max-queued", "many", "whole number"]),
            ("pushprox-proxy", ["--log.level=loud"], ["--log.level", "loud", "debug"]),
            ("pushprox-proxy", ["--log.format=xml"], ["--log.format", "xml", "logfmt"]),
            ("pushprox-proxy", ["--no-such-flag"], ["--no-such-flag"]),
            (
                "pushprox-proxy", ["--web.client-config.file=web.yml"],
                ["--web.client-config.file", "--web.client-listen-address"]
            ),
            ("pushprox-client", [], ["--proxy-url"]),
            ("pushprox-client", ["--proxy-url=proxy:8080"], ["--proxy-url", "http://"]),
            ("pushprox-client", ["--proxy-url=http://p", "--fqdn=a b"], ["--fqdn", "a b", "host name"]),
            ("pushprox-client", ["--proxy-url=http://p", "--tls.cert=c.pem"], ["--tls.cert", "--tls.key"]),
            ("pushprox-client", ["--proxy-url=http://p", "--metrics-addr=x"], ["--metrics-addr", "HOST:PORT"]),
            (
                "pushprox-client", ["--proxy-url=http://p", "--proxy.retry.max-wait=x"],
                ["--proxy.retry.max-wait", "x"]
            ),
        ]

        @Test(
            "a flag that can't be right ends the program with 64 and one line that says what is expected",
            arguments: wrong)
        func wrongFlags(program: String, flags: [String], words: [String]) async throws {
            let outcome = try await Self.run(program, flags)
            #expect(outcome.exit == .code(64))
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.count == 1, "\(outcome.errors)")
            let line = try #require(outcome.errors.first)
            for word in words { #expect(line.contains(word), "\(line)") }
        }

        @Test(
            "--help and --version go to standard output, and succeed",
            arguments: ["pushprox-proxy", "pushprox-client", "pushprox-admin", "pushprox-bench"])
        func helpAndVersion(program: String) async throws {
            for flag in ["--version", "--help", "-h"] {
                let outcome = try await Self.run(program, [flag])
                #expect(outcome.exit == .code(0))
                #expect(outcome.errors.isEmpty)
                if flag == "--version" {
                    #expect(outcome.output.hasPrefix("\(program), version "))
                } else {
                    #expect(outcome.output.contains("USAGE: \(program)"))
                }
            }
        }

        @Test("a port that is taken ends the proxy with 1 and one line")
        func portTaken() async throws {
            let taken = try await RawListener.open()
            let outcome = try await Self.run(
                "pushprox-proxy", ["--web.listen-address=127.0.0.1:\(taken.port)", "--storage.path", ""])
            #expect(outcome.exit == .code(1))
            #expect(outcome.errors.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.first?.contains("127.0.0.1:\(taken.port)") == true)
            #expect(outcome.errors.first?.contains("taken") == true)
            await taken.close()
        }

        @Test("a port that is taken is a warning to the client, which polls nevertheless")
        func clientPortTaken() async throws {
            let taken = try await RawListener.open()
            let proxy = try await LiveProxy.start()
            let client = try Program(
                Executable.built("pushprox-client"),
                ["--proxy-url=\(proxy.url)", "--fqdn=localhost", "--metrics-addr=127.0.0.1:\(taken.port)"])
            try await client.errors.line(with: "level=WARN", "--metrics-addr")
            try await proxy.registered("localhost")
            #expect(try await client.stop() == .code(0))
            try await proxy.program.stop()
            await taken.close()
        }

        @Test("a folder that can't be written ends the proxy with 1 and one line")
        func unwritable() async throws {
            let folder = try TemporaryFolder()
            // Nobody makes a folder below a file, root neither.
            let path = try folder.write("", to: "file") + "/data/p.db"
            let outcome = try await Self.run(
                "pushprox-proxy", ["--web.listen-address=127.0.0.1:0", "--storage.path=\(path)"])
            #expect(outcome.exit == .code(1))
            #expect(outcome.errors.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.first?.contains(path) == true)
            #expect(outcome.errors.first?.contains("--storage.path") == true)
        }

        @Test("a longest timeout below the default one clamps it, and a line says so")
        func clampedDefault() async throws {
            let proxy = try await LiveProxy.start("--scrape.max-timeout=200ms")
            try await proxy.program.errors.line(with: "level=WARN", "--scrape.max-timeout", "default=15s timeout=200ms")
            let scraper = try await proxy.connect()
            try await scraper.send("GET http://nobody/metrics HTTP/1.1\r\nHost: nobody\r\n\r\n")
            #expect(try await scraper.response().status == 504)
            await scraper.close()
            #expect(try await proxy.program.stop() == .code(0))
        }

        @Test("the record's folder is made")
        func folderIsMade() async throws {
            let folder = try TemporaryFolder()
            let proxy = try await LiveProxy.start(database: folder.file("a/b/p.db"))
            try await proxy.program.stop()
            #expect(FileManager.default.fileExists(atPath: folder.file("a/b/p.db")))
        }

        @Test("a second proxy on one database does not start, and the first does not mind")
        func secondProxy() async throws {
            let folder = try TemporaryFolder()
            let first = try await LiveProxy.start(database: folder.file("p.db"))
            let outcome = try await Self.run(
                "pushprox-proxy", ["--web.listen-address=127.0.0.1:0", "--storage.path=\(folder.file("p.db"))"])
            #expect(outcome.exit == .code(1))
            #expect(outcome.errors.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.first?.contains("\(first.program.pid)") == true)
            #expect(try await first.get("/-/ready").status == 200)
            #expect(try await first.program.stop() == .code(0))
        }

        @Test("a database of a newer version is refused with 1, and not touched")
        func newerDatabase() async throws {
            let folder = try TemporaryFolder()
            let database = folder.file("p.db")
            try await LiveProxy.start(database: database).program.stop()
            _ = try Integrity.text(database, "PRAGMA user_version = 999")
            // Everything into the one file, to compare it byte for byte.
            _ = try Integrity.text(database, "PRAGMA wal_checkpoint(TRUNCATE)")
            let before = try Data(contentsOf: URL(fileURLWithPath: database))
            let outcome = try await Self.run(
                "pushprox-proxy", ["--web.listen-address=127.0.0.1:0", "--storage.path=\(database)"])
            #expect(outcome.exit == .code(1))
            #expect(outcome.errors.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.first?.contains("999") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: database)) == before)
        }

        @Test("what is not a database is moved aside, loudly, and the proxy starts")
        func noDatabase() async throws {
            let folder = try TemporaryFolder()
            try folder.write(String(repeating: "not a database ", count: 400), to: "p.db")
            let proxy = try await LiveProxy.start(database: folder.file("p.db"))
            let line = try await proxy.program.errors.line(with: "level=ERROR", "moved aside")
            let moved = LogText.value("moved_to", in: line)
            #expect(try String(contentsOfFile: moved, encoding: .utf8).hasPrefix("not a database"))
            try await proxy.program.stop()
            #expect(try Integrity.check(folder.file("p.db")) == "ok")
        }

        @Test(
            "certificates that are missing or none end the client with 1 and one line",
            arguments: ["--tls.cacert=/no/such.pem", "--tls.cacert=/dev/null"])
        func certificates(flag: String) async throws {
            let outcome = try await Self.run(
                "pushprox-client", ["--proxy-url=https://localhost:1/", "--metrics-addr=", flag])
            #expect(outcome.exit == .code(1))
            #expect(outcome.errors.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.last?.contains("--tls.cacert") == true)
        }

        @Test(
            "an empty --storage.path turns the record off, written either way",
            arguments: [["--storage.path="], ["--storage.path", ""]])
        func noRecord(flags: [String]) async throws {
            let proxy = try Program(
                Executable.built("pushprox-proxy"), ["--web.listen-address=127.0.0.1:0"] + flags)
            try await proxy.errors.line(with: "msg=listening", "storage=off")
            #expect(try await proxy.stop() == .code(0))
        }

        @Test("an empty --metrics-addr turns the client's metrics off")
        func noMetrics() async throws {
            let proxy = try await LiveProxy.start()
            let client = try Program(
                Executable.built("pushprox-client"),
                ["--proxy-url=\(proxy.url)", "--fqdn=localhost", "--metrics-addr="])
            try await proxy.registered("localhost")
            #expect(!client.errors.lines.contains { $0.contains("serving metrics") })
            #expect(try await client.stop() == .code(0))
            try await proxy.program.stop()
        }
    }
}
