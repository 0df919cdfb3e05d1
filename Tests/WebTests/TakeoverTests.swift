import Flags
import Glibc
import TestKit
import Testing

@testable import Web

@Suite("Connections that are handed over") struct TakeoverTests {
    private static let upgrade = "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

    @Test(
        "No byte is lost, whatever was sent before, with and behind the request",
        arguments: [
            upgrade, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n" + upgrade,
            "POST /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x, Echo\r\nContent-Length: 2\r\n\r\nhi",
            "GET /at-once HTTP/1.1\r\nHost: a\r\n\r\n",
        ])
    func early(requests: String) async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send(requests + "early")
            if requests.hasPrefix("GET /a ") { #expect(try await connection.response().body == "GET /a \n") }
            #expect(try await connection.response().status == 101)
            #expect(try await connection.text(upTo: "early") == "raw:early")
            try await connection.send("late")
            #expect(try await connection.text(upTo: "late") == "raw:late")
        }
    }

    @Test("What comes while the exchange decides is handed on in order, and read no further than 64 KiB")
    func deciding() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("GET /hold-upgrade HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.held.arrived(1)
            let early = String(repeating: "0123456789", count: 6_000)
            for piece in 0..<6 {
                try await connection.send(String(early.dropFirst(piece * 10_000).prefix(10_000)))
            }
            #expect(try await server.held.handOver(1) == [true])
            #expect(try await connection.response().status == 101)
            let text = try await connection.wait { buffer -> String? in
                let text = String(buffer: buffer).replacing("raw:", with: "")
                return text.utf8.count == early.utf8.count ? text : nil
            }
            #expect(text == early)
        }
    }

    @Test("HTTP/1.0 can't change protocols, nor can who asks for another one")
    func refused() async throws {
        try await EchoServer.run { server in
            for request in [
                "GET /upgrade HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
                "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo/2\r\n\r\n",
                "GET /upgrade HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n",
            ] {
                let connection = try await server.open()
                try await connection.send(request)
                #expect(try await connection.response().body == "GET /upgrade \n")
            }
        }
    }

    @Test("A peer that has gone while the exchange decided leaves nothing to hand over")
    func gone() async throws {
        try await EchoServer.run { server in
            let connection = try await server.open()
            try await connection.send("GET /hold-upgrade HTTP/1.1\r\nHost: a\r\n\r\nearly")
            try await server.held.arrived(1)
            await connection.close()
            try await server.held.waitForLost(1)
            #expect(try await server.held.handOver(1) == [false])
            try await server.wait("test_web_connections", for: 1)
        }
    }

    @Test("One that writing the answer finds reset is not handed over, and is counted out once")
    func reset() async throws {
        try await EchoServer.run { server in
            for _ in 0..<3 {
                let socket = try #require(BlockingSocket(port: server.port))
                socket.send("GET /hold-upgrade HTTP/1.1\r\nHost: a\r\n\r\nearly")
                #expect(try await server.held.handOver(1, after: { socket.reset() }) == [false])
            }
            try await server.wait("test_web_connections", for: 1)
        }
    }

    @Test("One that its taker closes because of what came with the request is counted out once")
    func closedAtOnce() async throws {
        try await EchoServer.run { server in
            for _ in 0..<3 {
                let connection = try await server.open()
                try await connection.send(Self.upgrade + "close")
                #expect(try await connection.response().status == 101)
                #expect(await connection.closed() == .closed(""))
            }
            try await server.wait("test_web_connections", for: 1)
        }
    }

    @Test("It counts as a connection until it closes, and is neither slow nor idle meanwhile")
    func counted() async throws {
        try await EchoServer.run(WebLimits(readHeaderTimeout: .seconds(2), idleTimeout: .seconds(1))) { server in
            let connection = try await server.open()
            try await connection.send(Self.upgrade)
            #expect(try await connection.response().status == 101)
            // Others are found slow and idle meanwhile.
            let idle = try await server.open()
            try await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.response().status == 200)
            #expect(await idle.closed() == .closed(""))
            #expect(await (try await server.open()).closed() == .closed(""))
            // It, and the one that asks; a peer hears of its end before it is counted out.
            try await server.wait("test_web_connections", for: 2)
            try await connection.send("here")
            #expect(try await connection.text(upTo: "here") == "raw:here")
            await connection.close()
            try await server.wait("test_web_connections", for: 1)
        }
    }
}

/// A socket whose every call is done when it returns, and that is reset at a moment of the test's choice.
private struct BlockingSocket: Sendable {
    private let descriptor: Int32

    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            return nil
        }
    }

    func send(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } }

    func reset() {
        var never = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &never, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
    }
}
