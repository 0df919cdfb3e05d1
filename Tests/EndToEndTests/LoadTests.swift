import Foundation
import NIOPosix
import TestKit
import Testing

@testable import Bench

extension EndToEnd {
    @Suite("The load of pushprox-bench") struct LoadTests {
        private static let clients = 10

        private static func webFile(in folder: TemporaryFolder) async throws -> String {
            let pair = try await TestAuthority(in: folder).issue("server", "DNS:localhost")
            return try folder.write(
                "tls_server_config:\n  cert_file: \(pair.certificate)\n  key_file: \(pair.key)\n", to: "web.yml")
        }

        /// A proxy that serves plain HTTP and, for clients, TLS.
        private struct Place {
            let folder: TemporaryFolder
            let proxy: LiveProxy
            let plain: ProxyAddress
            let tls: ProxyAddress

            static func start(tokens: Bool = false, _ flags: String...) async throws -> Place {
                let folder = try TemporaryFolder()
                let web = try await LoadTests.webFile(in: folder)
                var rules: [String] = []
                if tokens {
                    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                        .deletingLastPathComponent()
                    let script = try Program(
                        root.appendingPathComponent("scripts/bench-access").path, ["\(LoadTests.clients)"])
                    #expect(try await script.exited() == .code(0))
                    rules = ["--access.config.file=\(try folder.write(script.output.text, to: "access.yml"))"]
                }
                let path = try Executable.built("pushprox-proxy")
                let program = try Program(
                    path,
                    [
                        "--web.listen-address=127.0.0.1:0", "--web.client-listen-address=127.0.0.1:0",
                        "--web.client-config.file=\(web)", "--storage.path=\(folder.file("p.db"))",
                    ] + rules + flags)
                let port = try LogText.port(in: try await program.errors.line(with: "msg=listening", "listener=web"))
                let tls = try LogText.port(in: try await program.errors.line(with: "msg=listening", "listener=clients"))
                return Place(
                    folder: folder, proxy: LiveProxy(program: program, port: port),
                    plain: ProxyAddress(host: "127.0.0.1", port: port),
                    tls: ProxyAddress(host: "127.0.0.1", port: tls, isTLS: true))
            }
        }

        /// Clients and a scraper, at work.
        private struct Work {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let fleet: Fleet
            let scraper: Scraper

            /// - Parameter scrapes: Where scrapes go.
            init(_ clients: FleetConfiguration, scrapes proxy: ProxyAddress) async throws {
                fleet = try await Fleet(clients, on: [group.next()])
                try await fleet.start()
                scraper = try await Scraper(
                    ScrapeConfiguration(
                        proxy: proxy,
                        targets: (0..<LoadTests.clients).map {
                            "\(FleetConfiguration.fqdn(prefix: "bench", index: $0)):9100"
                        },
                        token: clients.showsTokens ? BenchToken.scraper : nil, timeout: .seconds(60)),
                    on: group.next())
                try await scraper.start(.closed(inFlight: 4))
            }

            /// Waits until the clients have been asked for so many scrapes more.
            func scraped(_ more: Int, _ place: Place) async throws {
                let before = try await fleet.counts().scrapes
                try await eventually("\(more) scrapes more") {
                    _ = try await place.proxy.get("/-/healthy")
                } look: {
                    try await fleet.counts().scrapes >= before + more ? true : nil
                }
            }

            /// Ends it: every scrape must have been answered with its own body.
            func end() async throws {
                try await scraper.stop()
                let counts = try await scraper.mark().counts
                #expect(counts.errors == 0 && counts.good == counts.sent, "\(counts.summary)")
                let fleet = try await fleet.counts()
                #expect(fleet.errors == 0 && fleet.scrapes == counts.sent, "\(fleet)")
                try await self.fleet.stop()
                try await group.shutdownGracefully()
            }
        }

        private static let manners: [Set<Dialect.Word>] = [
            [], [.tls], [.tokens], [.tunnel], [.tls, .tunnel], [.tls, .tunnel, .tokens],
        ]

        @Test("is answered without an error in every way that it can speak", arguments: manners)
        func manner(words: Set<Dialect.Word>) async throws {
            let place = try await Place.start(tokens: words.contains(.tokens))
            // Scrapes over TLS go where scrapes are taken: another listener than that of the clients.
            let work = try await Work(
                FleetConfiguration(
                    proxy: words.contains(.tls) ? place.tls : place.plain, clients: Self.clients,
                    isTunnelled: words.contains(.tunnel), showsTokens: words.contains(.tokens), noticesRepeats: true),
                scrapes: place.plain)
            try await work.scraped(300, place)
            try await work.end()
            if !words.contains(.tokens) {
                let port = place.proxy.port
                let byTunnel = try await Question.metric(
                    port: port, "pushprox_transport_scrapes_total{transport=\"tunnel\"}")
                #expect((byTunnel > 0) == words.contains(.tunnel))
                let handshakes = try await Question.metric(
                    port: port, "pushprox_web_tls_handshakes_total{version=\"1.3\"}")
                #expect((handshakes > 0) == words.contains(.tls))
            }
            #expect(try await place.proxy.program.stop() == .code(0))
        }

        @Test("scrapes over TLS as well")
        func scrapesOverTLS() async throws {
            let folder = try TemporaryFolder()
            let proxy = try await LiveProxy.start("--web.config.file=\(try await Self.webFile(in: folder))")
            let address = ProxyAddress(host: "127.0.0.1", port: proxy.port, isTLS: true)
            let work = try await Work(
                FleetConfiguration(proxy: address, clients: Self.clients), scrapes: address)
            try await eventually("300 scrapes") { try await work.fleet.counts().scrapes >= 300 ? true : nil }
            try await work.end()
            #expect(try await proxy.program.stop() == .code(0))
        }

        @Test(
            "goes on beside peers that shake hands without end, and beside peers that stall: only so many are under way",
            arguments: [false, true])
        func flood(stalls: Bool) async throws {
            let place = try await Place.start("--web.max-handshakes=3", "--web.read-header-timeout=3s")
            let port = place.proxy.port
            let work = try await Work(
                FleetConfiguration(proxy: place.tls, clients: Self.clients), scrapes: place.plain)
            try await work.scraped(100, place)
            let flood = try await Flood.start(
                place.tls, peers: 30, stalls: stalls, from: "127.0.0.2", on: work.group.next())
            var most = 0.0
            try await eventually("what the flood counts") {
                most = max(most, try await Question.metric(port: port, "pushprox_web_tls_handshakes_in_progress"))
                let counts = try await flood.counts()
                #expect(counts.connectErrors == 0 && counts.stalled <= 30, "\(counts)")
                return stalls ? counts.closed >= 60 ? true : nil : counts.done >= 300 ? true : nil
            }
            #expect(most > 0 && most <= 3)
            // Who comes from elsewhere does not stand behind them.
            for _ in 0..<3 {
                let answer = try await HTTPGet.get("/-/healthy", from: place.tls, on: work.group.next())
                #expect(answer.status == 200)
            }
            try await work.scraped(100, place)
            let counts = try await flood.counts()
            try await flood.stop()
            if stalls {
                #expect(counts.done == 0)
                #expect(
                    try await Question.metric(
                        port: port, "pushprox_web_tls_handshake_failures_total{reason=\"timeout\"}") >= 60)
            } else {
                #expect(counts.stalled == 0)
                // Those of the clients come on top.
                #expect(
                    try await Question.metric(port: port, "pushprox_web_tls_handshakes_total{version=\"1.3\"}")
                        >= Double(counts.done))
            }
            try await work.end()
            try await eventually("nobody to shake hands any more") {
                try await Question.metric(port: port, "pushprox_web_tls_handshakes_in_progress") == 0 ? true : nil
            }
            #expect(try await place.proxy.program.stop() == .code(0))
        }
    }
}
