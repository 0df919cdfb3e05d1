import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("--runtime.event-loops") struct EventLoopTests {
        /// The names of a process's threads that serve connections.
        private func loops(of proxy: LiveProxy) throws -> Int {
            let tasks = "/proc/\(proxy.program.pid)/task"
            return try FileManager.default.contentsOfDirectory(atPath: tasks).count { task in
                let name = try? String(contentsOfFile: "\(tasks)/\(task)/comm", encoding: .utf8)
                return name?.hasPrefix("NIO-ELT-") == true
            }
        }

        @Test("says how many threads serve connections; with one all is as with many", arguments: [1, 3])
        func count(_ count: Int) async throws {
            let target = try await ScriptedTarget.start(
                answering: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
            let proxy = try await LiveProxy.start("--runtime.event-loops=\(count)")
            #expect(try loops(of: proxy) == count)
            for transport in ["tunnel", "poll"] {
                let client = try await LiveClient.start(proxy: proxy.port, "--proxy.transport=\(transport)")
                try await proxy.registered("localhost")
                for _ in 0..<3 { #expect(try await proxy.scrape("localhost:\(target.port)").body == "up 1\n") }
                #expect(try await client.program.stop() == .code(0))
            }
            #expect(try await proxy.program.stop() == .code(0))
            await target.stop()
        }

        @Test("that there are not enough descriptors for is refused in a line")
        func tooMany() async throws {
            let proxy = try Executable.built("pushprox-proxy")
            let program = try Program(
                "/bin/sh",
                [
                    "-c",
                    "ulimit -n 256; exec \(proxy) --runtime.event-loops=200 --web.listen-address=127.0.0.1:0 --storage.path=",
                ])
            #expect(try await program.exited() == .code(1))
            #expect(program.errors.text.contains("--runtime.event-loops"))
            #expect(program.errors.text.contains("of 256 descriptors"))
        }
    }
}
