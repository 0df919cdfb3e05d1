import NIOCore
import TestKit
import Testing
import Tunnel

@testable import Client

/// Connections that scrapers ask for (CONNECT), over sockets.
@Suite(.timeLimit(.minutes(1))) struct ConnectTests {
    private func run(
        _ change: @Sendable (inout ClientConfiguration) -> Void = { _ in },
        _ test: (ClientUnderTest, TunnelPeer, ScriptedServer) async throws -> Void
    ) async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        let target = try await ScriptedServer(takesRequests: false, halfCloses: true)
        try await ClientUnderTest.run(proxy: proxy, change) { subject in
            try await test(subject, try await TunnelPeer.welcome(try await proxy.next("/tunnel")), target)
        }
        await target.stop()
    }

    /// A connection that stands, and the target's end of it.
    private func open(_ tunnel: TunnelPeer, _ target: ScriptedServer) async throws -> (TunnelStreamID, Peer) {
        let stream = try await tunnel.connect("127.0.0.1:\(target.port)")
        guard case .connected(stream) = try await tunnel.next() else { throw TunnelPeer.Ended(how: nil) }
        return (stream, try await target.nextConnection())
    }

    /// Bytes of a stream, until there are as many.
    private func read(_ count: Int, of stream: TunnelStreamID, _ tunnel: TunnelPeer) async throws -> ByteBuffer {
        var bytes = ByteBuffer()
        while bytes.readableBytes < count {
            guard case .data(stream, let piece) = try await tunnel.next() else { throw TunnelPeer.Ended(how: nil) }
            bytes.writeImmutableBuffer(piece)
            try await tunnel.act { $0.passedOn(stream, piece.readableBytes, at: .now()) }
        }
        return bytes
    }

    @Test("Bytes pass both ways as they are, whoever speaks first, and each side ends when it likes")
    func bothWays() async throws {
        try await run { subject, tunnel, target in
            let (stream, peer) = try await open(tunnel, target)
            try await tunnel.act { $0.send(stream, ByteBuffer(bytes: [0, 1, 2, 255])) }
            #expect(try await peer.read(4) == [0, 1, 2, 255])
            try await peer.write([9, 8, 7])
            #expect(try await read(3, of: stream, tunnel) == ByteBuffer(bytes: [9, 8, 7]))
            #expect(subject.metric("pushprox_client_connections") == 1)
            // The proxy's half ends; the target's goes on.
            try await tunnel.act {
                $0.send(stream, ByteBuffer(string: "bye"))
                $0.end(stream)
            }
            #expect(try await peer.read(3) == Array("bye".utf8))
            try await peer.write("still here")
            #expect(try await read(10, of: stream, tunnel) == ByteBuffer(string: "still here"))
            await peer.close()
            guard case .ended(stream) = try await tunnel.next() else { throw TunnelPeer.Ended(how: nil) }
            try await eventually("it is over") { subject.metric("pushprox_client_connections") == 0 ? true : nil }
            #expect(subject.metric("pushprox_client_connections_total") == 1)
            #expect(subject.metric("pushprox_client_tunnel_streams") == 0)
        }
    }

    @Test("A target that ends its half first still hears the other one to its end")
    func targetEndsFirst() async throws {
        try await run { subject, tunnel, target in
            let (stream, peer) = try await open(tunnel, target)
            try await peer.write("all")
            try await peer.endOutput()
            #expect(try await read(3, of: stream, tunnel) == ByteBuffer(string: "all"))
            guard case .ended(stream) = try await tunnel.next() else { throw TunnelPeer.Ended(how: nil) }
            try await tunnel.act {
                $0.send(stream, ByteBuffer(string: "thanks"))
                $0.end(stream)
            }
            #expect(try await peer.read(6) == Array("thanks".utf8))
            try await eventually("it is over") { subject.metric("pushprox_client_connections") == 0 ? true : nil }
        }
    }

    @Test("What can't be connected to is told with the reason")
    func unreachable() async throws {
        let refusing = try RefusingPort()
        try await run { subject, tunnel, _ in
            let stream = try await tunnel.connect("127.0.0.1:\(refusing.port)")
            guard case .reset(stream, .targetUnreachable, let text) = try await tunnel.next() else {
                throw TunnelPeer.Ended(how: nil)
            }
            #expect(text.contains("127.0.0.1:\(refusing.port)") && text.contains("refused"))
            #expect(
                subject.metric("pushprox_client_connection_failures_total{kind=\"target_unreachable\"}") == 1)
            #expect(subject.metric("pushprox_client_connections") == 0)
        }
    }

    @Test(
        "Other hosts, ports that --scrape.allow does not name whole, and what is no address are refused",
        arguments: ["other:9100", "127.0.0.1:9101", "127.0.0.1:9102", "127.0.0.1", "127.0.0.1:0", ":9100", "x y"])
    func refused(authority: String) async throws {
        try await run {
            $0.allowed = ["9100", "9101/metrics", "9103"].compactMap { try? AllowedTarget($0) }
        } _: { _, tunnel, _ in
            let stream = try await tunnel.connect(authority)
            guard case .reset(stream, .targetRefused, _) = try await tunnel.next() else {
                throw TunnelPeer.Ended(how: nil)
            }
        }
    }

    @Test("A target that breaks off is told as that, and a connection that the proxy gives up is cut")
    func cut() async throws {
        try await run { subject, tunnel, target in
            let (first, peer) = try await open(tunnel, target)
            await peer.cut()
            guard case .reset(first, .targetBroken, _) = try await tunnel.next() else {
                throw TunnelPeer.Ended(how: nil)
            }
            let (second, other) = try await open(tunnel, target)
            try await tunnel.act { $0.reset(second) }
            #expect(await other.readToEnd() == .cut)
            let (_, last) = try await open(tunnel, target)
            await tunnel.request.cut()
            #expect(await last.readToEnd() == .cut)
            try await eventually("all are over") { subject.metric("pushprox_client_connections") == 0 ? true : nil }
        }
    }

    @Test("There are no more connections than scrapes at once")
    func bound() async throws {
        try await run {
            $0.maxInFlight = 2
        } _: { _, tunnel, target in
            // One whose end the proxy does not know of yet leaves room for another at the proxy, and none here.
            let (first, peer) = try await open(tunnel, target)
            _ = try await open(tunnel, target)
            try await tunnel.act { $0.reset(first) }
            #expect(await peer.readToEnd() == .cut)
            _ = try await open(tunnel, target)
        }
    }

    @Test("A target that does not read stops the proxy, and a proxy that does not read stops the target")
    func backpressure() async throws {
        try await run { _, tunnel, target in
            let (stream, peer) = try await open(tunnel, target)
            // To the proxy: no more than the window comes before some of it is passed on.
            let part = [UInt8](repeating: 0x78, count: 1_048_576)
            let writer = Task { for _ in 0..<16 { try await peer.write(part) } }
            var kept = 0
            while kept < TunnelSettings().window {
                if case .data(stream, let piece) = try await tunnel.next() { kept += piece.readableBytes }
            }
            #expect(kept == TunnelSettings().window)
            try await tunnel.act { $0.passedOn(stream, kept, at: .now()) }
            _ = try await read(16 * part.count - kept, of: stream, tunnel)
            try await writer.value
            // To the target: credit comes back as the target takes the bytes.
            let sender = Task {
                try await tunnel.act { end in for _ in 0..<16 { end.send(stream, ByteBuffer(bytes: part)) } }
                try await tunnel.act { $0.end(stream) }
                // Credit is heard of while events are read.
                while case .data = try await tunnel.next() {}
            }
            for _ in 0..<16 { #expect(try await peer.read(part.count) == part) }
            await peer.close()
            _ = try? await sender.value
        }
    }
}
