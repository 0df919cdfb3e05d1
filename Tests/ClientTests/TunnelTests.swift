import NIOCore
import TestKit
import Testing
import Tunnel
import Wire

@testable import Client

/// Scrapes through a tunnel, over sockets.
@Suite(.timeLimit(.minutes(1))) struct TunnelTests {
    /// A client with a tunnel that is up.
    private func run(
        _ settings: TunnelSettings = TunnelSettings(),
        _ change: @Sendable (inout ClientConfiguration) -> Void = { _ in },
        _ test: (ClientUnderTest, TunnelPeer) async throws -> Void
    ) async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy, change) { subject in
            let tunnel = try await TunnelPeer.welcome(try await proxy.next("/tunnel"), settings)
            try await test(subject, tunnel)
        }
    }

    @Test("The client says who it is: name, process, program, and how many scrapes it takes")
    func hello() async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) {
            $0.maxInFlight = 7
        } _: { subject in
            let tunnel = try await TunnelPeer.open(try await proxy.next("/tunnel"))
            let hello = try await tunnel.hello()
            #expect(hello.names.map(\.spelling) == ["127.0.0.1"])
            #expect(hello.streams == 7)
            #expect(hello.instance != nil)
            #expect(hello.agent?.hasPrefix("pushprox-client/") == true)
            #expect(!subject.client.readiness.isReady)
            try await tunnel.act { $0.welcome(refused: [], at: .now()) }
            try await eventually("the client is ready") { subject.client.readiness.isReady ? true : nil }
            #expect(subject.metric("pushprox_client_tunnel_up") == 1)
            #expect((subject.metric("pushprox_client_tunnel_round_trip_seconds") ?? 0) > 0)
            #expect(subject.metric("pushprox_client_tunnel_dials_total{result=\"up\"}") == 1)
            #expect(subject.log.count("the tunnel to the proxy is up") == 1)
            #expect(proxy.seen("/poll") == 0)
        }
    }

    @Test("A scrape's response goes back on its stream, whole, without the fields of polls and pushes")
    func scrape() async throws {
        try await run { subject, tunnel in
            let target = try await ScriptedServer()
            let stream = try await tunnel.scrape(target.port, path: "/metrics?a=b")
            let request = try await target.next("/metrics")
            #expect(request.line == "GET /metrics?a=b HTTP/1.1")
            #expect(request.value("X-Prometheus-Scrape-Timeout-Seconds") == "10")
            #expect(request.value("Id") == nil)
            try await request.answer("HTTP/1.1 200 Fine\r\nX-Own: é\r\nContent-Length: 3\r\n\r\nabc")
            let response = try await tunnel.response(stream)
            #expect(response.text == "HTTP/1.1 200 Fine\r\nX-Own: é\r\nContent-Length: 3\r\n\r\nabc")
            #expect(response.reset == nil)
            try await subject.settled()
            #expect(subject.metric("pushprox_client_scrapes_in_flight") == 0)
            #expect(subject.metric("pushprox_client_tunnel_streams") == 0)
            #expect(subject.client.metrics.pushErrors.value == 0)
            await target.stop()
        }
    }

    @Test("A chunked body stays chunked, and a head in a packet of its own makes no message of its own")
    func chunked() async throws {
        try await run { _, tunnel in
            let target = try await ScriptedServer()
            let stream = try await tunnel.scrape(target.port)
            let request = try await target.next("/metrics")
            try await request.peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try await request.answer("3\r\nabc\r\n0\r\n\r\n")
            let response = try await tunnel.response(stream)
            #expect(response.text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            await target.stop()
        }
    }

    @Test("Many scrapes run at once, and each gets its own response, in whatever order they come")
    func atOnce() async throws {
        try await run { _, tunnel in
            let target = try await ScriptedServer()
            var streams: [TunnelStreamID] = []
            for number in 0..<20 { streams.append(try await tunnel.scrape(target.port, path: "/\(number)")) }
            for number in (0..<20).reversed() {
                try await target.next("/\(number)").answer(status: "200 OK", "number \(number)")
            }
            let responses = try await tunnel.responses(Set(streams))
            for (number, stream) in streams.enumerated() {
                #expect(responses[stream]?.text.hasSuffix("\r\n\r\nnumber \(number)") == true)
            }
            await target.stop()
        }
    }

    @Test("A huge response arrives byte for byte")
    func huge() async throws {
        try await run { _, tunnel in
            let body = String(repeating: "0123456789abcdef", count: 500_000)
            let target = try await ScriptedTarget.start(
                answering: "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let response = try await tunnel.response(try await tunnel.scrape(target.port))
            #expect(response.text.hasSuffix("\r\n\r\n\(body)"))
            #expect(response.reset == nil)
            await target.stop()
        }
    }

    @Test("A scraper that does not read stops its target, and nobody else's")
    func backpressure() async throws {
        try await run { subject, tunnel in
            let target = try await ScriptedServer(takesRequests: false)
            let slow = try await tunnel.scrape(target.port, milliseconds: 60_000)
            let request = try await target.nextConnection()
            _ = try await request.readHead()
            let size = 64 * 1_048_576
            let part = [UInt8](repeating: 0x78, count: 1_048_576)
            let written = Box(0)
            let writer = Task {
                try await request.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                for _ in 0..<64 {
                    try await request.write(part)
                    written.change { $0 += part.count }
                }
            }
            var kept = ByteBuffer()
            // As much as the window lets through; none of it is passed on.
            while kept.readableBytes < TunnelSettings().window {
                if case .data(slow, let piece) = try await tunnel.next() { kept.writeImmutableBuffer(piece) }
            }
            let other = try await ScriptedTarget.start(answering: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            for _ in 0..<20 {
                #expect(try await tunnel.response(try await tunnel.scrape(other.port)).text.hasSuffix("ok"))
            }
            #expect(kept.readableBytes == TunnelSettings().window, "more than the window came")
            #expect(written.value < size / 2)
            try await tunnel.act { $0.passedOn(slow, kept.readableBytes, at: .now()) }
            let rest = try await tunnel.response(slow).text.utf8.count
            #expect(kept.readableBytes + rest > size)
            try await writer.value
            await other.stop()
            await target.stop()
            _ = subject
        }
    }

    @Test("What the proxy has no more use for ends at the target at once")
    func reset() async throws {
        try await run { subject, tunnel in
            let target = try await ScriptedServer()
            let stream = try await tunnel.scrape(target.port)
            let request = try await target.next("/metrics")
            try await tunnel.act { $0.reset(stream) }
            #expect(await request.peer.readToEnd() == .cut)
            try await subject.settled()
            #expect(subject.metric("pushprox_client_scrapes_in_flight") == 0)
            await target.stop()
        }
    }

    @Test("A target that can't be reached, or that the client does not scrape, is told as that")
    func failures() async throws {
        let refusing = try RefusingPort()
        try await run { subject, tunnel in
            let unreachable = try await tunnel.response(try await tunnel.scrape(refusing.port))
            #expect(unreachable.text == "")
            #expect(unreachable.reset?.0 == .targetUnreachable)
            #expect(unreachable.reset?.1.contains("127.0.0.1:\(refusing.port)/metrics") == true)
            let other = try await tunnel.response(try await tunnel.scrape(1, host: "other"))
            #expect(other.reset?.0 == .targetRefused)
            let unreadable = try await tunnel.response(try await tunnel.scrape(1, path: " x"))
            #expect(unreadable.reset?.0 == .targetRefused)
            #expect(subject.client.metrics.scrapeErrors.value == 3)
        }
    }

    @Test("A target that breaks off early is told as that; later, what was sent is cut")
    func targetBreaks() async throws {
        try await run { _, tunnel in
            let target = try await ScriptedServer()
            let early = try await tunnel.scrape(target.port)
            let request = try await target.next("/metrics")
            try await request.peer.write("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\nabc")
            await request.close()
            let first = try await tunnel.response(early)
            #expect(first.text == "")
            #expect(first.reset?.0 == .targetBroken)
            let late = try await tunnel.scrape(target.port)
            let next = try await target.next("/metrics")
            next.peer.post("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n\(String(repeating: "x", count: 200_000))")
            guard case .data = try await tunnel.next() else { throw TunnelPeer.Ended(how: nil) }
            await next.cut()
            let second = try await tunnel.response(late)
            #expect(second.reset?.0 == .targetBroken)
            await target.stop()
        }
    }

    @Test("A target that is too slow is told as that in time")
    func slowTarget() async throws {
        try await run { _, tunnel in
            let target = try await ScriptedServer()
            let stream = try await tunnel.scrape(target.port, milliseconds: 20)
            #expect(try await tunnel.response(stream).reset?.0 == .targetTimeout)
            await target.stop()
        }
    }

    @Test("A tunnel that is lost cuts its scrapes at their targets, and another is dialled")
    func lost() async throws {
        try await run { subject, tunnel in
            let target = try await ScriptedServer()
            _ = try await tunnel.scrape(target.port)
            let request = try await target.next("/metrics")
            await tunnel.request.cut()
            #expect(await request.peer.readToEnd() == .cut)
            let again = try await TunnelPeer.welcome(try await subject.proxy.next("/tunnel"))
            let stream = try await again.scrape(target.port)
            try await target.next("/metrics").answer(status: "200 OK", "x")
            #expect(try await again.response(stream).text.hasSuffix("x"))
            #expect(subject.log.count("there is no tunnel to the proxy; trying on") == 1)
            try await eventually("it is said") { subject.log.count("up again") == 1 ? true : nil }
            await target.stop()
        }
    }

    @Test("A proxy from which nothing is heard is given up, and another tunnel dialled")
    func silent() async throws {
        var settings = TunnelSettings()
        settings.pingInterval = .milliseconds(20)
        try await run(settings) { subject, tunnel in
            // Nobody answers its pings.
            let again = try await subject.proxy.next("/tunnel")
            _ = try await TunnelPeer.welcome(again)
            try await eventually("it is said") { subject.log.count("up again") == 1 ? true : nil }
            #expect(subject.log.count("nothing was heard") == 1)
            _ = tunnel
        }
    }

    @Test("A tunnel that breaks the rules is closed with the reason, and another dialled")
    func brokenRules() async throws {
        try await run { subject, tunnel in
            // A masked frame of a server.
            try await tunnel.request.peer.write([0x82, 0x81, 0, 0, 0, 0, 0])
            guard case .closed(let close) = try await tunnel.closed() else { throw TunnelPeer.Ended(how: nil) }
            #expect(close.code == .protocolError)
            _ = try await subject.proxy.next("/tunnel")
        }
    }

    @Test("While a proxy drains, what runs finishes there, and what is new comes on the next tunnel")
    func drain() async throws {
        try await run { subject, tunnel in
            let target = try await ScriptedServer()
            let old = try await tunnel.scrape(target.port, path: "/old")
            let request = try await target.next("/old")
            try await tunnel.act { $0.drain() }
            let next = try await TunnelPeer.welcome(try await subject.proxy.next("/tunnel"))
            let new = try await next.scrape(target.port, path: "/new")
            try await target.next("/new").answer(status: "200 OK", "new")
            #expect(try await next.response(new).text.hasSuffix("new"))
            try await request.answer(status: "200 OK", "old")
            #expect(try await tunnel.response(old).text.hasSuffix("old"))
            guard case .closed(let close) = try await tunnel.closed() else { throw TunnelPeer.Ended(how: nil) }
            #expect(close.code == .normal)
            #expect(subject.client.readiness.isReady)
            #expect(subject.log.count("level=WARN") == 0)
            await target.stop()
        }
    }

    @Test("A newer token is shown by a newer tunnel; what runs finishes on the old one")
    func rotation() async throws {
        let folder = try TemporaryFolder()
        let token = try folder.write("old", to: "token")
        try await run {
            $0.credential = .tokenFile(token)
        } _: { subject, tunnel in
            #expect(tunnel.request.value("Authorization") == "Bearer old")
            let target = try await ScriptedServer()
            let stream = try await tunnel.scrape(target.port)
            let request = try await target.next("/metrics")
            try folder.write("newer", to: "token")
            for reloadable in subject.client.reloadables { reloadable.look(isAsked: true) }
            let next = try await subject.proxy.next("/tunnel")
            #expect(next.value("Authorization") == "Bearer newer")
            let newer = try await TunnelPeer.welcome(next)
            try await request.answer(status: "200 OK", "old")
            #expect(try await tunnel.response(stream).text.hasSuffix("old"))
            guard case .closed = try await tunnel.closed() else { throw TunnelPeer.Ended(how: nil) }
            let last = try await newer.scrape(target.port)
            try await target.next("/metrics").answer(status: "200 OK", "newer")
            #expect(try await newer.response(last).text.hasSuffix("newer"))
            #expect(subject.client.readiness.isReady)
            await target.stop()
        }
    }

    @Test("A tunnel takes the place of polls: the open one may still bring a scrape, which is pushed")
    func fromPolls() async throws {
        let folder = try TemporaryFolder()
        let token = try folder.write("old", to: "token")
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) {
            $0.credential = .tokenFile(token)
        } _: { subject in
            try await proxy.next("/tunnel").answer(status: "404 Not Found")
            try await proxy.next("/poll").answer(status: "204 No Content")
            let poll = try await proxy.next("/poll")
            // Whatever changes what the client shows makes it try again.
            try folder.write("newer", to: "token")
            for reloadable in subject.client.reloadables { reloadable.look(isAsked: true) }
            let tunnel = try await TunnelPeer.welcome(try await proxy.next("/tunnel"))
            let target = try await ScriptedServer()
            try await poll.answer(
                status: "200 OK",
                "GET http://127.0.0.1:\(target.port)/last HTTP/1.1\r\nId: i\r\nX-Prometheus-Scrape-Timeout-Seconds: 9\r\n\r\n"
            )
            try await target.next("/last").answer(status: "200 OK", "last")
            #expect(try await subject.takePush().body == "last")
            let stream = try await tunnel.scrape(target.port)
            try await target.next("/metrics").answer(status: "200 OK", "x")
            #expect(try await tunnel.response(stream).text.hasSuffix("x"))
            #expect(proxy.seen("/poll") == 2)
            #expect(subject.client.readiness.isReady)
            #expect(subject.log.count("same --fqdn") == 0)
            // And back to polls, when there is no tunnel any more.
            await tunnel.request.cut()
            try await proxy.next("/tunnel").answer(status: "404 Not Found")
            try await proxy.next("/poll").answer(status: "204 No Content")
            await target.stop()
        }
    }

    @Test("A name that the proxy refuses is a denial, in the proxy's words")
    func refusedName() async throws {
        let proxy = try await ScriptedServer(hasTunnels: true)
        try await ClientUnderTest.run(proxy: proxy) { subject in
            let tunnel = try await TunnelPeer.open(try await proxy.next("/tunnel"))
            let hello = try await tunnel.hello()
            try await tunnel.act { end in
                end.welcome(
                    refused: hello.names.map { Welcome.Refused(name: $0, reason: "not granted") }, at: .now())
                end.close(WebSocketClose(.denied, reason: "no name is taken"), at: .now())
            }
            _ = try await proxy.next("/poll")
            #expect(subject.log.count("not granted") == 1)
            #expect(subject.metric("pushprox_client_tunnel_dials_total{result=\"denied\"}") == 1)
        }
    }

    @Test("A client whose place another takes comes back, and says once that there may be two")
    func superseded() async throws {
        try await run { subject, tunnel in
            try await tunnel.act { $0.close(WebSocketClose(.superseded), at: .now()) }
            let next = try await TunnelPeer.welcome(try await subject.proxy.next("/tunnel"))
            try await next.act { $0.close(WebSocketClose(.superseded), at: .now()) }
            _ = try await subject.proxy.next("/tunnel")
            #expect(subject.log.count("same --fqdn") == 1)
            #expect(subject.log.count("trying on") == 0)
        }
    }

    @Test("A client that stops lets its scrapes finish, begins none, and closes")
    func stop() async throws {
        try await run {
            $0.shutdownGrace = .seconds(60)
        } _: { subject, tunnel in
            let target = try await ScriptedServer()
            let stream = try await tunnel.scrape(target.port)
            let request = try await target.next("/metrics")
            async let drained: Void = subject.client.drain()
            try await eventually("the client is not ready") { subject.client.readiness.isReady ? nil : true }
            _ = try await tunnel.scrape(target.port, path: "/late")
            try await request.answer(status: "200 OK", "last")
            #expect(try await tunnel.response(stream).text.hasSuffix("last"))
            guard case .closed = try await tunnel.closed() else { throw TunnelPeer.Ended(how: nil) }
            await drained
            #expect(target.seen("/late") == 0)
            await target.stop()
        }
    }
}
