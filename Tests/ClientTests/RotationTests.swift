import Glibc
import NIOCore
import TestKit
import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct RotationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What `Reloading` does, now.
    private func look(_ subject: ClientUnderTest, times: Int = 1, isAsked: Bool = false) {
        for _ in 0..<times { for configuration in subject.client.reloadables { configuration.look(isAsked: isAsked) } }
    }

    private func isSuccessful(_ subject: ClientUnderTest, _ configuration: String) -> Bool {
        let text = String(decoding: subject.client.metrics.registry.exposition(), as: UTF8.self)
        return text.contains("\npushprox_client_config_last_reload_successful{config=\"\(configuration)\"} 1\n")
    }

    @Test("A token from a file is shown in polls and pushes, and to the target never")
    func token() async throws {
        let path = try folder.write("  secret-one\n", to: "token")
        try await ClientUnderTest.run {
            $0.credential = .tokenFile(path)
        } _: { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(
                to: target.port, fields: "Authorization: Basic theirs\r\nProxy-Authorization: Basic proxys\r\n")
            let request = try await target.next("/metrics")
            #expect(request.value("Authorization") == "Basic theirs")
            #expect(request.value("Proxy-Authorization") == nil)
            #expect(!request.head.contains("secret-one"))
            try await request.answer(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(target.port)/other\r\nContent-Length: 0\r\n\r\n")
            let push = try await subject.proxy.next("/push")
            #expect(push.value("Authorization") == "Bearer secret-one")
            #expect(!push.text.contains("secret-one"))
            try await push.answer(status: "200 OK")
            #expect(try await subject.proxy.next("/poll").value("Authorization") == "Bearer secret-one")
            #expect(isSuccessful(subject, "credential"))
            #expect(subject.log.count("secret-one") == 0)
            #expect(target.connectionCount == 1)
            await target.stop()
        }
    }

    @Test("A token that the proxy no longer takes is read again at once, and the outage is one line")
    func denied() async throws {
        let path = try folder.write("secret-one", to: "token")
        try await ClientUnderTest.run {
            $0.credential = .tokenFile(path)
        } _: { subject in
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            var poll = try await subject.proxy.next("/poll")
            try folder.write("secret-two", to: "token")
            while poll.value("Authorization") != "Bearer secret-two" {
                #expect(poll.value("Authorization") == "Bearer secret-one")
                try await poll.answer(status: "401 Unauthorized", "this token is not known\n")
                poll = try await subject.proxy.next("/poll")
            }
            try await poll.answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            #expect(subject.log.count("this token is not known") == 1)
            #expect(subject.log.count("takes our polls again") == 1)
            #expect(subject.log.count("secret-") == 0)
        }
    }

    @Test("A new password ends an outage at once, however long the wait was to be")
    func password() async throws {
        let path = try folder.write("secret-one", to: "password")
        let proxy = try await ScriptedServer()
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.proxyURL = (try? HTTPURL("http://user@127.0.0.1:\(proxy.port)")) ?? configuration.proxyURL
            configuration.credential = .passwordFile(path)
            configuration.retryInitialWait = .hours(1)
            configuration.retryMaxWait = .hours(1)
        } _: { subject in
            let first = try await proxy.next("/poll")
            #expect(first.value("Authorization") == "Basic dXNlcjpzZWNyZXQtb25l")
            try await first.answer(status: "403 Forbidden", "the identity user may not register\n")
            try await eventually("an outage", after: { try await subject.settled() }) {
                subject.log.count("the identity user may not register") == 1 ? true : nil
            }
            try folder.write("secret-two", to: "password")
            look(subject)
            #expect(try await proxy.next("/poll").value("Authorization") == "Basic dXNlcjpzZWNyZXQtdHdv")
            #expect(subject.log.count("secret-") == 0)
        }
    }

    @Test(
        "A file that is gone or empty changes nothing, and log and metric say so", arguments: [nil, "", " \n", "a\nb"])
    func unusable(content: String?) async throws {
        let path = try folder.write("secret-one", to: "token")
        chmod(path, 0o600)
        try await ClientUnderTest.run {
            $0.credential = .tokenFile(path)
        } _: { subject in
            let poll = try await subject.proxy.next("/poll")
            if let content { try folder.write(content, to: "token") } else { unlink(path) }
            look(subject, times: 3)
            #expect(subject.log.count("configuration cannot be used, the one before stays") == 1)
            #expect(subject.log.count("(--proxy.token-file)") == 1)
            #expect(!isSuccessful(subject, "credential"))
            try await poll.answer(status: "204 No Content")
            let next = try await subject.proxy.next("/poll")
            #expect(next.value("Authorization") == "Bearer secret-one")
            try folder.write("secret-two", to: "token")
            look(subject, isAsked: true)
            try await subject.settled()
            #expect(isSuccessful(subject, "credential"))
            try await next.answer(status: "204 No Content")
            #expect(try await subject.proxy.next("/poll").value("Authorization") == "Bearer secret-two")
            #expect(subject.log.count("secret-") == 0)
        }
    }

    @Test(
        "A push that is denied, or that nobody waits for, is counted, and the client polls on",
        arguments: [("401 X", "handed the scrape to"), ("403 X", "handed the scrape to"), ("404 X", "nobody waits")])
    func deniedPush(status: String, reason: String) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            try await target.next("/metrics").answer(status: "200 OK", "x")
            _ = try await subject.takePush(answer: status)
            try await eventually("the end of the scrape", after: { try await subject.settled() }) {
                subject.log.count(reason) == 1 ? true : nil
            }
            #expect(subject.client.metrics.pushErrors.value == 1)
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            #expect(subject.log.count("level=WARN") == 0)
            await target.stop()
        }
    }

    @Test("A new certificate is shown on new connections, and no connection that was idle goes on with the old one")
    func certificate() async throws {
        let files = ClientTLSFiles(
            authority: try folder.write(TestCertificates.authority, to: "ca"),
            certificate: try folder.write(TestCertificates.client, to: "crt"),
            key: try folder.write(TestCertificates.clientKey, to: "key"))
        let proxy = try await ScriptedServer(tls: try TestCertificates.serverContext(asksForClient: true))
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.proxyURL = (try? HTTPURL("https://localhost:\(proxy.port)/")) ?? configuration.proxyURL
            configuration.tls = files
        } _: { subject in
            // Leaves an idle connection behind.
            let target = try await ScriptedServer()
            _ = try await subject.scrape(target, response: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            let poll = try await proxy.next("/poll")
            #expect(try await poll.peer.shownSerialNumber() == [7])

            try folder.write(TestCertificates.Server.usual.pem, to: "crt")
            look(subject)
            #expect(subject.log.count("cannot be used") == 0, "the key may come in a moment")
            look(subject)
            #expect(subject.log.count("do certificate and key belong together?") == 1)
            #expect(!isSuccessful(subject, "tls"))
            try folder.write(TestCertificates.serverKey, to: "key")
            look(subject)
            try await subject.settled()
            #expect(isSuccessful(subject, "tls"))

            try await poll.answer(
                status: "200 OK",
                "GET http://nobody:1/ HTTP/1.1\r\nId: i\r\nX-Prometheus-Scrape-Timeout-Seconds: 5\r\n\r\n")
            let push = try await proxy.next("/push")
            #expect(try await push.peer.shownSerialNumber() == [2])
            #expect(try await proxy.next("/poll").peer.shownSerialNumber() == [2])
            #expect(subject.log.count("PRIVATE KEY") == 0)
            await target.stop()
        }
    }

    @Test("A proxy is trusted as soon as its authority stands in the file")
    func authority() async throws {
        // Some certificate, of no authority.
        let path = try folder.write(TestCertificates.client, to: "ca")
        let proxy = try await ScriptedServer(tls: try TestCertificates.serverContext())
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.proxyURL = (try? HTTPURL("https://localhost:\(proxy.port)/")) ?? configuration.proxyURL
            configuration.tls = ClientTLSFiles(authority: path)
            configuration.retryInitialWait = .hours(1)
            configuration.retryMaxWait = .hours(1)
        } _: { subject in
            try await eventually("an outage", after: { try await subject.settled() }) {
                subject.log.count("certificate verify failed") == 1 ? true : nil
            }
            try folder.write(TestCertificates.authority, to: "ca")
            look(subject)
            try await proxy.next("/poll").answer(status: "204 No Content")
        }
    }

    @Test(
        "A secret in a file that every user can read is warned of, with file and flag; one that is the client's own is not"
    )
    func exposed() async throws {
        let (token, key) = (
            try folder.write("secret-one", to: "token"), try folder.write(TestCertificates.clientKey, to: "key")
        )
        let certificate = try folder.write(TestCertificates.client, to: "certificate")
        for (mode, count) in [(0o600, 0), (0o640, 0), (0o644, 1)] as [(mode_t, Int)] {
            for file in [token, key] { chmod(file, mode) }
            for (credential, flag) in [
                (ProxyCredential.tokenFile(token), "--proxy.token-file"),
                (.passwordFile(token), "--proxy.password-file"),
            ] {
                try await ClientUnderTest.run {
                    $0.credential = credential
                    $0.tls = ClientTLSFiles(certificate: certificate, key: key)
                } _: { subject in
                    for (file, flag) in [(token, flag), (key, "--tls.key")] {
                        #expect(
                            subject.log.count("\(file): every user of this machine can read it (\(flag))") == count)
                    }
                    #expect(subject.log.count("configuration") == 2 * count)
                    #expect(subject.log.count("secret-one") == 0)
                }
            }
        }
    }

    @Test("What is bad at start is one line with file and flag, and no secret")
    func start() async throws {
        let path = try folder.write("secret one", to: "token")
        for (credential, text) in [
            (ProxyCredential.tokenFile(path), "\(path): it holds something else than a token"),
            (.tokenFile("/no/such"), "/no/such: there is no such file (--proxy.token-file)"),
            (.passwordFile("/no/such"), "/no/such: there is no such file (--proxy.password-file)"),
        ] {
            let error = await #expect(throws: (any Error).self) {
                try await ClientUnderTest.run {
                    $0.credential = credential
                } _: { _ in
                }
            }
            let message = "\(try #require(error))"
            #expect(message.hasPrefix(text) && !message.contains("secret"), "\(message)")
        }
    }
}
