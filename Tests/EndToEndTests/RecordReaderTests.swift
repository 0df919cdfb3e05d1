import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("pushprox-admin beside a proxy") struct RecordReaderTests {
        private static func admin(_ arguments: String...) async throws -> (exit: Program.Exit, output: String) {
            let program = try Program(Executable.built("pushprox-admin"), arguments)
            let exit = try await program.exited()
            return (exit, program.output.text)
        }

        @Test("says how a proxy fares that lives, that was killed and that was stopped, and whom it knows")
        func lifeAndDeath() async throws {
            let folder = try TemporaryFolder()
            let path = "--storage.path=\(folder.file("p.db"))"
            let target = try await ScriptedTarget.start(
                answering: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
            #expect(try await Self.admin("status", path).exit == .code(1))

            let proxy = try await LiveProxy.start(database: folder.file("p.db"))
            let client = try await LiveClient.start(proxy: proxy.port)
            #expect(try await proxy.scrape("localhost:\(target.port)").status == 200)
            // The record lags by a second or two; the file of targets says when it has the client.
            let watch = try Program(
                Executable.built("pushprox-admin"),
                ["sd", path, "--output=\(folder.file("sd.json"))", "--watch", "--interval=100ms"])
            try await watch.output.line(with: "wrote 1 clients")
            #expect(try await watch.stop() == .code(0))

            let alive = try await Self.admin("status", path)
            #expect(alive.exit == .code(0))
            #expect(alive.output.hasPrefix("ok: pushprox-proxy "))
            #expect(alive.output.contains("1 live client"))
            let clients = try await Self.admin("clients", path, "--format=csv")
            #expect(clients.exit == .code(0))
            #expect(clients.output.contains("localhost"))

            proxy.program.signal(SIGKILL)
            try await proxy.program.exited()
            let dead = try await Self.admin("status", path)
            #expect(dead.exit == .code(1))
            #expect(dead.output.contains("not ok: ") && dead.output.contains("killed or crashed"), "\(dead.output)")
            // What it knew can still be read.
            #expect(try await Self.admin("clients", path, "--format=csv").output.contains("localhost"))

            let again = try await LiveProxy.start(database: folder.file("p.db"))
            try await again.program.stop()
            let stopped = try await Self.admin("status", path)
            #expect(stopped.exit == .code(1))
            #expect(stopped.output.contains("stopped in good order"), "\(stopped.output)")
            try await client.program.stop()
            await target.stop()
        }
    }
}
