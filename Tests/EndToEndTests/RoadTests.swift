import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("Between our client and our proxy") struct RoadTests {
        /// Larger than what a client holds back, so that it streams.
        private static let large = String(repeating: "some_metric{label=\"value\"} 1\n", count: 10_000)

        private static func target() async throws -> ScriptedTarget {
            try await ScriptedTarget.start { head, connection in
                let body = head.hasPrefix("GET /large ") ? large : "up 1\n"
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return true
            }
        }

        /// Several scrapes at once, of which one is large and one fails; how many there were.
        private static func scrape(_ proxy: LiveProxy, _ target: ScriptedTarget) async throws -> Double {
            let refusing = try RefusingPort()
            async let fails = proxy.scrape("localhost:\(refusing.port)")
            async let streams = proxy.scrape("localhost:\(target.port)", path: "/large")
            async let first = proxy.scrape("localhost:\(target.port)")
            async let second = proxy.scrape("localhost:\(target.port)")
            for response in try await [first, second] { #expect(response.body == "up 1\n", "\(response)") }
            #expect(try await streams.body == large)
            #expect(try await fails.body.contains("the client could not connect to its target"))
            return 4
        }

        /// How scrapes went, as the proxy counts them.
        private static func taken(_ proxy: LiveProxy) async throws -> [String: Double] {
            var taken: [String: Double] = [:]
            for transport in ["poll", "tunnel"] {
                taken[transport] = try await Question.metric(
                    port: proxy.port, "pushprox_transport_scrapes_total{transport=\"\(transport)\"}")
            }
            return taken
        }

        private static func lines(_ client: LiveClient, _ word: String) -> [String] {
            client.program.errors.lines.filter { $0.contains(word) }
        }

        @Test("the recipes of docs/operations.md are all run by the tests here") func allAreRun() throws {
            #expect(try RecipePage("docs/operations.md").names == ["nginx", "haproxy"])
        }

        @Test("a tunnel takes every scrape", arguments: Road.allCases) func open(_ road: Road) async throws {
            let travel = try await road.travel(open: true)
            let target = try await Self.target()
            try await travel.client.program.errors.line(with: "the tunnel to the proxy is up")
            let count = try await Self.scrape(travel.proxy, target)
            #expect(try await Self.taken(travel.proxy) == ["tunnel": count, "poll": 0])
            #expect(try await Question.metric(port: travel.proxy.port, "pushprox_proxy_tunnels") == 1)
            #expect(try await Question.metric(port: travel.proxy.port, "pushprox_proxy_waiting_polls") == 0)
            #expect(try await Question.metric(port: travel.client.port, "pushprox_client_tunnel_up") == 1)
            #expect(Self.lines(travel.client, "tunnel").count == 1, "\(travel.client.program.errors.text)")
            #expect(Self.lines(travel.client, "level=WARN") == [])
            #expect(try await travel.stop() == [.code(0), .code(0)])
            await target.stop()
        }

        @Test(
            "polls take every scrape where upgrades are forbidden, one line says so, and a client's end is passed on",
            arguments: Road.allCases)
        func closed(_ road: Road) async throws {
            let travel = try await road.travel(open: false)
            let target = try await Self.target()
            try await travel.client.program.errors.line(with: "there is no tunnel to the proxy; polling it instead")
            let count = try await Self.scrape(travel.proxy, target)
            #expect(try await Self.taken(travel.proxy) == ["tunnel": 0, "poll": count])
            #expect(try await Question.metric(port: travel.proxy.port, "pushprox_proxy_tunnels") == 0)
            #expect(try await Question.metric(port: travel.client.port, "pushprox_client_tunnel_up") == 0)
            #expect(
                try await Question.metric(
                    port: travel.client.port, "pushprox_client_tunnel_dials_total{result=\"none\"}") == 1)
            #expect(Self.lines(travel.client, "tunnel").count == 1, "\(travel.client.program.errors.text)")
            #expect(Self.lines(travel.client, "level=WARN") == [])

            // What is on the way passes on that a poll's client has gone.
            try await eventually("a poll that waits") {
                try await Question.metric(port: travel.proxy.port, "pushprox_proxy_waiting_polls") == 1 ? true : nil
            }
            travel.client.program.signal(SIGKILL)
            try await eventually("the poll's end") {
                try await Question.metric(port: travel.proxy.port, "pushprox_proxy_waiting_polls") == 0 ? true : nil
            }
            #expect(try await travel.stop() == [.signal(SIGKILL), .code(0)])
            await target.stop()
        }
    }
}
