import Flags
import Logging
import NIOCore
import NIOPosix
import Telemetry
import TestKit
import Testing
import Wire

@testable import Web

@Suite struct ServerConnectionTests {
    @Test("A connection serves one request after the other")
    func keepAlive() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            for number in 0..<3 {
                try await connection.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await connection.response()
                #expect(response.body == "GET /\(number) \n")
                #expect(response["Connection"] == nil)
            }
        }
    }

    @Test("Requests sent in one go are answered in order, also behind one that waits")
    func pipelined() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            #expect(try await connection.response().body == "POST /a hi\n")
            try await server.held.answer(1)
            #expect(try await connection.response().body == "held\n")
            #expect(try await connection.response().body == "GET /c \n")
        }
    }

    @Test(
        "A peer that goes while its request waits is noticed, pipelined bytes or not",
        arguments: ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
    func lost(more: String) async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n" + more)
            await connection.close()
            try await server.held.waitForLost(1)
        }
    }

    @Test("A peer that asks and asks and never reads is not answered without end")
    func neverReads() async throws {
        try await EchoServer.run { server in
            let connection = try await RawConnection.open(port: server.port, receiveBuffer: 16_384)
            try await connection.stopReading()
            let path = "/" + String(repeating: "x", count: 30_000)
            let asking = Task {
                for _ in 0..<2000 { try await connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") }
            }
            // Other connections are served, and this one too as soon as it reads.
            let other = try await server.open()
            try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await other.response().status == 200)
            try await connection.resumeReading()
            for _ in 0..<2000 { #expect(try await connection.response().status == 200) }
            try await asking.value
        }
    }

    @Test("HTTP/1.0 and Connection: close end the connection after the answer; HTTP/1.0 may ask to keep it")
    func versions() async throws {
        try await EchoServer.run { server in
            for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"] {
                let connection = try await server.open()
                try await connection.send(request)
                #expect(try await connection.response()["Connection"] == "close")
                #expect(await connection.closed() == .closed(""))
            }
            let kept = try await server.open()
            for _ in 0..<2 {
                try await kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                #expect(try await kept.response()["Connection"] == "keep-alive")
            }
        }
    }

    @Test("A peer that waits for 100 Continue gets it")
    func expectContinue() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send(
                "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try await connection.response().status == 100)
            try await connection.send("ok")
            #expect(try await connection.response().body == "POST /x ok\n")
        }
    }

    @Test("An answer before the body's end leaves the connection usable, once the rest has come")
    func early() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
            #expect(try await connection.response().body == "early\n")
            try await connection.send("67890GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.response().body == "GET /next \n")
        }
    }

    @Test("HEAD gets the head alone")
    func head() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.response(toHead: true)["Content-Length"] == "8")
            #expect(try await connection.response().body == "GET / \n")
        }
    }

    @Test(
        "What is no acceptable request is answered and the connection closed",
        arguments: [
            ("rubbish\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/3.0\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 70_000), 431),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ] as [(String, Int)])
    func malformed(request: String, status: Int) async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send(request)
            let response = try await connection.response()
            #expect(response.status == status)
            #expect(response["Connection"] == "close")
            await connection.close()
            let counted =
                (server.metric("test_web_malformed_requests_total") ?? 0)
                + (server.metric("test_web_oversized_heads_total") ?? 0)
            #expect(counted == 1)
        }
    }

    @Test(
        "A peer that takes too long over a request is closed with 408, one that never asks without a word",
        arguments: ["", "GET / HT"])
    func slow(beginning: String) async throws {
        try await EchoServer.run(WebLimits(readHeaderTimeout: .seconds(2))) { server in
            let connection = try await server.open()
            if !beginning.isEmpty {
                try await connection.send(beginning)
                #expect(try await connection.response().status == 408)
            }
            #expect(await connection.closed() == .closed(""))
            #expect(server.metric("test_web_slow_requests_total") == 1)
        }
    }

    @Test("Connections over the limit are answered 503 and closed; there is room again when one has gone")
    func limit() async throws {
        try await EchoServer.run(WebLimits(maxConnections: 1, readHeaderTimeout: .seconds(300))) { server in
            let first = try await server.open()
            try await first.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            // On another event loop the second may be served before the first.
            try await server.held.waitForHeld(1)
            let second = try await server.open()
            let refused = try await second.response()
            #expect(refused.status == 503)
            #expect(refused["Retry-After"] == "1")
            #expect(server.metric("test_web_connections_refused_total") == 1)
            await first.close()
            try await server.held.waitForLost(1)
            await second.close()
            var status = 503
            while status == 503 {
                let third = try await server.open()
                try await third.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                status = try await third.response().status
                await third.close()
            }
            #expect(status == 200)
        }
    }

    @Test("An address that is taken is refused with a sentence")
    func taken() async throws {
        try await EchoServer.run { server in
            do {
                let service = WebService(
                    on: MultiThreadedEventLoopGroup.singleton, limits: WebLimits(),
                    metrics: WebMetrics(in: MetricRegistry(), prefix: "test"), logger: Logger(label: "test"))
                _ = try await WebListener.bind(
                    ListenerConfiguration(
                        address: ListenAddress(host: "127.0.0.1", port: server.port), router: Echo()), in: service)
                Issue.record("it was not refused")
            } catch {
                #expect("\(error)" == "cannot listen on 127.0.0.1:\(server.port): the port is taken by another program")
            }
        }
    }
}
