import Flags
import NIOCore
import TestKit
import Testing

@testable import Web

@Suite("Bytes that nobody asked for") struct UnwantedBodyTests {
    @Test(
        "A route answers when the head is in, whatever body is announced or comes",
        arguments: [
            ("POST", "/static/small", "Transfer-Encoding: chunked", 405),
            ("GET", "/static/small", "Content-Length: 9", 200),
            ("POST", "/static/none", "Transfer-Encoding: chunked", 404),
            ("GET", "/static/small", "Content-Length: 1048577", 413),
            ("POST", "/static/small", "Content-Length: 9223372036854775807", 413),
            ("GET", "/static/small", "Content-Length: 9223372036854775808", 400),
        ] as [(String, String, String, Int)])
    func atOnce(method: String, target: String, framing: String, status: Int) async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
            let response = try await connection.response()
            #expect(response.status == status)
            #expect((response["Connection"] == "close") == (status == 413 || status == 400))
        }
    }

    @Test("A peer that waits for 100 Continue is refused without it")
    func expecting() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send(
                "POST /static/small HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n")
            #expect(try await connection.response().status == 413)
        }
    }

    @Test("An endless body is thrown away as far as its bound, then the connection ends")
    func endless() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("POST /static/small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(try await connection.response().status == 405)
            let chunk = ByteBuffer(string: "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n")
            // Far more than the bound and what the kernel holds on both sides; sending fails once the connection is gone.
            await #expect(throws: (any Error).self) {
                for _ in 0..<10_000 { try await connection.send(chunk) }
            }
        }
    }

    @Test(
        "Too much behind a request that waits and takes little ends it, so that a peer which leaves is always noticed",
        arguments: [600, 3_000_000])
    func behindPoll(count: Int) async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("GET /poll HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.held.arrived(1)
            let sending = Task { try await connection.send(String(repeating: "x", count: count)) }
            try await server.held.waitForLost(1)
            #expect(server.metric("test_web_pipelining_refused_total") == 1)
            _ = await sending.result
            if count == 600 { #expect(try await connection.response().status == 400) }
        }
    }

    @Test("The longest durations that flags can give are no trap")
    func longest() async throws {
        let longest = GoDuration(nanoseconds: .max)
        let limits = WebLimits(
            readHeaderTimeout: longest, idleTimeout: longest, writeTimeout: longest, maxPendingBytes: .max)
        try await EchoServer.run(limits) { server in
            let connection = try await RawConnection.open(port: server.port, receiveBuffer: 16_384)
            try await connection.send("GET / HT")
            try await connection.send("TP/1.1\r\nHost: a\r\n\r\nGET /static/large HTTP/1.1\r\nHost: a\r\n\r\n")
            let size = Echo.large.readableBytes
            #expect(try await connection.wait { $0.readableBytes > size ? true : nil })
        }
    }

    @Test("The shortest durations that flags can give are no trap either")
    func shortest() async throws {
        let shortest = GoDuration(nanoseconds: 1)
        let limits = WebLimits(readHeaderTimeout: shortest, idleTimeout: shortest, writeTimeout: shortest)
        try await EchoServer.run(limits) { server in
            let connection = try await server.open()
            guard case .closed = await connection.closed() else {
                Issue.record("it was reset")
                return
            }
        }
    }
}
