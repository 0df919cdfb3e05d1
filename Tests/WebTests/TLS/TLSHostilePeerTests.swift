import NIOCore
import NIOSSL
import TestKit
import Testing

@testable import Web

@Suite struct TLSHostilePeerTests {
    private func settings(_ authority: TestAuthority) async throws -> TLSSettings {
        let pair = try await authority.issue("server", "DNS:a.example")
        return TLSSettings(certificate: .file(pair.certificate), key: .file(pair.key))
    }

    private func serve(_ server: TLSServer, _ authority: TestAuthority) async throws {
        let connection = try await TestClient(trusts: authority.certificate).open(port: server.port)
        _ = try await connection.ask()
        await connection.close()
    }

    @Test("A plain HTTP request on a TLS port is told so, and the connection closed")
    func plainHTTP() async throws {
        let authority = try await TestAuthority()
        try await TLSServer.run(try await settings(authority)) { server in
            let connection = try await RawConnection.open(port: server.port)
            try await connection.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            guard case .closed(let text) = await connection.closed() else {
                Issue.record("no orderly end")
                return
            }
            #expect(text.hasPrefix("HTTP/1.0 400 Bad Request\r\n"))
            #expect(text.hasSuffix("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"))
            #expect(server.metric("test_web_tls_handshake_failures_total{reason=\"plain_http\"}") == "1")
        }
    }

    @Test("What is no TLS at all is closed")
    func noise() async throws {
        let authority = try await TestAuthority()
        try await TLSServer.run(try await settings(authority)) { server in
            let connection = try await RawConnection.open(port: server.port)
            try await connection.send("\u{1}\u{2}\u{3}")
            _ = await connection.closed()
            try await server.log.line(with: "reason=not_tls")
        }
    }

    @Test("Silence, half a ClientHello and half a handshake end with the time to read a head")
    func slow() async throws {
        let authority = try await TestAuthority()
        let hello = try ClientHelloTests.real()
        try await TLSServer.run(try await settings(authority), patience: .milliseconds(200)) { server in
            for count in [0, 1, 200, hello.readableBytes] {
                let connection = try await RawConnection.open(port: server.port)
                // Its time may be over before it is sent.
                if let part = hello.getSlice(at: 0, length: count), count > 0 { try? await connection.send(part) }
                _ = await connection.closed()
            }
            try await server.log.lines(4, with: ["reason=timeout"])
            #expect(server.metric("test_web_tls_handshakes_in_progress") == "0")
        }
    }

    @Test("Handshakes beyond the limit wait for a place and get it, whoever leaves meanwhile")
    func limit() async throws {
        let authority = try await TestAuthority()
        let hello = try ClientHelloTests.real()
        try await TLSServer.run(try await settings(authority), limit: 1) { server in
            let holder = try await RawConnection.open(port: server.port)
            try await holder.send(hello)
            // The answer shows that it has the place.
            _ = try await holder.wait { $0.readableBytes > 0 ? $0.readSlice(length: $0.readableBytes) : nil }
            let quitter = try await RawConnection.open(port: server.port)
            try await quitter.send(hello)
            let next = try await TestClient(trusts: authority.certificate).open(port: server.port)
            async let served = next.ask()
            await quitter.reset()
            try await server.log.line(with: "reason=peer_closed")
            #expect(server.metric("test_web_tls_handshakes_in_progress") == "1")
            await holder.close()
            _ = try await served
            await next.close()
        }
    }

    @Test("A connection beyond --web.max-connections costs no handshake")
    func full() async throws {
        let authority = try await TestAuthority()
        try await TLSServer.run(try await settings(authority), maxConnections: 1) { server in
            let first = try await TestClient(trusts: authority.certificate).open(port: server.port)
            // Not idle: its second request is never complete.
            try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n")
            _ = try await first.response()
            let second = try await RawConnection.open(port: server.port)
            #expect(await second.closed() == .closed(""))
            #expect(server.metric("test_web_connections_refused_total") == "1")
            await first.close()
        }
    }

    @Test("Many handshakes at once over few places are all served")
    func flood() async throws {
        let authority = try await TestAuthority()
        try await TLSServer.run(try await settings(authority), limit: 3) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<60 { group.addTask { try await serve(server, authority) } }
                try await group.waitForAll()
            }
            #expect(server.metric("test_web_tls_handshakes_total{version=\"1.3\"}") == "60")
            #expect(server.metric("test_web_tls_handshakes_waiting") == "0")
        }
    }

    /// `openssl s_client`, which reads `input` and stays until the server closes.
    private func client(
        _ server: TLSServer, _ authority: TestAuthority, _ input: String, _ arguments: [String]
    ) async throws -> Program {
        let file = try authority.folder.write(input, to: "input")
        let program = try Program(
            Executable.installed("openssl"),
            [
                "s_client", "-connect", "127.0.0.1:\(server.port)", "-servername", "a.example", "-CAfile",
                authority.certificate, "-verify_return_error",
            ] + arguments, input: file)
        try await program.exited()
        return program
    }

    @Test("openssl finds TLS 1.2 and 1.3, HTTP/1.1 by ALPN, a chain that verifies, and sound suites")
    func openssl() async throws {
        let authority = try await TestAuthority()
        try await TLSServer.run(try await settings(authority)) { server in
            for (flag, version, suite) in [
                ("-tls1_2", "TLSv1.2", "ECDHE-ECDSA-AES"), ("-tls1_3", "TLSv1.3", "TLS_AES_"),
            ] {
                let program = try await client(
                    server, authority, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                    [flag, "-ign_eof", "-alpn", "h2,http/1.1"])
                let text = program.output.text
                #expect(text.contains("New, \(version)") || text.contains("Protocol  : \(version)"), "\(text)")
                #expect(text.contains("Cipher is \(suite)"), "\(text)")
                #expect(text.contains("ALPN protocol: http/1.1"))
                #expect(text.contains("Verify return code: 0 (ok)") || text.contains("Verification: OK"))
                #expect(text.contains("version=\(version) asked=a.example"), "\(text)")
            }
        }
    }

    @Test(
        "Old versions and weak suites are refused",
        arguments: [
            (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "protocol_version"),
            (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "protocol_version"),
            (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "no_shared_cipher"),
            (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], "no_shared_group"),
        ])
    func weak(arguments: [String], reason: String) async throws {
        let authority = try await TestAuthority()
        try await TLSServer.run(try await settings(authority)) { server in
            let program = try await client(server, authority, "", arguments)
            #expect(program.output.text.contains("Cipher is (NONE)"), "\(program.output.text)")
            try await server.log.line(with: "reason=\(reason)")
        }
    }

    @Test("Renegotiation is refused, and ends that connection alone")
    func renegotiation() async throws {
        let authority = try await TestAuthority()
        try await TLSServer.run(try await settings(authority)) { server in
            let program = try await client(server, authority, "R\n", ["-tls1_2"])
            #expect(program.errors.text.contains("RENEGOTIATING") || program.output.text.contains("RENEGOTIATING"))
            #expect(program.errors.text.contains("unexpected eof"), "\(program.errors.text)")
            #expect(server.metric("test_web_tls_handshakes_total{version=\"1.2\"}") == "1")
            try await serve(server, authority)
        }
    }
}
