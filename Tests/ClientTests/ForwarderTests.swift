import TestKit
import Testing
import Wire

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct ForwarderTests {
    @Test("Through an HTTP proxy that opens no tunnel, plain requests go in absolute form with its credentials")
    func plain() async throws {
        let forwarder = try await ScriptedServer()
        try await ClientUnderTest.run { configuration in
            configuration.fqdn = FQDN("edge.example") ?? configuration.fqdn
            configuration.proxyURL = (try? HTTPURL("http://user:pw@proxy.example:8080/x")) ?? configuration.proxyURL
            configuration.environment =
                (try? ProxyEnvironment(["http_proxy": "http://me:too@127.0.0.1:\(forwarder.port)"])) ?? .none
        } _: { _ in
            let connect = try await forwarder.next("/proxy.example:8080")
            #expect(connect.line == "CONNECT proxy.example:8080 HTTP/1.1")
            #expect(connect.value("Authorization") == nil)
            #expect(connect.value("Proxy-Authorization") == "Basic bWU6dG9v")
            try await connect.answer(status: "403 Forbidden")
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

    @Test("A token of ours goes through the HTTP proxy's tunnel, its own credentials no further than to it")
    func tokenInTunnel() async throws {
        let folder = try TemporaryFolder()
        let files = ClientTLSFiles(authority: try folder.write(TestCertificates.authority, to: "ca"))
        let token = try folder.write("secret-token", to: "token")
        let forwarder = try await ScriptedServer(takesRequests: false)
        try await ClientUnderTest.run { configuration in
            configuration.proxyURL = (try? HTTPURL("https://edge.example/")) ?? configuration.proxyURL
            configuration.tls = files
            configuration.credential = .tokenFile(token)
            configuration.environment =
                (try? ProxyEnvironment(["HTTPS_PROXY": "me:too@127.0.0.1:\(forwarder.port)"])) ?? .none
        } _: { _ in
            let peer = try await forwarder.nextConnection()
            let head = try await peer.readHead()
            #expect(Peer.value("Proxy-Authorization", in: head) == "Basic bWU6dG9v")
            #expect(Peer.value("Authorization", in: head) == nil)
            try await peer.write(
                "HTTP/1.1 200 Connection established\r\n\r\n", thenTLS: try TestCertificates.serverContext())
            let request = try await peer.readHead()
            #expect(Peer.value("Authorization", in: request) == "Bearer secret-token")
            #expect(Peer.value("Proxy-Authorization", in: request) == nil)
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
            let request = try await peer.readHead()
            #expect(request.hasPrefix("GET /tunnel HTTP/1.1\r\nHost: edge.example\r\n"))
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

    /// Polls `https://HOST/` through an HTTP proxy to a server with the certificate at the tunnel's end, and gives the poll's head,
    /// or `nil` where the client ended the connection instead.
    private func pollThroughTunnel(host: String, certificate: TestCertificates.Server) async throws -> String? {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        let forwarder = try await ScriptedServer(takesRequests: false)
        let head = try await ClientUnderTest.run { configuration in
            configuration.proxyURL = (try? HTTPURL("https://\(host)/")) ?? configuration.proxyURL
            configuration.tls = ClientTLSFiles(authority: authority.path)
            configuration.environment =
                (try? ProxyEnvironment(["HTTPS_PROXY": "127.0.0.1:\(forwarder.port)"])) ?? .none
        } _: { subject in
            let peer = try await forwarder.nextConnection()
            #expect(try await peer.readHead().hasPrefix("CONNECT \(host):443 HTTP/1.1\r\n"))
            try await peer.write(
                "HTTP/1.1 200 Connection established\r\n\r\n", thenTLS: try TestCertificates.serverContext(certificate))
            let head = try? await peer.readHead()
            if head == nil {
                _ = try await forwarder.nextConnection()
                #expect(subject.log.count("the certificate is not valid for \(host)") == 1)
            }
            return head
        }
        await forwarder.stop()
        return head
    }

    @Test("At a tunnel's end the certificate must be for the URL's host, a name or an address, not for the HTTP proxy")
    func tunnelIdentity() async throws {
        let address = try await pollThroughTunnel(host: "192.0.2.7", certificate: .remote)
        #expect(address?.hasPrefix("GET /tunnel HTTP/1.1\r\nHost: 192.0.2.7\r\n") == true)
        let name = try await pollThroughTunnel(host: "edge.example", certificate: .named)
        #expect(name?.hasPrefix("GET /tunnel ") == true)
        for host in ["192.0.2.7", "edge.example"] {
            #expect(try await pollThroughTunnel(host: host, certificate: .loopback) == nil)
        }
    }

    @Test("An HTTP proxy that is reached by TLS must be the one that the environment names before it is told anything")
    func forwarderIdentity() async throws {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        for (certificate, isRight) in [
            (.usual, true), (.loopback, false),
            (.named, false),
        ] as [(TestCertificates.Server, Bool)] {
            let forwarder = try await ScriptedServer(
                takesRequests: false, tls: try TestCertificates.serverContext(certificate))
            try await ClientUnderTest.run { configuration in
                configuration.proxyURL = (try? HTTPURL("https://edge.example/")) ?? configuration.proxyURL
                configuration.tls = ClientTLSFiles(authority: authority.path)
                configuration.environment =
                    (try? ProxyEnvironment(["HTTPS_PROXY": "https://me:secret@localhost:\(forwarder.port)"])) ?? .none
            } _: { subject in
                let peer = try await forwarder.nextConnection()
                let head = try? await peer.readHead()
                #expect((head?.hasPrefix("CONNECT edge.example:443 ") == true) == isRight)
                #expect((head == nil) != isRight)
                _ = subject
            }
            await forwarder.stop()
        }
    }

    @Test("An HTTP proxy that sends more than its consent is not taken for a tunnel")
    func surplus() async throws {
        let forwarder = try await ScriptedServer(takesRequests: false)
        try await ClientUnderTest.run { configuration in
            configuration.proxyURL = (try? HTTPURL("https://edge.example/")) ?? configuration.proxyURL
            configuration.environment =
                (try? ProxyEnvironment(["HTTPS_PROXY": "http://127.0.0.1:\(forwarder.port)"])) ?? .none
        } _: { subject in
            let peer = try await forwarder.nextConnection()
            _ = try await peer.readHead()
            try await peer.write("HTTP/1.1 200 Connection established\r\n\r\nhello")
            _ = await peer.readToEnd()
            _ = try await forwarder.nextConnection()
            #expect(subject.log.count("sent something else than the tunnel") == 1)
        }
        await forwarder.stop()
    }
}
