import Flags
import NIOCore
import TestKit
import Testing

@testable import Web

@Suite("Peers that do not read") struct UnreadAnswerTests {
    @Test(
        "A peer that reads nothing of its answer is reset after the write timeout",
        arguments: ["", "Connection: close\r\n", "Content-Length: 3\r\nConnection: close\r\n"])
    func neverReads(field: String) async throws {
        try await EchoServer.run(WebLimits(readHeaderTimeout: .seconds(300), writeTimeout: .milliseconds(500))) {
            server in
            let connection = try await RawConnection.open(port: server.port, receiveBuffer: 16_384)
            try await connection.stopReading()
            try await connection.send("GET /static/large HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
            try await server.wait("test_web_write_timeouts_total", for: 1)
            #expect(server.metric("test_web_pending_bytes") == 0)
            guard case .reset = await connection.closed() else {
                Issue.record("the answer looks complete")
                return
            }
        }
    }

    @Test("A peer that asks and asks, reads nothing, and so leaves small answers behind, is reset too")
    func manySmall() async throws {
        try await EchoServer.run(WebLimits(readHeaderTimeout: .seconds(300), writeTimeout: .milliseconds(500))) {
            server in
            let connection = try await RawConnection.open(port: server.port, receiveBuffer: 16_384)
            try await connection.stopReading()
            let asking = Task {
                let request = String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 1_000)
                // Ends when the connection does, which is what is waited for.
                while true { try await connection.send(request) }
            }
            try await server.wait("test_web_write_timeouts_total", for: 1)
            guard case .failure = await asking.result else { return }
        }
    }

    @Test(
        "A peer that reads a little of much makes progress, long before its socket has room; one that does not makes none"
    )
    func progress() async throws {
        try await EchoServer.run { server in
            let connection = try await RawConnection.open(port: server.port, receiveBuffer: 16_384)
            try await connection.stopReading()
            try await connection.send("GET /watched HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.wait("test_web_pending_bytes", for: Echo.large.readableBytes)
            // What fits in the sockets goes first.
            var stuck = try await server.held.progress()
            var same = 0
            while same < 100 {
                let next = try await server.held.progress()
                same = next == stuck ? same + 1 : 0
                stuck = next
            }
            let before = stuck
            let moved = Task {
                try await eventually("progress") { try await server.held.progress() == before ? nil : true }
            }
            try await connection.resumeReading()
            let size = Echo.large.readableBytes
            #expect(try await connection.wait { $0.readableBytes > size ? true : nil })
            #expect(try await moved.value)
        }
    }

    @Test(
        "Answers that wait for slow readers are bounded; one body that they share counts once; small ones are always given"
    )
    func pending() async throws {
        let size = Echo.large.readableBytes
        let limits = WebLimits(
            readHeaderTimeout: .seconds(300), writeTimeout: .seconds(300), maxPendingBytes: size + 1_000_000)
        try await EchoServer.run(limits) { server in
            var slow: [RawConnection] = []
            for target in ["/static/large", "/static/large", "/static/other", "/static/large"] {
                let connection = try await RawConnection.open(port: server.port, receiveBuffer: 16_384)
                try await connection.stopReading()
                try await connection.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                slow.append(connection)
                if slow.count < 3 { try await server.wait("test_web_pending_bytes", for: size) }
                if slow.count == 3 { try await server.wait("test_web_answers_refused_total", for: 1) }
            }
            try await slow[2].resumeReading()
            let refusal = try await slow[2].response()
            #expect(refusal.status == 503)
            #expect(refusal["Retry-After"] == "1")
            let other = try await server.open()
            try await other.send("GET /static/small HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await other.response().status == 200)
            for index in [0, 1, 3] {
                try await slow[index].resumeReading()
                #expect(try await slow[index].wait { $0.readableBytes > size ? true : nil })
            }
            try await server.wait("test_web_pending_bytes", for: 0)
        }
    }
}
