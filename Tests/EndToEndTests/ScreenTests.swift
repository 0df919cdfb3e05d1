import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// `pushprox-admin` in a real terminal, on the database that a real proxy is writing to.
    @Suite("The screen of pushprox-admin beside a living proxy") struct ScreenTests {
        @Test("shows who answers and who fails, and a new client at the next refresh")
        func liveChange() async throws {
            let site = try await Site.start()
            let terminal = try site.watch()
            try terminal.wait(for: "a client that answers") { $0.row(Site.answering)?.contains("...") == true }
            try terminal.wait(for: "a client that fails") {
                $0.row(Site.failing)?.contains("uuu") == true && $0.row(Site.failing)?.contains("connected") == true
            }
            try terminal.wait(for: "2 live  (2 connected, 0 stale, 1 failing)")

            let polls = [try await site.poll(as: "new-site.example.com")]
            try terminal.wait(for: "the new client, by itself") {
                $0.row("new-site.example.com")?.contains("connected") == true
            }

            // Refreshes can be counted where each of them is asked for.
            try terminal.press("Space")
            try terminal.wait(for: "PAUSED")
            let last = try await site.poll(as: "one-more-site.example.com")
            try await site.recorded(clients: 4)
            #expect(try terminal.screen().row("one-more-site.example.com") == nil)
            try terminal.press("F5", "F5")
            try terminal.wait(for: "one more, after two refreshes") { $0.row("one-more-site.example.com") != nil }

            for poll in polls + [last] { await poll.close() }
            try await site.stopOthers()
            #expect(try await site.proxy.program.stop() == .code(0))
        }

        @Test("sorts, filters, opens a failing client and takes any size")
        func steering() async throws {
            let site = try await Site.start()
            let poll = try await site.poll(as: "a-site.example.com")
            let terminal = try site.watch()
            func waitForOrder(_ names: String...) throws {
                try terminal.wait(for: "the order \(names)") { screen in
                    let rows = names.map { name in screen.firstIndex { $0.hasPrefix(name + " ") } ?? -1 }
                    return rows[0] >= 0 && rows == rows.sorted()
                }
            }
            try waitForOrder(Site.failing, "a-site.example.com", Site.answering)
            try terminal.press("r")
            try waitForOrder(Site.answering, "a-site.example.com", Site.failing)
            try terminal.press(">")
            try terminal.wait(for: "STATE▲")
            try terminal.press("<")
            try terminal.wait(for: "FQDN▲")
            try terminal.press("s")
            try terminal.wait(for: "> ▲ FQDN")
            // Nine down, in the order of the columns.
            for _ in 0..<9 { try terminal.press("j") }
            try terminal.wait(for: ">   FAIL%")
            try terminal.press("Enter")
            try terminal.wait(for: "▼FAIL%")
            try waitForOrder(Site.failing, Site.answering)

            try terminal.press("/")
            try terminal.wait(for: "filter:")
            try terminal.type("127")
            try terminal.wait(for: "the others to go") {
                $0.row(Site.failing) != nil && $0.row(Site.answering) == nil && $0.row("a-site.example.com") == nil
            }
            try terminal.press("Enter")
            try terminal.wait(for: "only /127")
            try terminal.press("Enter")
            try terminal.wait(for: "> \(Site.failing)")
            try terminal.wait(for: "Failed        3 (100%)")
            try terminal.wait(for: "target_unreachable")

            try terminal.resize(columns: 40, rows: 10)
            try terminal.wait(for: "a small page") { $0.count == 10 && $0.allSatisfy { $0.count <= 40 } }
            try terminal.resize(columns: 150, rows: 40)
            try terminal.wait(for: "a page with the failures") {
                $0.count == 40 && $0.contains { $0.contains("Failures, newest first: 3 on record") }
            }
            try terminal.press("Escape", "Escape")
            try waitForOrder(Site.failing, Site.answering)

            await poll.close()
            try await site.stopOthers()
            #expect(try await site.proxy.program.stop() == .code(0))
        }

        @Test("says that the proxy was killed, keeps what it last knew, and recovers when it is back")
        func killedAndBack() async throws {
            let site = try await Site.start()
            let terminal = try site.watch()
            try terminal.wait(for: "2 live  (2 connected, 0 stale, 1 failing)")
            // What was on disk is what a killed proxy leaves.
            try terminal.wait(for: "all three answers") { $0.row(Site.answering)?.contains("...") == true }
            #expect(try !terminal.screen().contains { $0.contains("NOT RUNNING") })

            site.proxy.program.signal(SIGKILL)
            #expect(try await site.proxy.program.exited() == .signal(SIGKILL))
            let screen = try terminal.wait(for: "PROXY NOT RUNNING: last wrote")
            #expect(screen.row(Site.answering) != nil && screen.row(Site.failing) != nil)

            let again = try await LiveProxy.start(database: site.database, port: site.proxy.port)
            try terminal.wait(for: "the banner to go") { screen in
                !screen.contains { $0.contains("NOT RUNNING") }
                    && screen.row(Site.answering)?.contains("connected") == true
            }
            _ = try await again.scrape("\(Site.answering):\(site.exporter.port)")
            try terminal.wait(for: "a scrape through the new proxy") {
                $0.row(Site.answering)?.contains("....") == true
            }

            try await site.stopOthers()
            #expect(try await again.program.stop() == .code(0))
            try terminal.wait(for: "PROXY NOT RUNNING: stopped")
            try terminal.press("q")
        }
    }
}

extension [String] {
    /// The line of a list that is about this client.
    fileprivate func row(_ fqdn: String) -> String? { first { $0.hasPrefix(fqdn + " ") } }
}
