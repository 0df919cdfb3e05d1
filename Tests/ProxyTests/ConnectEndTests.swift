import NIOCore
import TestKit
import Testing
import Tunnel

@testable import Proxy

@Suite("A connection through CONNECT that its scraper ends first") struct ConnectEndTests {
    /// One that is open, and what its client has of it.
    private static func open(
        _ it: TestProxy, receiveBuffer: Int? = nil
    ) async throws -> (client: TunnelClient, stream: TunnelStreamID, scraper: RawConnection) {
        let client = try await TunnelClient.open(it, ["a"])
        _ = try await client.welcome()
        let scraper = try await it.connect(receiveBuffer: receiveBuffer)
        try await scraper.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
        let stream = try await client.opened().stream
        client.end.connected(stream)
        try await client.write()
        _ = try await scraper.text(upTo: "\r\n\r\n")
        return (client, stream, scraper)
    }

    /// Waits for the scraper's END.
    private static func ended(_ client: TunnelClient, _ stream: TunnelStreamID) async throws {
        while true {
            switch try await client.next() {
            case .data(_, let bytes): client.end.passedOn(stream, bytes.readableBytes, at: .now())
            case .ended: return
            default: throw TestProxy.Missing(what: "END")
            }
        }
    }

    @Test("has not failed: that is how a scraper closes what it does not need any more")
    func closedFirst() async throws {
        try await TestProxy.run { it in
            let (client, stream, scraper) = try await Self.open(it)
            try await scraper.send("hello")
            await scraper.close()
            try await Self.ended(client, stream)
            client.end.end(stream)
            try await client.write()
            try await it.until { $0.connections == 0 && $0.streams == 0 }
            try await it.metric("pushprox_connection_failures_total{kind=\"scraper_gone\"}", is: 0)
            try await it.metric("pushprox_connections_opened_total", is: 1)
        }
    }

    @Test("gets all that the target sends after that")
    func halfClosed() async throws {
        try await TestProxy.run { it in
            let (client, stream, scraper) = try await Self.open(it, receiveBuffer: 4096)
            try await scraper.endSending()
            try await Self.ended(client, stream)
            let size = 16 << 20
            client.end.send(stream, ByteBuffer(repeating: UInt8(ascii: "x"), count: size))
            client.end.send(stream, ByteBuffer(string: "!"))
            client.end.end(stream)
            try await client.write()
            let tunnel = client.connection
            let reading = Task {
                defer { Task { await tunnel.close() } }
                return try? await scraper.wait { $0.readableBytes > size ? $0.readableBytes : nil }
            }
            // Windows come until all has gone; then nothing, and the reader closes the tunnel.
            while (try? await client.next()) != nil {}
            #expect(await reading.value == size + 1)
        }
    }

    @Test("is told when the rest does not come in time, and does not take that for its end", arguments: [true, false])
    func idle(halfClosed: Bool) async throws {
        try await TestProxy.run(
            { $0.connectMaxIdle = .seconds(2) },
            body: { it in
                let (client, stream, scraper) = try await Self.open(it)
                if halfClosed {
                    try await scraper.endSending()
                    try await Self.ended(client, stream)
                }
                #expect(await scraper.closed() == (halfClosed ? .reset("") : .closed("")))
                try await it.metric("pushprox_connections_idle_total", is: 1)
                await client.connection.close()
            })
    }
}
