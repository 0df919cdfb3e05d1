import Failures
import Flags
import NIOCore
import Store
import TestKit
import Testing
import Web

@testable import Proxy

@Suite("What is denied to who knows whom") struct NamelessDenialTests {
    private static let loopback = ListenAddress(host: "127.0.0.1", port: 0)

    @Test("is put on record once in a minute for each text, and so often in all")
    func bounds() {
        var denials = NamelessDenials()
        func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1_000 + seconds) }
        #expect(denials.admits("a", at: at(0)) && !denials.admits("a", at: at(1)) && denials.admits("b", at: at(2)))
        let others = (0..<100).filter { denials.admits("\($0)", at: at(3)) }
        #expect(others.count == NamelessDenials.mostInWindow - 2)
        #expect(!denials.admits("a", at: at(59)) && denials.admits("a", at: at(60)))
    }

    @Test("drives no failure of a client out of the record, nor what was denied to others, however often it comes")
    func flood() {
        let sink = RecordSink(maxClients: 100)
        let now = ClockReading.now()
        for number in 0..<10_000 {
            sink.refused(
                RefusedCertificate(address: "192.0.2.\(number % 250)", explanation: "no certificate", subject: nil),
                at: now)
        }
        let (batch, _, dropped) = sink.take(at: now.wall)
        #expect(batch.failures.count == NamelessDenials.mostInWindow && dropped == 0 && batch.failedScrapes == 0)
    }

    @Test("for its certificate is in log and record, with why, from where, and whose it says it is")
    func certificates() async throws {
        let authority = try await TestAuthority()
        let namesake = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example")
        let clients = [
            TestClient(trusts: authority.certificate),
            TestClient(
                trusts: authority.certificate, shows: try await authority.issue("old", "DNS:web-1.example", days: -1)),
            TestClient(trusts: authority.certificate, shows: try await namesake.issue("web-1", "DNS:web-1.example")),
        ]
        let web = try authority.folder.write(
            """
            tls_server_config:
              cert_file: \(pair.certificate)
              key_file: \(pair.key)
              client_auth_type: RequireAndVerifyClientCert
              client_ca_file: \(authority.certificate)
            """, to: "web.yml")
        let path = authority.folder.file("p.db")
        let lines = LogLines()
        let change: (inout ProxyConfiguration) -> Void = {
            $0.clientListenAddresses = [Self.loopback]
            $0.clientConfigurationFile = web
            $0.storagePath = path
        }
        try await TestProxy.run(change, logger: lines.logger) { proxy in
            for client in clients + clients {
                let connection = try await client.open(port: proxy.proxy.addresses[1].port)
                await #expect(throws: (any Error).self) {
                    try await connection.send("GET /-/healthy HTTP/1.1\r\nHost: p\r\n\r\n")
                    _ = try await connection.response()
                }
                await connection.close()
            }
            let rows = try await until(proxy, path) { reader in
                let rows = try reader.failures(FailureQuery()).rows
                return rows.count >= 3 ? rows.reversed() : nil
            }
            #expect(rows.allSatisfy { $0.fqdn.isEmpty && $0.kind == RecordedKind(.accessDenied) && $0.target.isEmpty })
            let reasons = [
                "no certificate", "a certificate that has expired (CN=old,O=Example)",
                "a certificate that no known authority has signed (CN=web-1,O=Example)",
            ]
            #expect(
                rows.map(\.text)
                    == reasons.map { FailureKind.accessDenied.sentence("TLS handshake, \($0), from 127.0.0.1") })
            let denied = lines.containing("access denied")
            #expect(
                denied.count == 6 && denied.allSatisfy { $0.contains("action=handshake") && $0.contains("level=WARN") })
            #expect(denied[1].contains("reason=\"a certificate that has expired\""))
            #expect(denied[1].contains("certificate=\"CN=old,O=Example\"") && denied[1].contains("address=127.0.0.1"))
            #expect(try await proxy.metric("pushprox_scrapes_total") == 0)
            #expect(try await proxy.metric("pushprox_access_denied_total{action=\"register\"}") == 0)
        }
    }

    @Test("for a poll with a token that nobody has, or a page without one, is on record too")
    func beforeTheName() async throws {
        let rules = AccessProxy.identities.replacing("anonymous: {read: true}", with: "")
        try await AccessProxy.run(rules, storagePath: "p.db") { it in
            for _ in 1...3 {
                #expect(try await it.poll("a.eu", as: "hunter2").status == 401)
                #expect(try await it.it.get("/clients").status == 401)
            }
            let rows = try await until(it.it, it.folder.file("p.db")) { reader in
                let rows = try reader.failures(FailureQuery()).rows
                return rows.count >= 2 ? rows.reversed() : nil
            }
            let kind = FailureKind.accessDenied
            #expect(
                rows.map(\.text) == [
                    kind.sentence("register, a token that no identity has, from 127.0.0.1"),
                    kind.sentence("read, no credential, from 127.0.0.1"),
                ])
            #expect(rows.allSatisfy { $0.fqdn.isEmpty })
        }
    }

    @Test(
        "who pushes for a scrape that an identity was handed, at a listener that knows nobody, is in metrics, log and record"
    )
    func pushOfNobody() async throws {
        let folder = try TemporaryFolder()
        let users = try folder.write(
            "basic_auth_users:\n  u: $2y$04$abcdefghijklmnopqrstuudMegMbPN37MbpdEfAtP66w1z0RBCtLG\n", to: "users.yml")
        let lines = LogLines()
        let change: (inout ProxyConfiguration) -> Void = {
            $0.clientListenAddresses = [Self.loopback]
            $0.clientConfigurationFile = users
            $0.storagePath = folder.file("p.db")
        }
        try await TestProxy.run(change, logger: lines.logger) { proxy in
            let poll = try await RawConnection.open(port: proxy.proxy.addresses[1].port)
            try await poll.send(AccessProxy.pollRequest("a.example", "Authorization: Basic dTpw\r\n"))
            try await proxy.until { $0.waitingPolls == 1 }
            let scrape = try await proxy.scrape("a.example")
            let id = try TestProxy.id(of: try await poll.response())
            #expect(try await proxy.push(id, "taken").status == 404)
            try await proxy.metric("pushprox_access_denied_total{action=\"register\"}", is: 1)
            let line = lines.containing("access denied").first
            #expect(line?.contains("identity=- ") == true && line?.contains("fqdn=a.example") == true)
            #expect(line?.contains("the scrape was handed to another identity") == true)
            #expect(line?.contains("address=127.0.0.1") == true)
            let row = try await until(proxy, folder.file("p.db")) { try $0.failures(FailureQuery()).rows.first }
            #expect(row.fqdn == "a.example" && row.text.contains("handed to another identity, from 127.0.0.1"))
            // It is still the identity's to answer.
            let message = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nId: \(id)\r\n\r\nup"
            try await poll.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nAuthorization: Basic dTpw\r\nContent-Length: \(message.utf8.count)\r\n\r\n\(message)"
            )
            #expect(try await poll.response().status == 200)
            #expect(try await scrape.response().body == "up")
        }
    }
}
