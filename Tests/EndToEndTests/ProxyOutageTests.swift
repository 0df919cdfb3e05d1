import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("A proxy that goes under load, with a client behind a tunnel") struct ProxyOutageTests {
        /// Scrapers that scrape all the time, each until the proxy is gone, and again from when it is back.
        private struct Load {
            /// How scrapes ended: `1 answered` is of the first proxy.
            let ends = LineLog()
            private let starts = LineLog()
            private let scrapers: [Task<Void, any Error>]

            init(on port: Int, of target: String) {
                scrapers = (0..<8).map { [ends, starts] _ in
                    Task {
                        var run = 1
                        while !Task.isCancelled {
                            let end = await Self.scrape(target, on: port)
                            ends.note("\(run) \(end)")
                            if end == "answered" { continue }
                            run += 1
                            try await starts.lines(run, with: ["started"])
                        }
                    }
                }
                starts.note("started")
            }

            private static func scrape(_ target: String, on port: Int) async -> String {
                guard let connection = try? await RawConnection.open(port: port) else { return "refused" }
                do {
                    try await connection.send(
                        "GET http://\(target)/metrics HTTP/1.1\r\nHost: \(target)\r\n"
                            + "X-Prometheus-Scrape-Timeout-Seconds: 30\r\nConnection: close\r\n\r\n")
                    let response = try await connection.response()
                    await connection.close()
                    if response.status == 200, response.body == "up 1\n" { return "answered" }
                    return "\(response.status) \(response.body)"
                } catch let ended as RawConnection.Ended {
                    // A response that breaks off would be told from one that never began.
                    return ended == .closed("") || ended == .reset("") ? "lost" : "\(ended)"
                } catch {
                    return "lost"
                }
            }

            /// Another proxy is there.
            func started() { starts.note("started") }

            /// Waits until so many scrapes of this run have been answered.
            func answered(in run: Int) async throws { try await ends.lines(60, with: ["\(run) answered"]) }

            func stop() async {
                for scraper in scrapers { scraper.cancel() }
                started()
                for scraper in scrapers { _ = await scraper.result }
            }

            /// How scrapes of this run ended that were not answered; each end once.
            func others(in run: Int) -> Set<String> {
                Set(
                    ends.lines.filter { $0.hasPrefix("\(run) ") && $0 != "\(run) answered" }.map {
                        String($0.dropFirst(2))
                    })
            }
        }

        @Test(
            "killed, restarted, drained and restarted, it answers each scrape, or says why not, or is not there to be asked"
        )
        func outages() async throws {
            let asked = LineLog()
            let released = LineLog()
            let target = try await ScriptedTarget.start { head, connection in
                if head.hasPrefix("GET /held ") {
                    asked.note("held")
                    try await released.line(with: "go")
                }
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
                return true
            }
            let name = "localhost:\(target.port)"
            let first = try await LiveProxy.start()
            let client = try await LiveClient.start(
                proxy: first.port, "--proxy.retry.initial-wait=50ms", "--proxy.retry.max-wait=200ms")
            try await client.program.errors.line(with: "the tunnel to the proxy is up")
            let load = Load(on: first.port, of: name)

            try await load.answered(in: 1)
            first.program.signal(SIGKILL)
            try await first.program.exited()

            let second = try await LiveProxy.start(port: first.port)
            load.started()
            try await load.answered(in: 2)
            let held = try await second.beginScrape(of: name, path: "/held")
            try await asked.line(with: "held")
            second.program.signal(SIGTERM)
            try await second.program.errors.line(with: "shutting down")
            released.note("go")
            #expect(try await held.response().body == "up 1\n")
            #expect(try await second.program.exited() == .code(0))

            let third = try await LiveProxy.start(port: first.port)
            load.started()
            try await load.answered(in: 3)
            await load.stop()

            #expect(load.others(in: 1).isSubset(of: ["lost", "refused"]), "\(load.others(in: 1))")
            let refused = load.others(in: 2).subtracting(["lost", "refused"])
            #expect(
                refused.allSatisfy { $0.hasPrefix("503 ") && $0.contains("the proxy is shutting down") }, "\(refused)")
            #expect(load.others(in: 3) == [])
            for run in [1, 2] { #expect(!load.others(in: run).isEmpty) }
            let (all, tunnel) = (
                try await Question.metric(port: third.port, "pushprox_scrapes_total"),
                try await Question.metric(port: third.port, "pushprox_transport_scrapes_total{transport=\"tunnel\"}")
            )
            #expect(all == tunnel && all >= 60)
            #expect(try await client.program.stop() == .code(0))
            #expect(try await third.program.stop() == .code(0))
            await target.stop()
        }
    }
}
