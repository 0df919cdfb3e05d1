import NIOCore
import TestKit
import Testing

@testable import Client

/// How a client comes to its tunnel, and what it does where there is none.
@Suite(.timeLimit(.minutes(1))) struct TransportTests {
    @Test("A tunnel is asked for below the path of --proxy-url, with the same credentials as a poll")
    func request() async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.proxyURL =
                (try? HTTPURL("http://user:pw@127.0.0.1:\(proxy.port)/x/y/")) ?? configuration.proxyURL
        } _: { subject in
            let request = try await proxy.next("/tunnel")
            #expect(request.line == "GET /x/y/tunnel HTTP/1.1")
            #expect(request.value("Host") == "127.0.0.1:\(proxy.port)")
            #expect(request.value("Authorization") == "Basic dXNlcjpwdw==")
            #expect(request.value("Upgrade") == "websocket")
            #expect(request.value("Connection") == "Upgrade")
            #expect(request.value("Sec-WebSocket-Version") == "13")
            #expect(request.value("Sec-WebSocket-Protocol") == "pushprox.v2")
            #expect(!subject.client.readiness.isReady)
        }
    }

    @Test(
        "A proxy that answers without a tunnel is polled at once, with one line in the log",
        arguments: [
            "400 Bad Request", "404 Not Found", "405 Method Not Allowed", "426 Upgrade Required", "502 Bad Gateway",
            "200 OK", "500 Internal Server Error", "301 Moved Permanently",
        ])
    func noTunnel(status: String) async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { subject in
            try await proxy.next("/tunnel").answer(status: status, "<html>")
            try await proxy.next("/poll").answer(status: "204 No Content")
            _ = try await proxy.next("/poll")
            #expect(subject.client.readiness.isReady)
            #expect(subject.log.count("polling it instead") == 1)
            #expect(subject.log.count("status \(status.prefix(3))") == 1)
            #expect(subject.log.count("level=WARN") == 0)
        }
    }

    @Test(
        "An answer that opens no WebSocket of ours is none",
        arguments: [
            "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "SSH-2.0\r\n\r\n",
            "HTTP/1.1 101 X\r\n\r\n",
        ])
    func notOurs(answer: String) async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { subject in
            try await proxy.next("/tunnel").answer(answer)
            _ = try await proxy.next("/poll")
            #expect(subject.log.count("polling it instead") == 1)
        }
    }

    @Test("Interim answers are skipped, and a refusal's own words are told, once, without what we show")
    func interimAndWords() async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.proxyURL =
                (try? HTTPURL("http://user:pw@127.0.0.1:\(proxy.port)/")) ?? configuration.proxyURL
        } _: { subject in
            let request = try await proxy.next("/tunnel")
            try await request.peer.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 403 Forbidden\r\n")
            try await request.answer("Content-Length: 29\r\n\r\nnot dXNlcjpwdw== here, never\n")
            _ = try await proxy.next("/poll")
            #expect(subject.log.count("not … here, never") == 1)
        }
    }

    @Test("A client that is denied shows a newer token as soon as there is one")
    func denied() async throws {
        let folder = try TemporaryFolder()
        let token = try folder.write("old", to: "token")
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.credential = .tokenFile(token)
            configuration.transport = .tunnel
        } _: { _ in
            let request = try await proxy.next("/tunnel")
            #expect(request.value("Authorization") == "Bearer old")
            _ = try folder.write("newer", to: "token")
            try await request.answer(status: "401 Unauthorized", "who?\n")
            try await eventually("a request with the newer token") {
                let next = try await proxy.next("/tunnel")
                try await next.answer(status: "401 Unauthorized")
                return next.value("Authorization") == "Bearer newer" ? true : nil
            }
        }
    }

    @Test("A busy proxy is dialled again, not polled")
    func busy() async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { subject in
            for _ in 0..<5 {
                try await proxy.next("/tunnel").answer(status: "503 X", fields: "Retry-After: 0\r\n")
            }
            _ = try await proxy.next("/tunnel")
            #expect(proxy.seen("/poll") == 0)
            #expect(subject.log.count("there is no tunnel to the proxy; trying on") == 1)
        }
    }

    @Test("A proxy that hangs up on the request three times in a row is polled")
    func hangsUp() async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { subject in
            for _ in 0..<3 { try await proxy.next("/tunnel").cut() }
            try await proxy.next("/poll").answer(status: "204 No Content")
            #expect(subject.log.count("polling it instead") == 1)
        }
    }

    @Test("A proxy that is away is dialled until it is there")
    func away() async throws {
        let refusing = try RefusingPort()
        try await ClientUnderTest.run { configuration in
            configuration.proxyURL = (try? HTTPURL("http://127.0.0.1:\(refusing.port)/")) ?? configuration.proxyURL
        } _: { subject in
            try await eventually("a second attempt") {
                (subject.metric("pushprox_client_tunnel_dials_total{result=\"unreachable\"}") ?? 0) > 1 ? true : nil
            }
            #expect(subject.log.count("there is no tunnel to the proxy; trying on") == 1)
            #expect(subject.metric("pushprox_client_polls_total{result=\"error\"}") == 0)
        }
    }

    @Test("Told to poll, a client asks for no tunnel; told to use a tunnel, it does not poll")
    func modes() async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.transport = .poll
        } _: { _ in
            try await proxy.next("/poll").answer(status: "204 No Content")
            _ = try await proxy.next("/poll")
            #expect(proxy.seen("/tunnel") == 0)
        }
        let other = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: other) { configuration in
            configuration.transport = .tunnel
        } _: { _ in
            for _ in 0..<5 { try await other.next("/tunnel").answer(status: "404 Not Found") }
            #expect(other.seen("/poll") == 0)
        }
    }
}
