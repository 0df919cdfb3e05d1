import Flags
import NIOPosix
import TestKit
import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct IntrospectionTests {
    private func get(_ path: String, _ port: Int) async throws -> (head: String, body: String) {
        let events = Inbox<Peer.Event>()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Recorder(events))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let peer = Peer(channel: channel, events: events)
        try await peer.write("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try await peer.readHead()
        let body = try await peer.readBody(after: head)
        await peer.close()
        return (head, String(decoding: body.bytes, as: UTF8.self))
    }

    @Test("Metrics, health and readiness are served; readiness follows the proxy's answers")
    func endpoints() async throws {
        try await ClientUnderTest.run {
            $0.metricsAddress = ListenAddress(host: "127.0.0.1", port: 0)
        } _: { subject in
            let port = try #require(subject.client.metricsAddress?.port)
            #expect(try await get("/-/ready", port).head.hasPrefix("HTTP/1.1 503 "))
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            #expect(try await get("/-/ready", port).head.hasPrefix("HTTP/1.1 200 "))
            #expect(try await get("/-/healthy", port).head.hasPrefix("HTTP/1.1 200 "))
            #expect(try await get("/nothing", port).head.hasPrefix("HTTP/1.1 404 "))
            #expect(try await get("/", port).body.contains("/metrics"))
            let metrics = try await get("/metrics", port).body
            for line in [
                "pushprox_client_scrape_errors_total 0", "pushprox_client_push_errors_total 0",
                "pushprox_client_poll_errors_total 0", "pushprox_client_polls_total{result=\"idle\"} 1",
                "pushprox_client_proxy_ready 1", "pushprox_client_scrape_failures_total{kind=\"target_timeout\"} 0",
            ] { #expect(metrics.contains("\n\(line)\n")) }
        }
    }

    @Test("Connections that stay open and idle lock nobody out")
    func idle() async throws {
        try await ClientUnderTest.run {
            $0.metricsAddress = ListenAddress(host: "127.0.0.1", port: 0)
        } _: { subject in
            let port = try #require(subject.client.metricsAddress?.port)
            var idle: [RawConnection] = []
            for _ in 0..<80 {
                let connection = try await RawConnection.open(port: port)
                try await connection.send("GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await connection.response().status == 200)
                idle.append(connection)
            }
            for connection in idle.prefix(16) { #expect(await connection.closed() == .closed("")) }
            let metrics = try await get("/metrics", port).body
            #expect(metrics.contains("\npushprox_client_web_connections_refused_total 0\n"))
            for connection in idle { await connection.close() }
        }
    }

    @Test("A port that is taken is a warning; the client polls all the same")
    func takenPort() async throws {
        let other = try await ScriptedServer()
        try await ClientUnderTest.run {
            $0.metricsAddress = ListenAddress(host: "127.0.0.1", port: other.port)
        } _: { subject in
            _ = try await subject.proxy.next("/poll")
            #expect(subject.client.metricsAddress == nil)
            #expect(subject.log.count("--metrics-addr") == 1)
        }
        await other.stop()
    }
}
