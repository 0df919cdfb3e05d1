import Flags
import NIOCore
import TestKit
import Testing

@testable import Web

@Suite("Behind TLS") struct ChannelStepTests {
    private func run(
        _ limits: WebLimits = WebLimits(readHeaderTimeout: .seconds(300)), body: (EchoServer) async throws -> Void
    ) async throws {
        try await EchoServer.run(limits, steps: [TestTLS()], prepare: TestTLS.client, body: body)
    }

    @Test("Requests are served as they are without it, and a connection can be handed over")
    func served() async throws {
        try await run { server in
            let connection = try await server.open()
            for _ in 0..<2 {
                try await connection.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                #expect(try await connection.response().body == "POST /a hi\n")
            }
            try await connection.send("GET /at-once HTTP/1.1\r\nHost: a\r\n\r\nearly")
            #expect(try await connection.response().status == 101)
            #expect(try await connection.text(upTo: "early") == "raw:early")
        }
    }

    @Test("A response that ends with the connection is told from one that is cut short")
    func aborted() async throws {
        try await run { server in
            let whole = try await server.open()
            try await whole.send("GET /whole HTTP/1.1\r\nHost: a\r\n\r\n")
            guard case .closed(let answer) = await whole.closed() else {
                Issue.record("a whole answer looks cut short")
                return
            }
            #expect(answer.hasSuffix("\r\n\r\nall of it"))
            let cut = try await server.open()
            try await cut.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n")
            guard case .reset = await cut.closed() else {
                Issue.record("a part of an answer looks whole")
                return
            }
            try await server.wait("test_web_connections", for: 1)
        }
    }

    @Test("A refused peer reads its answer, and is then closed")
    func gently() async throws {
        try await run(WebLimits(readHeaderTimeout: .seconds(3))) { server in
            for (request, status) in [("rubbish\r\n\r\n", 400), ("GET / HT", 408)] {
                let connection = try await server.open()
                try await connection.send(request)
                #expect(try await connection.response().status == status)
                #expect(await connection.closed() == .closed(""))
            }
            let silent = try await server.open()
            _ = await silent.closed()
            #expect(server.metric("test_web_slow_requests_total") == 2)
        }
    }

    @Test("A handshake that is never finished is a request that never comes")
    func handshake() async throws {
        try await run(WebLimits(readHeaderTimeout: .seconds(1))) { server in
            let connection = try await RawConnection.open(port: server.port)
            _ = await connection.closed()
            #expect(server.metric("test_web_slow_requests_total") == 1)
        }
    }

    @Test("Idle connections are closed, and those whose peer does not read are reset; what waits is counted")
    func patience() async throws {
        let limits = WebLimits(
            readHeaderTimeout: .seconds(300), idleTimeout: .milliseconds(500), writeTimeout: .milliseconds(500))
        try await run(limits) { server in
            let idle = try await server.open()
            try await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.response().status == 200)
            #expect(await idle.closed() == .closed(""))
            let unread = try await server.open(receiveBuffer: 16_384)
            // Goes out when the handshake is done.
            try await unread.send("GET /static/large HT")
            try await unread.stopReading()
            try await unread.send("TP/1.1\r\nHost: a\r\n\r\n")
            try await server.wait("test_web_write_timeouts_total", for: 1)
            guard case .reset = await unread.closed() else {
                Issue.record("the answer looks complete")
                return
            }
            #expect(server.metric("test_web_pending_bytes") == 0)
        }
    }

    @Test("Who the peer is says what TLS has found out")
    func peer() async throws {
        try await run { server in
            let connection = try await server.open()
            try await connection.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            let peer = try await server.held.peer()
            #expect(peer.address == "127.0.0.1")
            #expect(peer.listener == "web")
            #expect(peer.security?.version == "tlsv13")
        }
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await server.held.peer().security == nil)
        }
    }
}
