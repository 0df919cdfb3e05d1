import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct ForwarderTests {
    @Test("Through an HTTP proxy, plain requests go in absolute form with its credentials")
    func plain() async throws {
        let forwarder = try await ScriptedServer()
        try await ClientUnderTest.run { configuration in
            configuration.fqdn = "edge.example"
            configuration.proxyURL = (try? HTTPURL("http://user:pw@proxy.example:8080/x")) ?? configuration.proxyURL
            configuration.environment =
                (try? ProxyEnvironment(["http_proxy": "http://me:too@127.0.0.1:\(forwarder.port)"])) ?? .none
        } _: { _ in
            let poll = try await forwarder.next("/poll")
            #expect(poll.line == "POST http://proxy.example:8080/x/poll HTTP/1.1")
            #expect(poll.value("Host") == "proxy.example:8080")
            #expect(poll.value("Authorization") == "Basic dXNlcjpwdw==")
            #expect(poll.value("Proxy-Authorization") == "Basic bWU6dG9v")
            try await poll.answer(
                status: "200 OK",
                "GET http://edge.example:9100/metrics?a=b HTTP/1.1\r\nId: i\r\nX-Prometheus-Scrape-Timeout-Seconds: 9\r\n\r\n"
            )
            let request = try await forwarder.next("/metrics")
            #expect(request.line == "GET http://edge.example:9100/metrics?a=b HTTP/1.1")
            #expect(request.value("Host") == "edge.example:9100")
            try await request.answer(status: "200 OK", "x")
            #expect(try await forwarder.next("/push").line == "POST http://proxy.example:8080/x/push HTTP/1.1")
        }
        await forwarder.stop()
    }

    @Test("Through an HTTP proxy, https goes through a tunnel, and the name at its end is verified")
    func tunnel() async throws {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        let forwarder = try await ScriptedServer(takesRequests: false)
        try await ClientUnderTest.run { configuration in
            configuration.proxyURL = (try? HTTPURL("https://edge.example/")) ?? configuration.proxyURL
            configuration.tls = ClientTLSFiles(authority: authority.path)
            configuration.environment =
                (try? ProxyEnvironment(["HTTPS_PROXY": "me:too@127.0.0.1:\(forwarder.port)"])) ?? .none
        } _: { _ in
            let peer = try await forwarder.nextConnection()
            let head = try await peer.readHead()
            #expect(head.hasPrefix("CONNECT edge.example:443 HTTP/1.1\r\n"))
            #expect(Peer.value("Proxy-Authorization", in: head) == "Basic bWU6dG9v")
            try await peer.write(
                "HTTP/1.1 200 Connection established\r\n\r\n", thenTLS: try TestCertificates.serverContext())
            let poll = try await peer.readHead()
            #expect(poll.hasPrefix("POST /poll HTTP/1.1\r\nHost: edge.example\r\n"))
        }
        await forwarder.stop()
    }

    @Test("A tunnel that is refused is an outage that says so")
    func refusedTunnel() async throws {
        let forwarder = try await ScriptedServer(takesRequests: false)
        try await ClientUnderTest.run { configuration in
            configuration.proxyURL = (try? HTTPURL("https://edge.example/")) ?? configuration.proxyURL
            configuration.environment =
                (try? ProxyEnvironment(["HTTPS_PROXY": "http://127.0.0.1:\(forwarder.port)"])) ?? .none
        } _: { subject in
            let peer = try await forwarder.nextConnection()
            _ = try await peer.readHead()
            try await peer.write("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            _ = await peer.readToEnd()
            _ = try await forwarder.nextConnection()
            #expect(subject.log.count("refused the tunnel with status 407") == 1)
        }
        await forwarder.stop()
    }
}
