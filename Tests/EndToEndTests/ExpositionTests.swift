import TestKit
import Testing

extension EndToEnd {
    @Suite("promtool") struct ExpositionTests {
        @Test("finds nothing to say about either program's metrics but what upstream's names bring with them")
        func lint() async throws {
            let folder = try TemporaryFolder()
            let target = try await ScriptedTarget.start(
                answering: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
            let proxy = try await LiveProxy.start(database: folder.file("p.db"))
            let client = try await LiveClient.start(proxy: proxy.port)
            // So that nothing is linted that has never moved.
            #expect(try await proxy.scrape("localhost:\(target.port)").status == 200)
            #expect(try await proxy.scrape("localhost:1").status == 502)
            for (name, port) in [("proxy", proxy.port), ("client", client.port)] {
                let metrics = try await Question.get(port: port, "/metrics")
                #expect(metrics["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
                let file = try folder.write(metrics.body, to: "\(name).txt")
                let promtool = try Program(Executable.installed("promtool"), ["check", "metrics"], input: file)
                let exit = try await promtool.exited()
                // promlint has rules against no name of upstream's, the odd pushproxy_ included: nothing is left to except.
                #expect(promtool.output.lines + promtool.errors.lines == [], "\(name)")
                #expect(exit == .code(0), "\(name)")
            }
            try await client.program.stop()
            try await proxy.program.stop()
            await target.stop()
        }
    }
}
