import Clients
import Failures
import Glibc
import NIOCore
import TestKit
import Testing
import Tunnel
import Wire

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct OfferTests {
    private let bench: OfferBench

    init() throws { bench = try OfferBench() }

    // MARK: What the proxy is told

    @Test("A poll says what is declared of its name, one name each")
    func pollFields() async throws {
        try await bench.run(
            """
            labels: {site: berlin, team: web ops}
            targets: [{port: 9100}, {port: 9113, path: "/a?b=c", labels: {job: nginx}, address: "127.0.0.1:1"}]
            names: [{fqdn: Printer.lan, labels: {site: bern}}, {fqdn: switch.lan}]
            """
        ) { subject in
            let polls = try await bench.polls(subject, 3)
            let own = try #require(polls["127.0.0.1"])
            #expect(bench.values("X-Pushprox-Label", own) == ["site=berlin", "team=web%20ops"])
            #expect(bench.values("X-Pushprox-Target", own) == ["9100", "9113/a?b=c job=nginx"])
            let printer = try #require(polls["Printer.lan"])
            #expect(bench.values("X-Pushprox-Label", printer) == ["site=bern"])
            #expect(bench.values("X-Pushprox-Target", printer).isEmpty)
            let other = try #require(polls["switch.lan"])
            #expect(!other.head.contains("X-Pushprox-Label") && !other.head.contains("X-Pushprox-Target"))
            #expect(own.value("X-Pushprox-Instance") == other.value("X-Pushprox-Instance"))
        }
    }

    @Test("A HELLO says all names with what is declared of them")
    func helloFields() async throws {
        try await bench.run(
            "labels: {site: berlin}\nnames: [{fqdn: printer.lan, targets: [{port: 9116}]}, {fqdn: switch.lan}]",
            transport: .tunnel
        ) { subject in
            let tunnel = try await TunnelPeer.open(try await subject.proxy.next("/tunnel"))
            let hello = try await tunnel.hello()
            #expect(hello.names.map(\.spelling) == ["127.0.0.1", "printer.lan", "switch.lan"])
            #expect(try hello.declaration(of: hello.names[0]).labels == [Label("site", "berlin")])
            #expect(try hello.declaration(of: hello.names[1]).targets.map(\.text) == ["9116"])
            #expect(try hello.declaration(of: hello.names[2]) == .none)
        }
    }

    // MARK: A file that changes

    @Test("A changed file is said in another HELLO, on the tunnel that there is, and a bad one changes nothing")
    func tunnelReload() async throws {
        try await bench.run("targets: [{port: 9100}]", transport: .tunnel) { subject in
            let tunnel = try await TunnelPeer.welcome(try await subject.proxy.next("/tunnel"))
            try await bench.rewrite("targets: [{port: 9100}, {port: 9200}]\nnames: [{fqdn: b}]", subject)
            let hello = try await tunnel.hello()
            #expect(hello.names.map(\.spelling) == ["127.0.0.1", "b"])
            #expect(try hello.declaration(of: hello.names[0]).targets.map(\.text) == ["9100", "9200"])
            try await tunnel.act { $0.welcome(refused: [], at: .now()) }
            // What may be half written is looked at twice.
            try await bench.rewrite("targets: [{port: 9100}, {prt: 9200}]", subject, times: 2)
            #expect(subject.log.count("client.yml:1: targets[1].prt: there is no such key here") == 1)
            #expect(subject.log.count("the one before stays") == 1)
            #expect(subject.metric("pushprox_client_config_last_reload_successful{config=\"client\"}") == 0)
            try await bench.rewrite("labels: {a: b}", subject)
            let last = try await tunnel.hello()
            #expect(last.names.map(\.spelling) == ["127.0.0.1"])
            #expect(try last.declaration(of: last.names[0]).labels == [Label("a", "b")])
            #expect(subject.proxy.seen("/tunnel") == 1)
            #expect(subject.metric("pushprox_client_config_last_reload_successful{config=\"client\"}") == 1)
        }
    }

    @Test("What the proxy need not know of is not said again")
    func quietReload() async throws {
        try bench.folder.write("one", to: "token")
        func file(_ port: Int) -> String {
            "targets: [{port: 9100, address: \"127.0.0.1:\(port)\", authorization: {credentials_file: token}}]"
        }
        try await bench.run(file(1), transport: .tunnel) { subject in
            let target = try await ScriptedServer()
            let tunnel = try await TunnelPeer.welcome(try await subject.proxy.next("/tunnel"))
            try await bench.rewrite(file(target.port), subject)
            // It would have come before this.
            let stream = try await tunnel.scrape(9_100)
            let request = try await target.next("/metrics")
            #expect(request.value("Authorization") == "Bearer one")
            try await request.answer(status: "200 OK", "up 1\n")
            guard case .data(stream, let bytes) = try await tunnel.next() else {
                Issue.record("something else was said first")
                return
            }
            #expect(String(buffer: bytes).hasSuffix("up 1\n"))
            await target.stop()
        }
    }

    @Test("A changed file is said in polls that take the place of the open ones; what these bring is not lost")
    func pollReload() async throws {
        let target = try await ScriptedServer()
        try await bench.run("labels: {a: one}\nnames: [{fqdn: gone.lan}, {fqdn: stays.lan}]") { subject in
            let before = try await bench.polls(subject, 3)
            try await bench.rewrite("labels: {a: two}\nnames: [{fqdn: stays.lan}, {fqdn: new.lan}]", subject)
            let after = try await bench.polls(subject, 2)
            #expect(Set(after.keys) == ["127.0.0.1", "new.lan"])
            let newer = try #require(after["127.0.0.1"])
            #expect(bench.values("X-Pushprox-Label", newer) == ["a=two"])
            // The older one was answered with a scrape before the proxy had seen the newer.
            try await before["127.0.0.1"]?.answer(status: "200 OK", bench.scrape("127.0.0.1", target.port, id: "old"))
            try await target.next("/metrics").answer(status: "200 OK", "up 1\n")
            #expect(try await subject.takePush().value("Id") == "old")
            try await newer.answer(status: "204 No Content")
            #expect(try await bench.values("X-Pushprox-Label", subject.proxy.next("/poll")) == ["a=two"])
            try await before["stays.lan"]?.answer(status: "204 No Content")
            #expect(try await subject.proxy.next("/poll").text == "stays.lan")
            #expect(subject.log.count("is a second client running") == 0)
        }
        await target.stop()
    }

    @Test("Another proxy_url takes a restart")
    func otherProxy() async throws {
        let proxy = try await ScriptedServer()
        let path = try bench.folder.write("proxy_url: http://127.0.0.1:\(proxy.port)/", to: "client.yml")
        try await ClientUnderTest.run(proxy: proxy) {
            $0.file = path
            $0.isProxyURLOfFile = true
        } _: { subject in
            _ = try await proxy.next("/poll")
            try await bench.rewrite("labels: {a: b}\nproxy_url: http://elsewhere/", subject, times: 2)
            #expect(subject.log.count("client.yml:2: proxy_url: proxy_url can't become another while") == 1)
        }
    }

    // MARK: Where scrapes go

    @Test("Targets on loopback are reached by their address, under the name that Prometheus knows")
    func address() async throws {
        let target = try await ScriptedServer()
        try await bench.run(
            """
            fqdn: edge.example
            targets: [{port: 9113, address: "127.0.0.1:\(target.port)"}]
            names: [{fqdn: container.example, address: 127.0.0.1}]
            """
        ) { subject in
            let polls = try await bench.polls(subject, 2)
            try await polls["edge.example"]?.answer(status: "200 OK", bench.scrape("edge.example", 9_113, id: "one"))
            let request = try await target.next("/metrics")
            #expect(request.value("Host") == "edge.example:9113")
            try await request.answer(status: "200 OK", "up 1\n")
            #expect(try await subject.takePush().body == "up 1\n")
            // A path that is not declared: so all of the port is.
            try await bench.polls(subject, 1)["edge.example"]?.answer(
                status: "200 OK", bench.scrape("edge.example", 9_113, "/more?x=y", id: "more"))
            try await target.next("/more").answer(status: "200 OK", "up 1\n")
            _ = try await subject.takePush()
            try await polls["container.example"]?.answer(
                status: "200 OK", bench.scrape("container.example", target.port, "/other", id: "two"))
            try await target.next("/other").answer(status: "200 OK", "up 2\n")
            #expect(try await subject.takePush().body == "up 2\n")
        }
        await target.stop()
    }

    @Test(
        "Where only_targets is set nothing but declared targets is scraped, however Prometheus writes them",
        arguments: [
            ("/snmp?module=if+mib&target=10.0.0.1%3A161", true), ("/snmp?target=10.0.0.1:161&module=if%20mib", true),
            ("/%73nmp?target=10.0.0.1:161&module=if%20mib", true),
            ("/snmp?target=10.0.0.2:161&module=if%20mib", false), ("/snmp?target=10.0.0.1:161", false),
            ("/snmp?target=10.0.0.1:161&module=if%20mib&x=y", false), ("/snmp", false), ("/", false),
            ("/metrics", false), ("/snmp/?target=10.0.0.1:161&module=if%20mib", false),
            ("/a/../snmp?target=10.0.0.1:161&module=if%20mib", false),
        ])
    func onlyTargets(path: String, isTaken: Bool) throws {
        let target = try DeclaredTarget(text: "9116/snmp?target=10.0.0.1:161&module=if%20mib")
        let offer = Offer(
            names: [
                Offer.Name(
                    fqdn: try #require(FQDN("edge")), address: nil, declaration: .none,
                    targets: [Offer.Target(declared: target)])
            ], onlyTargets: true)
        let policy = TargetPolicy(offer)
        func admit(_ port: Int) throws -> TargetRequest {
            try policy.admit(
                PolledRequest(parsing: .init(string: bench.scrape("edge", port, path, id: "x")), maxHeadBytes: 4_096),
                deadline: NIODeadline.now() + .seconds(1), at: .now())
        }
        #expect(((try? admit(9_116)) != nil) == isTaken)
        #expect((try? admit(9_117)) == nil)
        #expect(throws: TargetPolicy.Refusal.self) { try policy.admitConnection(host: "edge", port: 9_116) }
    }

    @Test(
        "A target that speaks https only at the client is verified as its tls says",
        arguments: [
            ("tls: {ca_file: ca.pem}", nil), ("tls: {ca_file: ca.pem, server_name: edge.example}", nil),
            ("tls: {insecure_skip_verify: true}", nil),
            ("tls: {ca_file: ca.pem, server_name: other.example}", "the certificate is not valid for other.example"),
            ("tls: {server_name: edge.example}", "certificate verify failed"),
            ("labels: {}", "certificate verify failed"),
        ] as [(String, String?)])
    func targetTLS(key: String, trouble: String?) async throws {
        try bench.folder.write(TestCertificates.authority, to: "ca.pem")
        let target = try await ScriptedServer(tls: try TestCertificates.serverContext())
        try await bench.run(
            "targets: [{port: 8443, address: \"https://127.0.0.1:\(target.port)\", \(key)}]"
        ) { subject in
            try await subject.sendScrape(to: 8_443)
            if let trouble {
                let push = try await subject.takePush()
                #expect(push.body.contains(trouble), "\(push.body)")
            } else {
                try await target.next("/metrics").answer(status: "200 OK", "up 1\n")
                #expect(try await subject.takePush().body == "up 1\n")
            }
        }
        await target.stop()
    }

    // MARK: Credentials

    @Test("A credential goes to its target and nowhere else: not to another path or port, and not after a redirect")
    func credential() async throws {
        let target = try await ScriptedServer()
        let other = try await ScriptedServer()
        chmod(try bench.folder.write("secret-one\n", to: "token"), 0o644)
        try await bench.run(
            """
            targets:
              - {port: 9113, address: "127.0.0.1:\(target.port)", authorization: {credentials_file: token}}
              - {port: 9114, address: "127.0.0.1:\(other.port)"}
            """
        ) { subject in
            try await subject.sendScrape(to: 9_113, fields: "Authorization: Basic theirs\r\n")
            let request = try await target.next("/metrics")
            #expect(bench.values("Authorization", request) == ["Bearer secret-one"])
            #expect(
                subject.log.count(
                    "credentials_file: \(bench.folder.file("token")): every user of this machine can read it") == 1)
            try await request.answer(
                status: "302 Found", fields: "Location: http://127.0.0.1:9114/metrics\r\n")
            let push = try await subject.takePush()
            #expect(push.head.hasPrefix("HTTP/1.1 302") && !push.head.contains("secret-one"))
            // As Prometheus follows it, with what it sends itself.
            try await subject.sendScrape(to: 9_114, fields: "Authorization: Basic theirs\r\n")
            let redirected = try await other.next("/metrics")
            #expect(bench.values("Authorization", redirected) == ["Basic theirs"])
            try await redirected.answer(status: "200 OK")
            _ = try await subject.takePush()
            try await subject.sendScrape(to: 9_113, path: "/other")
            let unnamed = try await target.next("/other")
            #expect(unnamed.value("Authorization") == nil)
            try await unnamed.answer(status: "200 OK")
            _ = try await subject.takePush()
            // Read again when it changes.
            try bench.folder.write("secret-two", to: "token")
            try await bench.look(subject)
            try await subject.sendScrape(to: 9_113)
            let again = try await target.next("/metrics")
            #expect(bench.values("Authorization", again) == ["Bearer secret-two"])
            try await again.answerAndClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
            let broken = try await subject.takePush()
            #expect(!broken.body.contains("secret") && !broken.head.contains("secret"))
            #expect(subject.log.count("secret-") == 0)
        }
        await target.stop()
        await other.stop()
    }

    @Test("A credential does not pass an HTTP proxy in clear")
    func forwarded() async throws {
        let forwarder = try await ScriptedServer()
        try bench.folder.write("secret-one\n", to: "token")
        let path = try bench.folder.write(
            "fqdn: edge.example\ntargets: [{port: 9113, authorization: {credentials_file: token}}]", to: "client.yml")
        try await ClientUnderTest.run {
            $0.file = path
            $0.environment =
                (try? ProxyEnvironment(["http_proxy": "http://127.0.0.1:\(forwarder.port)", "no_proxy": "127.0.0.1"]))
                ?? .none
        } _: { subject in
            try await subject.sendScrape(to: 9_113, host: "edge.example")
            #expect(try await subject.takePush().body.contains("would pass an HTTP proxy in clear"))
            #expect(forwarder.connectionCount == 0)
        }
        await forwarder.stop()
    }
}
