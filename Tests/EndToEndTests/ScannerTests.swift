import TestKit
import Testing

extension EndToEnd {
    @Suite("A TLS scanner") struct ScannerTests {
        @Test("finds TLS 1.2 and 1.3 and sound suites only, on both listeners of docs/security.md")
        func sslscan() async throws {
            let site = try await SecureSite.start()
            for port in [site.ports.scrapes, site.ports.clients] {
                let scan = try Program(
                    Executable.installed("sslscan"),
                    ["--no-colour", "--show-certificate", "--sni-name=localhost", "127.0.0.1:\(port)"])
                #expect(try await scan.exited() == .code(0))
                let text = scan.output.text
                for (version, state) in [
                    ("SSLv2", "disabled"), ("SSLv3", "disabled"), ("TLSv1.0", "disabled"), ("TLSv1.1", "disabled"),
                    ("TLSv1.2", "enabled"), ("TLSv1.3", "enabled"),
                ] {
                    #expect(
                        scan.output.lines.contains {
                            $0.split(separator: " ").map(String.init) == [version, state]
                        }, "\(version): \(text)")
                }
                #expect(text.contains("Session renegotiation not supported"), "\(text)")
                #expect(!text.contains("Compression enabled"), "\(text)")
                #expect(text.matches(of: /not vulnerable to heartbleed/).count == 2, "\(text)")
                let accepted = scan.output.lines.filter { $0.hasPrefix("Preferred") || $0.hasPrefix("Accepted") }
                #expect(accepted.count >= 4, "\(text)")
                for line in accepted {
                    let isSound =
                        line.contains("TLSv1.3") && line.contains("TLS_")
                        || line.contains("TLSv1.2") && line.contains("ECDHE-ECDSA-")
                            && (line.contains("-GCM-") || line.contains("-CHACHA20-"))
                    #expect(isSound, "\(line)")
                }
            }
            #expect(try await site.ask("/-/healthy").isEmpty == false)
            #expect(try await site.stop().dropLast().allSatisfy { $0 == .code(0) })
        }
    }
}
