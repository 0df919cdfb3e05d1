import NIOCore
import NIOSSL
import TestKit
import Testing

@testable import Web

@Suite struct TLSTests {
    private static func settings(_ pair: TestAuthority.Pair) -> TLSSettings {
        TLSSettings(certificate: .file(pair.certificate), key: .file(pair.key))
    }

    @Test(
        "TLS 1.2 and 1.3 are served, with keys of every kind that people have",
        arguments: [
            ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["rsa:2048"],
        ])
    func versions(key: [String]) async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example", key: ["-newkey"] + key)
        try await TLSServer.run(Self.settings(pair)) { server in
            for (version, text) in [(TLSVersion.tlsv12, "1.2"), (.tlsv13, "1.3")] {
                let client = TestClient(trusts: authority.certificate, maximumVersion: version)
                let connection = try await client.open(port: server.port)
                let body = try await connection.ask()
                #expect(body == "version=TLSv\(text) asked=a.example alpn=http/1.1 names= subject=-\n")
                #expect(server.metric("test_web_tls_handshakes_total{version=\"\(text)\"}") == "1")
                await connection.close()
            }
        }
    }

    @Test("A large answer comes whole, again and again, to peers that read at their own pace")
    func largeAnswers() async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example")
        try await TLSServer.run(Self.settings(pair)) { server in
            let connection = try await TestClient(trusts: authority.certificate).open(port: server.port)
            // A client that stops reading before the handshake is done would wait for itself.
            _ = try await connection.ask()
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(Echo.large.readableBytes)\r\n\r\n"
            for _ in 1...3 {
                try await connection.stopReading()
                try await connection.send("GET /large HTTP/1.1\r\nHost: a.example\r\n\r\n")
                try await connection.resumeReading()
                let count = head.utf8.count + Echo.large.readableBytes
                var answer = try await connection.wait { $0.readableBytes < count ? nil : $0.readSlice(length: count) }
                #expect(answer.readString(length: head.utf8.count) == head)
                #expect(answer == Echo.large)
            }
        }
    }

    enum Shown: String, CaseIterable {
        case nothing, good, expired, future, foreign, namesake, expiredOfNamesake, forServers
    }

    @Test(
        "Client certificates are asked for, taken and checked as Go does it", arguments: ClientAuthentication.allCases)
    func clientAuthentication(policy: ClientAuthentication) async throws {
        let authority = try await TestAuthority()
        let foreign = try await TestAuthority("another-authority", in: authority.folder)
        // Another key under the same name.
        let namesake = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example")
        let certificates: [Shown: TestAuthority.Pair] = [
            .good: try await authority.issue("good", "DNS:Web-1.example,IP:192.0.2.7"),
            .expired: try await authority.issue("expired", "DNS:web-1.example", days: -1),
            .future: try await authority.issue("future", "DNS:web-1.example", start: "20990101000000Z"),
            .foreign: try await foreign.issue("foreign", "DNS:web-1.example"),
            .namesake: try await namesake.issue("namesake", "DNS:web-1.example"),
            .expiredOfNamesake: try await namesake.issue("expired-namesake", "DNS:web-1.example", days: -1),
            .forServers: try await authority.issue("for-servers", "DNS:web-1.example", usage: "serverAuth"),
        ]
        var settings = Self.settings(pair)
        settings.clientAuthentication = policy
        if policy != .none { settings.clientAuthorities = .file(authority.certificate) }
        try await TLSServer.run(settings) { server in
            for shown in Shown.allCases {
                for version in [TLSVersion.tlsv12, .tlsv13] {
                    let client = TestClient(
                        trusts: authority.certificate, shows: certificates[shown], maximumVersion: version)
                    let outcome = try await Self.outcome(of: client, server)
                    #expect(outcome == Self.expected(policy, shown), "\(shown.rawValue), \(version)")
                }
            }
        }
    }

    /// What the server knows of the client, or why it refused it.
    private static func outcome(of client: TestClient, _ server: TLSServer) async throws -> String {
        let before = server.log.lines.count
        let connection = try await client.open(port: server.port)
        do {
            let text = try await connection.ask()
            await connection.close()
            return String(text[(text.firstRange(of: "names=")?.lowerBound ?? text.startIndex)...].dropLast())
        } catch {
            let line = try await server.log.lines(before + 1, with: ["reason="]).last ?? ""
            await connection.close()
            return String(line.split(separator: " ").first { $0.hasPrefix("reason=") } ?? "")
        }
    }

    private static func expected(_ policy: ClientAuthentication, _ shown: Shown) -> String {
        // A certificate that nobody has checked is not told of.
        let unknown = "names= subject=-"
        let known = shown == .nothing ? unknown : "names=web-1.example,192.0.2.7 subject=CN=good,O=Example"
        let refused = [
            Shown.expired: "reason=expired", .future: "reason=not_yet_valid", .foreign: "reason=unknown_ca",
            .namesake: "reason=unknown_ca", .expiredOfNamesake: "reason=unknown_ca", .forServers: "reason=wrong_usage",
        ]
        return switch policy {
        case .none, .request: unknown
        case .requireAny: shown == .nothing ? "reason=no_certificate" : unknown
        case .verifyIfGiven: refused[shown] ?? known
        case .requireAndVerify: shown == .nothing ? "reason=no_certificate" : refused[shown] ?? known
        }
    }

    @Test("A certificate must have one of client_allowed_sans, whatever kind of name it is")
    func allowedNames() async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example")
        let client = TestClient(
            trusts: authority.certificate,
            shows: try await authority.issue(
                "client", "DNS:web-1.example,IP:192.0.2.7,email:ops@example.org,URI:spiffe://example.org/web"))
        let names = [
            ("web-1.example", true), ("192.0.2.7", true), ("ops@example.org", true), ("spiffe://example.org/web", true),
            ("example", false), ("client", false), ("*.example", false),
        ]
        for (name, isAllowed) in names {
            var settings = Self.settings(pair)
            settings.clientAuthentication = .requireAndVerify
            settings.clientAuthorities = .file(authority.certificate)
            settings.clientAllowedNames = ["one", name]
            try await TLSServer.run(settings) { server in
                let outcome = try await Self.outcome(of: client, server)
                #expect(outcome.hasPrefix("names=web-1") == isAllowed, "\(name): \(outcome)")
                if !isAllowed { #expect(outcome == "reason=san_not_allowed") }
            }
        }
    }

    @Test(
        "Where client_allowed_sans lists names, nobody comes without a certificate",
        arguments: [ClientAuthentication.request, .verifyIfGiven])
    func allowedNamesAlone(policy: ClientAuthentication) async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example")
        var settings = Self.settings(pair)
        settings.clientAuthentication = policy
        settings.clientAuthorities = .file(authority.certificate)
        settings.clientAllowedNames = ["web-1.example"]
        let own = try await authority.issue("client", "DNS:web-1.example")
        try await TLSServer.run(settings) { server in
            #expect(
                try await Self.outcome(of: TestClient(trusts: authority.certificate), server) == "reason=no_certificate"
            )
            let outcome = try await Self.outcome(of: TestClient(trusts: authority.certificate, shows: own), server)
            #expect(!outcome.hasPrefix("reason="), "\(outcome)")
        }
    }

    @Test("A certificate that has expired since its session began lets nobody resume")
    func expiredSince() async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example")
        var settings = Self.settings(pair)
        settings.clientAuthentication = .verifyIfGiven
        settings.clientAuthorities = .file(authority.certificate)
        let tls = try ServerTLS(settings, now: 1_700_000_000)
        let certificate = ShownCertificate(try NIOSSLCertificate.fromPEMFile(pair.certificate)[0])
        #expect(tls.refusal(of: certificate, now: certificate.notAfter) == nil)
        #expect(tls.refusal(of: certificate, now: certificate.notAfter + 1) == .expired)
        #expect(tls.refusal(of: nil, now: 0) == nil)
    }

    @Test("A client that trusts another authority is counted as one that refused us")
    func refusedByPeer() async throws {
        let authority = try await TestAuthority()
        let foreign = try await TestAuthority("another-authority", in: authority.folder)
        let pair = try await authority.issue("server", "DNS:a.example")
        try await TLSServer.run(Self.settings(pair)) { server in
            let outcome = try await Self.outcome(of: TestClient(trusts: foreign.certificate), server)
            #expect(outcome == "reason=refused_by_peer")
        }
    }

    @Test("What is configured and what the client has must meet: suites and curves")
    func choices() async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example")
        var settings = Self.settings(pair)
        settings.curves = [.p521]
        settings.cipherSuites = [.ecdheECDSAAES256GCM, .aes128GCM]
        try await TLSServer.run(settings) { server in
            var client = TestClient(trusts: authority.certificate, curves: [.secp521r1])
            let met = try await Self.outcome(of: client, server)
            #expect(met.hasPrefix("names="))
            client.curves = [.x25519, .secp384r1]
            let otherCurves = try await Self.outcome(of: client, server)
            #expect(otherCurves == "reason=no_shared_group")
            client = TestClient(
                trusts: authority.certificate, maximumVersion: .tlsv12,
                cipherSuites: [.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256])
            let otherSuites = try await Self.outcome(of: client, server)
            #expect(otherSuites == "reason=no_shared_cipher")
        }
    }

    @Test("A new certificate serves the connections that come; those that are open stay")
    func rotation() async throws {
        let authority = try await TestAuthority()
        let old = try await authority.issue("old", "DNS:old.example")
        let new = try await authority.issue("new", "DNS:new.example")
        try await TLSServer.run(Self.settings(old)) { server in
            let client = TestClient(trusts: authority.certificate)
            let early = try await client.open(port: server.port, host: "old.example")
            _ = try await early.ask()
            server.source.replace(with: try ServerTLS(Self.settings(new), now: 1_700_000_000))
            let late = try await client.open(port: server.port, host: "new.example")
            _ = try await late.ask()
            _ = try await early.ask()
            await early.close()
            await late.close()
        }
    }
}
