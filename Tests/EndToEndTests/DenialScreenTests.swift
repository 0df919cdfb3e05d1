import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("The screen of pushprox-admin beside a proxy with rules") struct DenialScreenTests {
        @Test("shows scrapes and polls that were denied, of whom, and why")
        func denials() async throws {
            let folder = try TemporaryFolder()
            let made = try Program(
                Executable.built("pushprox-admin"), ["new-token", "--token-file=\(folder.file("guest.token"))"])
            try await made.exited()
            let token = try String(contentsOfFile: folder.file("guest.token"), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let rules = try folder.write(
                """
                identities:
                  guest:
                    \(try #require(made.output.lines.first))
                    scrape: ["*.public.example"]
                anonymous: {read: true, register: [web-1.example]}
                """, to: "access.yml")
            let proxy = try await LiveProxy.start(database: folder.file("p.db"), "--access.config.file=\(rules)")
            let poll = try await proxy.connect()
            try await poll.send("POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 13\r\n\r\nweb-1.example")
            try await proxy.registered("web-1.example")
            for (fields, status) in [("", 407), ("Proxy-Authorization: Bearer \(token)\r\n", 403)] {
                let request =
                    "GET http://web-1.example:9100/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)\r\n"
                #expect(try await Question.ask(port: proxy.port, request).status == status)
            }
            let stranger = "POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 13\r\n\r\nweb-2.example"
            #expect(try await Question.ask(port: proxy.port, stranger).status == 401)

            let terminal = try TerminalDriver(
                columns: 150, rows: 30,
                command:
                    "'\(try Executable.built("pushprox-admin"))' --storage.path '\(folder.file("p.db"))' --interval 250ms"
            )
            try terminal.wait(for: "web-1.example")
            try terminal.press("Tab")
            let screen = try terminal.wait(for: "three denials") { screen in
                screen.count { $0.contains("access_denied") && $0.contains("web-") } == 3
            }
            #expect(screen.contains { $0.contains("web-2.example") }, "\(screen)")
            // Newest first: the line below the list has what the list cuts.
            try terminal.wait(for: "no credential")
            try terminal.press("j")
            try terminal.wait(for: "the identity guest is not granted it, from 127.0.0.1")
            #expect(try !terminal.screen().joined().contains(token))
            try terminal.press("q")
            await poll.close()
            #expect(try await proxy.program.stop() == .code(0))
        }
    }
}
