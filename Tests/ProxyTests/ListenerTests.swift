import Flags
import Logging
import TestKit
import Testing

@testable import Proxy

@Suite("Listeners, TLS and the web configuration file of the proxy") struct ListenerTests {
    private static let loopback = ListenAddress(host: "127.0.0.1", port: 0)
    /// `u` with the password `p`; bcrypt of the lowest cost.
    private static let users = "basic_auth_users:\n  u: $2y$04$abcdefghijklmnopqrstuudMegMbPN37MbpdEfAtP66w1z0RBCtLG\n"

    private static func tls(_ pair: TestAuthority.Pair, more: String = "") -> String {
        "tls_server_config:\n  cert_file: \(pair.certificate)\n  key_file: \(pair.key)\n" + more
    }

    private static func ask(_ connection: RawConnection, _ request: String) async throws -> RawResponse {
        try await connection.send(request)
        return try await connection.response()
    }

    private static let health = "GET /-/healthy HTTP/1.1\r\nHost: p\r\n\r\n"

    @Test("The listener for clients takes polls, pushes and tunnels and tells its health, and nothing else")
    func clientsAlone() async throws {
        let log = LogLines()
        let change: (inout ProxyConfiguration) -> Void = { $0.clientListenAddresses = [Self.loopback] }
        try await TestProxy.run(change, logger: log.logger) { proxy in
            let port = proxy.proxy.addresses[1].port
            for (request, status) in [
                (Self.health, 200), ("GET /clients HTTP/1.1\r\nHost: p\r\n\r\n", 404),
                ("GET /metrics HTTP/1.1\r\nHost: p\r\n\r\n", 404), ("GET / HTTP/1.1\r\nHost: p\r\n\r\n", 404),
                ("GET /-/ready HTTP/1.1\r\nHost: p\r\n\r\n", 404),
                ("GET http://a.example/metrics HTTP/1.1\r\nHost: a.example\r\n\r\n", 403),
                ("GET https://a.example/poll HTTP/1.1\r\nHost: a.example\r\n\r\n", 403),
                ("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", 403),
                ("GET poll HTTP/1.1\r\nHost: p\r\n\r\n", 403),
            ] {
                let connection = try await RawConnection.open(port: port)
                #expect(try await Self.ask(connection, request).status == status, "\(request)")
                await connection.close()
            }
            // Polls there, scraped here.
            let poll = try await RawConnection.open(port: port)
            try await poll.send("POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\na.example")
            try await proxy.until { $0.waitingPolls == 1 }
            let scrape = try await proxy.scrape("a.example")
            let id = try TestProxy.id(of: try await poll.response())
            let body = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nId: \(id)\r\n\r\nup"
            #expect(
                try await Self.ask(
                    poll, "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                ).status == 200)
            #expect(try await scrape.response().body == "up")
            // A tunnel there too.
            let tunnel = try await TunnelClient.open(on: try await RawConnection.open(port: port), ["b.example"])
            #expect(try await tunnel.welcome().refused.isEmpty)
            let other = try await proxy.scrape("b.example")
            try await tunnel.answer(try await tunnel.opened().stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup")
            #expect(try await other.response().body == "up")
        }
        #expect(log.containing("listening").count == 2)
        #expect(log.containing("listening").last?.contains("listener=clients") == true)
        #expect(log.containing("who reaches").isEmpty)
    }

    @Test("Several addresses and a Unix domain socket serve the same proxy; one that is taken leaves none")
    func several() async throws {
        let folder = try TemporaryFolder()
        let socket = ListenAddress(path: folder.file("p.sock"))
        try await TestProxy.run {
            $0.listenAddresses = [Self.loopback, Self.loopback, socket]
        } body: { proxy in
            for address in proxy.proxy.addresses.prefix(2) {
                let connection = try await RawConnection.open(port: address.port)
                #expect(try await Self.ask(connection, Self.health).status == 200)
            }
            let connection = try await RawConnection.open(path: folder.file("p.sock"))
            #expect(try await Self.ask(connection, Self.health).status == 200)
            let configuration = ProxyConfiguration(
                listenAddresses: [Self.loopback], clientListenAddresses: [proxy.proxy.addresses[1]])
            await #expect {
                _ = try await RunningProxy.start(configuration, logger: LogLines().logger)
            } throws: {
                "\($0)".contains("taken") && "\($0)".contains("--web.client-listen-address")
            }
        }
    }

    @Test(
        "TLS on one listener: new certificates without a connection lost, a bad file changes nothing and says so, plain HTTP is told"
    )
    func rotation() async throws {
        let authority = try await TestAuthority()
        let (first, second) = (
            try await authority.issue("one", "DNS:a.example"), try await authority.issue("two", "DNS:b.example")
        )
        let file = try authority.folder.write(Self.tls(first), to: "web.yml")
        let log = LogLines()
        let change: (inout ProxyConfiguration) -> Void = {
            $0.clientListenAddresses = [Self.loopback]
            $0.clientConfigurationFile = file
        }
        try await TestProxy.run(change, logger: log.logger) { proxy in
            let port = proxy.proxy.addresses[1].port
            let client = TestClient(trusts: authority.certificate)
            let old = try await client.open(port: port)
            #expect(try await Self.ask(old, Self.health).status == 200)
            let plain = try await RawConnection.open(port: port)
            #expect(try await Self.ask(plain, Self.health).status == 400)
            let half = try await RawConnection.open(port: port)
            try await half.send("\u{16}\u{03}")
            #expect(try await proxy.get("/-/healthy").status == 200)

            let reloadable = try #require(proxy.proxy.web.reloadables.first)
            try authority.folder.write(Self.tls(second), to: "web.yml")
            reloadable.look(isAsked: true)
            await #expect(throws: (any Error).self) {
                _ = try await Self.ask(try await client.open(port: port), Self.health)
            }
            let renewed = try await client.open(port: port, host: "b.example")
            #expect(try await Self.ask(renewed, Self.health).status == 200)
            #expect(try await Self.ask(old, Self.health).status == 200)
            let successful = "pushprox_config_last_reload_successful{config=\"web_client\"}"
            #expect(try await proxy.metric(successful) == 1)

            try authority.folder.write(Self.tls(first, more: "no_such_key: 1\n"), to: "web.yml")
            reloadable.look(isAsked: true)
            #expect(log.containing("cannot be used").first?.contains("web.yml:4: no_such_key") == true)
            #expect(try await proxy.metric(successful) == 0)
            let again = try await client.open(port: port, host: "b.example")
            #expect(try await Self.ask(again, Self.health).status == 200)
        }
    }

    @Test(
        "Users protect scrapes by Proxy-Authorization and the rest by Authorization; headers and the rate limit are the file's"
    )
    func users() async throws {
        let folder = try TemporaryFolder()
        let more = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
        let file = try folder.write(Self.users + more, to: "web.yml")
        try await TestProxy.run {
            $0.webConfigurationFile = file
        } body: { proxy in
            let credential = "Authorization: Basic dTpw\r\n"
            for (request, status) in [
                ("GET /clients HTTP/1.1\r\nHost: p\r\n\r\n", 401),
                ("GET /clients HTTP/1.1\r\nHost: p\r\nProxy-\(credential)\r\n", 401),
                ("GET /clients HTTP/1.1\r\nHost: p\r\n\(credential)\r\n", 200),
                ("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\(credential)\r\n", 407),
                ("POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\na.example", 401),
                ("POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n\r\n", 401), (Self.health, 200),
            ] {
                let answer = try await proxy.ask(request)
                #expect(answer.status == status, "\(request)")
                #expect(answer["X-Frame-Options"] == "deny")
            }
            try folder.write("rate_limit:\n  interval: 1h\n  burst: 1\n", to: "web.yml")
            for reloadable in proxy.proxy.reloadables { reloadable.look(isAsked: true) }
            #expect(try await proxy.get("/clients").status == 200)
            #expect(try await proxy.get("/clients").status == 429)
            // Neither polls nor pushes are limited.
            let push = try await proxy.pushRaw("x")
            #expect(push.status != 429)
        }
    }

    @Test("A file that can't be used is one line with file, line, key and flag")
    func unusable() async throws {
        let folder = try TemporaryFolder()
        for (text, words) in [
            (nil, ["none.yml"]), ("a:\n  b: 1\nrate_limit:\n", ["web.yml:1", "a"]),
            (
                "tls_server_config:\n  cert_file: none.pem\n  key_file: none.key\n",
                ["web.yml:2", "tls_server_config.cert_file"]
            ),
        ] as [(String?, [String])] {
            var configuration = ProxyConfiguration(listenAddresses: [Self.loopback])
            configuration.webConfigurationFile =
                try text.map { try folder.write($0, to: "web.yml") } ?? folder.file("none.yml")
            await #expect {
                _ = try await RunningProxy.start(configuration, logger: LogLines().logger)
            } throws: { error in
                (words + ["--web.config.file"]).allSatisfy { "\(error)".contains($0) } && !"\(error)".contains("\n")
            }
        }
    }

    @Test("What anyone can do is said for addresses beyond this machine that lack TLS or rules")
    func exposure() {
        for (address, isForClients, hasTLS, hasRules, words) in [
            (":8080", false, false, false, ["scrape", "name", "read along"]),
            (":8080", true, false, false, ["name", "read along"]),
            (":8080", false, true, false, ["scrape", "name"]), (":8080", false, false, true, ["read along"]),
            ("192.0.2.1:80", false, true, true, []), ("127.0.0.1:80", false, false, false, []),
            ("[::1]:80", false, false, false, []), ("localhost:80", true, false, false, []),
            ("unix:/run/p.sock", false, false, false, []),
        ] as [(String, Bool, Bool, Bool, [String])] {
            let exposure = ListenAddress(address).map {
                Exposure(of: $0, isForClientsAlone: isForClients, hasTLS: hasTLS, hasRules: hasRules)
            }
            let text = exposure?.consequence ?? ""
            #expect(text.isEmpty == words.isEmpty, "\(address)")
            for word in ["scrape", "name", "read along"] {
                #expect(
                    text.contains(word + (word == "scrape" ? " every" : "")) == words.contains(word),
                    "\(address) \(word)")
            }
        }
    }
}
