import Settings
import Testing
import Web
import Wire

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct SecurityTests {
    private func run(
        proxy: ScriptedServer, host: String = "127.0.0.1", tls: ClientTLSFiles,
        _ test: (ClientUnderTest) async throws -> Void
    ) async throws {
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.proxyURL =
                (try? HTTPURL("https://\(host):\(proxy.port)/")) ?? configuration.proxyURL
            configuration.tls = tls
        } _: {
            try await test($0)
        }
    }

    @Test("Polls go over TLS, verified against the CA that the flag gives", arguments: ["localhost", "127.0.0.1"])
    func customAuthority(host: String) async throws {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        let proxy = try await ScriptedServer(tls: try TestCertificates.serverContext())
        try await run(proxy: proxy, host: host, tls: ClientTLSFiles(authority: authority.path)) { subject in
            try await proxy.next("/poll").answer(status: "204 No Content")
            _ = try await proxy.next("/poll")
            #expect(subject.client.readiness.isReady)
        }
    }

    @Test("A proxy whose certificate nobody vouches for is not talked to")
    func unknownAuthority() async throws {
        let proxy = try await ScriptedServer(takesRequests: false, tls: try TestCertificates.serverContext())
        try await run(proxy: proxy, tls: ClientTLSFiles()) { subject in
            let peer = try await proxy.nextConnection()
            _ = await peer.readToEnd()
            _ = try await proxy.nextConnection()
            #expect(!subject.client.readiness.isReady)
            #expect(subject.log.count("certificate verify failed") == 1)
        }
    }

    @Test(
        "A proxy whose certificate is for somebody else is told nothing",
        arguments: [
            ("localhost", .loopback), ("localhost", .named),
            ("localhost", .commonName), ("127.0.0.1", .remote),
            ("127.0.0.1", .named), ("127.0.0.1", .commonName),
        ] as [(String, TestCertificates.Server)])
    func otherIdentity(host: String, certificate: TestCertificates.Server) async throws {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        let proxy = try await ScriptedServer(
            takesRequests: false, tls: try TestCertificates.serverContext(certificate))
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.proxyURL =
                (try? HTTPURL("https://user:secret@\(host):\(proxy.port)/")) ?? configuration.proxyURL
            configuration.tls = ClientTLSFiles(authority: authority.path)
        } _: { subject in
            for _ in 0..<2 {
                let peer = try await proxy.nextConnection()
                // It ends before a byte has come.
                await #expect(throws: Peer.Ended.self) { try await peer.read(1) }
            }
            #expect(subject.log.count("the certificate is not valid for \(host)") == 1)
            #expect(subject.log.count("secret") == 0)
            #expect(!subject.client.readiness.isReady)
        }
    }

    @Test("A proxy's certificate may be for its address alone where its URL has the address")
    func addressIdentity() async throws {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        let proxy = try await ScriptedServer(tls: try TestCertificates.serverContext(.loopback))
        try await run(proxy: proxy, tls: ClientTLSFiles(authority: authority.path)) { _ in
            try await proxy.next("/poll").answer(status: "204 No Content")
        }
    }

    @Test("A target whose certificate is for its address alone is not scraped by name")
    func targetIdentity() async throws {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        try await ClientUnderTest.run {
            $0.fqdn = FQDN("localhost") ?? $0.fqdn
            $0.tls = ClientTLSFiles(authority: authority.path)
        } _: { subject in
            let tls = try TestCertificates.serverContext(.loopback)
            let target = try await ScriptedServer(takesRequests: false, tls: tls)
            try await subject.sendScrape(to: target.port, path: "/metrics?_scheme=https", host: "localhost")
            let peer = try await target.nextConnection()
            await #expect(throws: Peer.Ended.self) { try await peer.read(1) }
            let push = try await subject.takePush()
            #expect(push.value("X-Pushprox-Failure") == "target_unreachable")
            #expect(push.body.contains("the certificate is not valid for localhost"))
            await target.stop()
        }
    }

    @Test("A client certificate is shown where the proxy asks for one")
    func clientCertificate() async throws {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        let certificate = try TemporaryFile(TestCertificates.client)
        defer { certificate.remove() }
        let key = try TemporaryFile(TestCertificates.clientKey)
        defer { key.remove() }
        let proxy = try await ScriptedServer(tls: try TestCertificates.serverContext(asksForClient: true))
        let files = ClientTLSFiles(authority: authority.path, certificate: certificate.path, key: key.path)
        try await run(proxy: proxy, tls: files) { _ in
            try await proxy.next("/poll").answer(status: "204 No Content")
        }
    }

    @Test("_scheme=https scrapes the target over TLS, and only that parameter is taken out")
    func httpsTarget() async throws {
        let authority = try TemporaryFile(TestCertificates.authority)
        defer { authority.remove() }
        try await ClientUnderTest.run {
            $0.tls = ClientTLSFiles(authority: authority.path)
        } _: { subject in
            let target = try await ScriptedServer(tls: try TestCertificates.serverContext())
            try await subject.sendScrape(to: target.port, path: "/metrics?b=%41&_scheme=https&a=+")
            let request = try await target.next("/metrics")
            #expect(request.line == "GET /metrics?b=%41&a=+ HTTP/1.1")
            try await request.answer(status: "200 OK", "secret")
            #expect(try await subject.takePush().body == "secret")
            await target.stop()
        }
    }

    @Test("A target that does not speak TLS is unreachable by https, and the reason is a person's")
    func plainTarget() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer(takesRequests: false)
            try await subject.sendScrape(to: target.port, path: "/metrics?_scheme=https")
            try await target.nextConnection().write("HTTP/1.1 400 Bad Request\r\n\r\n")
            let push = try await subject.takePush()
            #expect(push.value("X-Pushprox-Failure") == "target_unreachable")
            #expect(push.body.contains("wrong version number"))
            await target.stop()
        }
    }

    @Test("A file that is missing or is not PEM is named with its flag")
    func unusableFiles() throws {
        let text = try TemporaryFile("no certificate")
        defer { text.remove() }
        let certificate = try TemporaryFile(TestCertificates.client)
        defer { certificate.remove() }
        let otherKey = try TemporaryFile(TestCertificates.serverKey)
        defer { otherKey.remove() }
        func message(_ files: ClientTLSFiles) -> String {
            var read = FilesRead()
            do throws(SettingsProblem) {
                _ = try files.makeContext(reading: &read)
                return "usable"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            message(ClientTLSFiles(authority: "/nowhere/ca.pem"))
                == "/nowhere/ca.pem: there is no such file (--tls.cacert)")
        #expect(message(ClientTLSFiles(authority: text.path)).contains("--tls.cacert"))
        #expect(message(ClientTLSFiles(certificate: certificate.path, key: text.path)).contains("--tls.key"))
        #expect(message(ClientTLSFiles(certificate: text.path, key: otherKey.path)).contains("--tls.cert"))
        #expect(message(ClientTLSFiles(certificate: certificate.path, key: otherKey.path)).contains("belong together"))
    }
}
