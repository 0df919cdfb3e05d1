import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("A program that is told to stop") struct ShutdownTests {
        @Test(
            "SIGTERM: the proxy says it is not ready, takes no more, and finishes what runs, by a push on a new connection"
        )
        func proxyDrains() async throws {
            let proxy = try await LiveProxy.start()
            // Open before, for the port is not told of what is not to be told.
            let poll = try await proxy.connect()
            try await poll.send("POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\nlocalhost")
            let idle = try await proxy.connect()
            try await idle.send("POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 5\r\n\r\nother")
            try await proxy.registered("other")
            let scraper = try await proxy.beginScrape(of: "localhost:9100")
            let request = try await poll.response().body
            await poll.close()
            let id = try #require(request.split(separator: "\r\n").first { $0.hasPrefix("Id: ") }).dropFirst(4)

            proxy.program.signal(SIGTERM)
            try await proxy.program.errors.line(with: "shutting down")
            #expect(try await idle.response().status == 503)
            #expect(try await proxy.get("/-/ready").status == 503)
            #expect(try await proxy.get("/-/healthy").status == 200)
            let refused = try await proxy.scrape("localhost:9100")
            #expect(refused.status == 503)
            #expect(refused["Connection"]?.lowercased() == "close")

            let message = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nId: \(id)\r\n\r\nup 1\n"
            let push = try await Question.ask(
                port: proxy.port,
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: \(message.utf8.count)\r\n\r\n\(message)")
            #expect(push.status == 200)
            #expect(try await scraper.response().body == "up 1\n")
            #expect(try await proxy.program.exited() == .code(0))
            #expect(!proxy.program.errors.lines.contains { $0.contains("level=ERROR") }, "\(proxy.program.errors.text)")
        }

        @Test("SIGTERM: proxy and client together finish the scrape that runs")
        func bothDrain() async throws {
            let asked = LineLog()
            let released = LineLog()
            let target = try await Self.heldTarget(asked, released)
            let proxy = try await LiveProxy.start()
            let client = try await LiveClient.start(proxy: proxy.port)
            let scraper = try await proxy.beginScrape(of: "localhost:\(target.port)")
            try await asked.line(with: "GET")
            proxy.program.signal(SIGTERM)
            client.program.signal(SIGTERM)
            try await proxy.program.errors.line(with: "shutting down")
            try await client.program.errors.line(with: "shutting down")
            released.note("go")
            #expect(try await scraper.response().body == "up 1\n")
            #expect(try await client.program.exited() == .code(0))
            #expect(try await proxy.program.exited() == .code(0))
            await target.stop()
        }

        @Test("SIGINT with nothing to do ends either at once")
        func interrupted() async throws {
            let proxy = try await LiveProxy.start()
            let client = try await LiveClient.start(proxy: proxy.port)
            try await proxy.registered("localhost")
            client.program.signal(SIGINT)
            #expect(try await client.program.exited() == .code(0))
            proxy.program.signal(SIGINT)
            #expect(try await proxy.program.exited() == .code(0))
        }

        @Test("a signal that comes while the program still starts does not crash it")
        func earlySignal() async throws {
            let folder = try TemporaryFolder()
            let proxy = try Program(
                Executable.built("pushprox-proxy"),
                ["--web.listen-address=127.0.0.1:0", "--storage.path=\(folder.file("p.db"))"])
            try await proxy.errors.line(with: "record created")
            #expect(try await proxy.stop() == .code(0))
            #expect(try Integrity.text(folder.file("p.db"), "SELECT stopped_ms > 0 FROM proxy") == "1")
            let client = try Program(
                Executable.built("pushprox-client"),
                ["--proxy-url=http://127.0.0.1:1/", "--fqdn=localhost", "--metrics-addr=127.0.0.1:0"])
            try await client.errors.line(with: "msg=starting")
            #expect(try await client.stop() == .code(0))
        }

        @Test("a second signal does not wait for the scrape that runs", arguments: ["proxy", "client"])
        func secondSignal(which: String) async throws {
            let asked = LineLog()
            let released = LineLog()
            let target = try await Self.heldTarget(asked, released)
            let proxy = try await LiveProxy.start("--shutdown.grace=1h")
            let client = try await LiveClient.start(proxy: proxy.port, "--shutdown.grace=1h")
            let scraper = try await proxy.beginScrape(of: "localhost:\(target.port)", timeout: 300)
            try await asked.line(with: "GET")
            let program = which == "proxy" ? proxy.program : client.program
            program.signal(SIGTERM)
            try await program.errors.line(with: "shutting down")
            program.signal(SIGTERM)
            #expect(try await program.exited() == .code(1))
            try await program.errors.line(with: "second signal")
            if which == "proxy" { #expect(await scraper.closed() != .hung("")) }
            released.note("go")
            await scraper.close()
            await target.stop()
        }

        @Test("a clean stop keeps the counts of the last moment")
        func flushes() async throws {
            let folder = try TemporaryFolder()
            let target = try await ScriptedTarget.start(
                answering: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
            let proxy = try await LiveProxy.start(database: folder.file("p.db"))
            let client = try await LiveClient.start(proxy: proxy.port)
            for _ in 0..<7 { #expect(try await proxy.scrape("localhost:\(target.port)").status == 200) }
            #expect(try await proxy.program.stop() == .code(0))
            #expect(
                try Integrity.text(folder.file("p.db"), "SELECT scrapes FROM client WHERE fqdn = 'localhost'") == "7")
            #expect(try Integrity.text(folder.file("p.db"), "SELECT stopped_ms > 0 FROM proxy") == "1")
            #expect(!proxy.program.errors.lines.contains { $0.contains("level=ERROR") }, "\(proxy.program.errors.text)")
            try await client.program.stop()
            await target.stop()
        }

        /// A target that answers when it is told to.
        private static func heldTarget(_ asked: LineLog, _ released: LineLog) async throws -> ScriptedTarget {
            try await ScriptedTarget.start { head, connection in
                asked.note(head)
                try await released.line(with: "go")
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
                return true
            }
        }
    }
}
