import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("SIGHUP") struct HangupTests {
        /// Sends it again and again, from the moment that a program has begun until it acts on it.
        private static func hangUp(_ program: Program) async throws {
            try await eventually("SIGHUP caught or ignored by \(program.pid)") {
                let status = try String(contentsOfFile: "/proc/\(program.pid)/status", encoding: .utf8)
                func field(_ name: String) -> String {
                    status.split(separator: "\n").first { $0.hasPrefix(name) }?.split(separator: "\t").last.map {
                        String($0)
                    } ?? ""
                }
                let masks = ["SigIgn:", "SigCgt:"].map { UInt64(field($0), radix: 16) ?? 0 }
                if masks.contains(where: { $0 & 1 << UInt64(SIGHUP - 1) > 0 }) { return true }
                // One is there from the start, one more runs `main`.
                #expect((Int(field("Threads:")) ?? 0) < 4, "\(program.pid) does other things first")
                return nil
            }
            try await eventually("\(program.pid) reads its files again: \(program.errors.text)") {
                program.signal(SIGHUP)
                return program.errors.lines.contains { $0.contains("configuration reloaded") } ? true : nil
            }
        }

        @Test("ends no program that has begun, however early it comes, and makes it read its files once it runs")
        func early() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("http_server_config: {}", to: "web.yml")
            for _ in 1...5 {
                let proxy = try Program(
                    Executable.built("pushprox-proxy"),
                    ["--web.listen-address=127.0.0.1:0", "--storage.path=", "--web.config.file=\(file)"])
                try await Self.hangUp(proxy)
                let client = try Program(
                    Executable.built("pushprox-client"),
                    [
                        "--proxy-url=http://127.0.0.1:9", "--fqdn=web-1", "--metrics-addr=127.0.0.1:0",
                        "--web.config.file=\(file)",
                    ])
                try await Self.hangUp(client)
                for program in [proxy, client] { #expect(try await program.stop() == .code(0)) }
            }
        }
    }
}
