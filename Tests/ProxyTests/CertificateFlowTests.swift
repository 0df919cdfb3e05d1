import Flags
import TestKit
import Testing

@testable import Proxy

/// Identities by client certificates, over TLS: the certificate's DNS names are what its holder may be, and nothing else.
@Suite("Clients with certificates") struct CertificateFlowTests {
    /// A proxy whose clients come over TLS, and what they show there.
    private struct Site {
        let proxy: TestProxy
        let authority: TestAuthority

        var port: Int { proxy.proxy.addresses[1].port }

        func connect(showing pair: TestAuthority.Pair?) async throws -> RawConnection {
            try await TestClient(trusts: authority.certificate, shows: pair).open(port: port)
        }

        /// The answer to one request on a connection of its own.
        func ask(_ request: String, showing pair: TestAuthority.Pair?) async throws -> RawResponse {
            let connection = try await connect(showing: pair)
            try await connection.send(request)
            let response = try await connection.response()
            await connection.close()
            return response
        }

        func poll(_ name: String, _ pair: TestAuthority.Pair?, _ fields: String = "") async throws -> RawResponse {
            try await ask(AccessProxy.pollRequest(name, fields), showing: pair)
        }

        /// A client whose poll is parked.
        func parked(_ name: String, _ pair: TestAuthority.Pair) async throws -> RawConnection {
            let before = proxy.gauges.waitingPolls
            let connection = try await connect(showing: pair)
            try await connection.send(AccessProxy.pollRequest(name, ""))
            try await proxy.until { $0.waitingPolls == before + 1 }
            return connection
        }

        func push(_ id: String, _ body: String, _ pair: TestAuthority.Pair) async throws -> RawResponse {
            let message = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nId: \(id)\r\n\r\n\(body)"
            return try await ask(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: \(message.utf8.count)\r\n\r\n\(message)",
                showing: pair)
        }
    }

    private func run(_ log: LogLines = LogLines(), _ body: (Site) async throws -> Void) async throws {
        let authority = try await TestAuthority()
        let server = try await authority.issue("server", "DNS:a.example")
        let web = try authority.folder.write(
            """
            tls_server_config:
              cert_file: \(server.certificate)
              key_file: \(server.key)
              client_ca_file: \(authority.certificate)
              client_auth_type: VerifyClientCertIfGiven
            """, to: "web.yml")
        let access = try authority.folder.write(
            """
            identities:
              every-machine: {certificate: true, register: ["@own"]}
              named: {certificate: [boss.eu], register: ["*.boss"]}
              fleet: {token_hash: "\(AccessProxy.token("fleet"))", register: ["*.fleet"]}
            anonymous: {read: true, scrape: ["*"]}
            """, to: "access.yml")
        let change: (inout ProxyConfiguration) -> Void = {
            $0.clientListenAddresses = [ListenAddress(host: "127.0.0.1", port: 0)]
            $0.clientConfigurationFile = web
            $0.accessFile = access
        }
        try await TestProxy.run(change, logger: log.logger) { proxy in
            try await body(Site(proxy: proxy, authority: authority))
        }
    }

    @Test("are what their certificate names, however they write it, and answer their own scrapes")
    func own() async throws {
        try await run { site in
            let pair = try await site.authority.issue("a", "DNS:a.eu,DNS:B.eu")
            for name in ["a.eu", "A.EU.", "b.eu"] {
                let poll = try await site.parked(name, pair)
                let scraper = try await site.proxy.scrape(name)
                let id = try TestProxy.id(of: try await poll.response())
                #expect(try await site.push(id, "up", pair).status == 200)
                #expect(try await scraper.response().body == "up")
            }
        }
    }

    @Test("are nothing that their certificate does not name as a DNS name")
    func others() async throws {
        try await run { site in
            let one = try await site.authority.issue("c.eu", "DNS:a.eu,IP:10.0.0.1,URI:https://u.eu/,email:x@m.eu")
            for name in ["b.eu", "x.a.eu", "a.eu.us", "eu", "c.eu", "10.0.0.1", "u.eu", "m.eu", "x.fleet", "x.boss"] {
                #expect(try await site.poll(name, one).status == 403, "\(name)")
            }
            // A wildcard in a certificate is a name that nobody can have.
            let wildcard = try await site.authority.issue("wildcard", "DNS:*.eu")
            for name in ["a.eu", "*.eu"] {
                #expect([400, 403].contains(try await site.poll(name, wildcard).status), "\(name)")
            }
            // Who is named is that one, and not every machine besides.
            let named = try await site.authority.issue("named", "DNS:boss.eu,DNS:a.eu")
            for name in ["a.eu", "boss.eu"] { #expect(try await site.poll(name, named).status == 403, "\(name)") }
            #expect(try await site.poll("a.eu", nil).status == 401)
            #expect(site.proxy.gauges.liveClients == 0)
        }
    }

    @Test("count for their token where they show one, and for nothing where it is no good")
    func tokens() async throws {
        try await run { site in
            let pair = try await site.authority.issue("a", "DNS:a.eu")
            #expect(try await site.poll("a.eu", pair, AccessProxy.bearer("fleet")).status == 403)
            #expect(try await site.poll("a.eu", pair, AccessProxy.bearer("nobody")).status == 401)
            #expect(try await site.poll("x.fleet", pair).status == 403)
        }
    }

    @Test("answer no scrape that another one with a certificate of the same authority was handed")
    func pushes() async throws {
        try await run { site in
            let (one, two) = (
                try await site.authority.issue("a", "DNS:a.eu"), try await site.authority.issue("b", "DNS:b.eu")
            )
            let poll = try await site.parked("a.eu", one)
            let scraper = try await site.proxy.scrape("a.eu")
            let id = try TestProxy.id(of: try await poll.response())
            #expect(try await site.push(id, "stolen", two).status == 404)
            #expect(try await site.push(id, "mine", one).status == 200)
            #expect(try await scraper.response().body == "mine")
        }
    }

    @Test("of another authority, or that have expired, end in the handshake")
    func strangers() async throws {
        let log = LogLines()
        try await run(log) { site in
            let other = try await TestAuthority("another-authority", in: site.authority.folder)
            for pair in [
                try await other.issue("stranger", "DNS:a.eu"),
                try await site.authority.issue("late", "DNS:a.eu", days: -1),
            ] {
                await #expect(throws: (any Error).self) { try await site.poll("a.eu", pair) }
            }
            for reason in ["unknown_ca", "expired"] {
                try await site.proxy.metric(
                    "pushprox_web_tls_handshake_failures_total{reason=\"\(reason)\"}", is: 1)
            }
            #expect(site.proxy.gauges.liveClients == 0)
        }
    }

    @Test("leave plain scrapes alone while handshakes of silent peers have all places")
    func silentPeers() async throws {
        let authority = try await TestAuthority()
        let server = try await authority.issue("server", "DNS:a.example")
        let web = try authority.folder.write(
            "tls_server_config:\n  cert_file: \(server.certificate)\n  key_file: \(server.key)\n", to: "web.yml")
        let change: (inout ProxyConfiguration) -> Void = {
            $0.clientListenAddresses = [ListenAddress(host: "127.0.0.1", port: 0)]
            $0.clientConfigurationFile = web
            $0.maxHandshakes = 2
        }
        try await TestProxy.run(change) { proxy in
            let site = Site(proxy: proxy, authority: authority)
            let client = try await site.connect(showing: nil)
            try await client.send(AccessProxy.pollRequest("a.eu", ""))
            try await proxy.until { $0.waitingPolls == 1 }
            // Of the places in handshakes all are taken, by peers that said hello and then nothing.
            let hello = HandmadeHello.bytes(suites: [0xC02B])
            var silent: [RawConnection] = []
            for _ in 0..<6 {
                let connection = try await RawConnection.open(port: site.port)
                try await connection.send(hello)
                silent.append(connection)
            }
            try await proxy.metric("pushprox_web_tls_handshakes_in_progress", is: 2)
            try await proxy.metric("pushprox_web_tls_handshakes_waiting", is: 4)
            for _ in 0..<20 {
                let scraper = try await proxy.scrape("a.eu")
                let id = try TestProxy.id(of: try await client.response())
                let message = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nId: \(id)\r\n\r\nup"
                try await client.send(
                    "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: \(message.utf8.count)\r\n\r\n\(message)")
                #expect(try await client.response().status == 200)
                #expect(try await scraper.response().body == "up")
                await scraper.close()
                // On the connection over TLS that was there before.
                try await client.send(AccessProxy.pollRequest("a.eu", ""))
                try await proxy.until { $0.waitingPolls == 1 }
            }
            #expect(try await proxy.metric("pushprox_web_tls_handshakes_in_progress") == 2)
            for connection in silent + [client] { await connection.close() }
        }
    }
}
