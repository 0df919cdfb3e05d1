import Flags
import TestKit
import Testing

@testable import Web

@Suite("Idle connections") struct IdleTests {
    private func served(_ server: EchoServer) async throws -> RawConnection {
        let connection = try await server.open()
        try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await connection.response().status == 200)
        return connection
    }

    @Test("A connection between requests is closed after the idle timeout; one that waits for its answer is not")
    func timeout() async throws {
        try await EchoServer.run(WebLimits(readHeaderTimeout: .seconds(300), idleTimeout: .seconds(1))) { server in
            let waiting = try await server.open()
            try await waiting.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            let half = try await server.open()
            try await half.send("GET /half HTTP/1.1\r\nHo")
            #expect(try await served(server).closed() == .closed(""))
            #expect(try await served(server).closed() == .closed(""))
            #expect(server.metric("test_web_idle_connections_closed_total{reason=\"timeout\"}") == 2)
            try await server.held.answer(1)
            #expect(try await waiting.response().body == "held\n")
            try await half.send("st: a\r\n\r\n")
            #expect(try await half.response().status == 200)
        }
    }

    @Test("At the bound of connections an idle one makes room; where none is idle the new one is refused")
    func room() async throws {
        try await EchoServer.run(WebLimits(maxConnections: 2, readHeaderTimeout: .seconds(300))) { server in
            let waiting = try await server.open()
            try await waiting.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.held.arrived(1)
            // On whichever event loop they are.
            var last = try await served(server)
            for count in 1...4 {
                let next = try await served(server)
                #expect(await last.closed() == .closed(""))
                #expect(server.metric("test_web_idle_connections_closed_total{reason=\"room\"}") == count)
                last = next
            }
            #expect(server.metric("test_web_connections_refused_total") == 0)
            try await last.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.held.arrived(2)
            #expect(try await server.open().response().status == 503)
            #expect(server.metric("test_web_connections_refused_total") == 1)
            try await server.held.answer(2)
            for connection in [waiting, last] { #expect(try await connection.response().body == "held\n") }
        }
    }

    @Test("A connection that has asked for nothing yet is not idle, and makes no room")
    func fresh() async throws {
        try await EchoServer.run(WebLimits(maxConnections: 1, readHeaderTimeout: .seconds(300))) { server in
            let silent = try await server.open()
            // The next one may be on another event loop, and be counted first.
            try await eventually("the first is counted") { server.metric("test_web_connections") == 1 ? true : nil }
            #expect(try await server.open().response().status == 503)
            try await silent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await silent.response().status == 200)
        }
    }

    @Test(
        "Connections that come and go, ask, wait and idle in any order leave nothing behind",
        arguments: 0..<4 as Range<UInt64>)
    func walk(seed: UInt64) async throws {
        try await EchoServer.run(WebLimits(maxConnections: 8, readHeaderTimeout: .seconds(300))) { server in
            var random = Seeded(seed)
            var connections: [RawConnection] = []
            for _ in 0..<300 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0 where connections.count < 6: connections.append(try await server.open())
                case 1 where !connections.isEmpty:
                    await connections.remove(at: Int.random(in: connections.indices, using: &random)).close()
                default:
                    guard let connection = connections.randomElement(using: &random) else { continue }
                    do {
                        try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        #expect(try await connection.response().status == 200)
                    } catch {
                        // It has made room for another one.
                        connections.removeAll { $0 === connection }
                    }
                }
            }
            for connection in connections { await connection.close() }
            try await server.wait("test_web_connections", for: 1)
        }
    }
}
