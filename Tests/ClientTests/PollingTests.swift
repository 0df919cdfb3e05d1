import Testing
import Wire

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct PollingTests {
    @Test("A poll says who polls: FQDN, program and process")
    func identity() async throws {
        try await ClientUnderTest.run {
            $0.fqdn = FQDN("edge.example") ?? $0.fqdn
        } _: { subject in
            let first = try await subject.proxy.next("/poll")
            #expect(first.line == "POST /poll HTTP/1.1")
            #expect(first.text == "edge.example")
            #expect(first.value("User-Agent")?.hasPrefix("pushprox-client/") == true)
            #expect(first.value("Host") == "127.0.0.1:\(subject.proxy.port)")
            #expect(first.value("Authorization") == nil)
            let instance = try #require(first.value("X-Pushprox-Instance"))
            #expect(instance.count == 32 && instance.allSatisfy(\.isHexDigit))
            try await first.answer(status: "204 No Content")
            #expect(try await subject.proxy.next("/poll").value("X-Pushprox-Instance") == instance)
        }
    }

    @Test("A path prefix and credentials in the proxy's URL are used for polls and pushes")
    func prefixAndCredentials() async throws {
        let proxy = try await ScriptedServer()
        try await ClientUnderTest.run(proxy: proxy) { configuration in
            configuration.proxyURL =
                (try? HTTPURL("http://us%65r:p%40ss@127.0.0.1:\(proxy.port)/pre/fix///")) ?? configuration.proxyURL
        } _: { subject in
            let poll = try await proxy.next("/poll")
            #expect(poll.line == "POST /pre/fix/poll HTTP/1.1")
            #expect(poll.value("Authorization") == "Basic dXNlcjpwQHNz")
            try await poll.answer(
                status: "200 OK",
                "GET http://nobody:1/ HTTP/1.1\r\nId: i\r\nX-Prometheus-Scrape-Timeout-Seconds: 5\r\n\r\n")
            let push = try await proxy.next("/push")
            #expect(push.line == "POST /pre/fix/push HTTP/1.1")
            #expect(push.value("Authorization") == "Basic dXNlcjpwQHNz")
            try await push.answer(status: "200 OK")
            #expect(subject.log.count("p%40ss") == 0)
            #expect(subject.log.count("p@ss") == 0)
        }
    }

    @Test("An idle poll is followed by another at once, without a word, and makes the client ready")
    func idle() async throws {
        try await ClientUnderTest.run { subject in
            for _ in 0..<3 { try await subject.proxy.next("/poll").answer(status: "204 No Content") }
            _ = try await subject.proxy.next("/poll")
            #expect(subject.client.readiness.isReady)
            #expect(subject.client.metrics.pollErrors.value == 0)
            #expect(subject.log.count("level=WARN") == 0)
        }
    }

    @Test(
        "An answer that is no scrape is an outage: one line when it begins, one when it ends",
        arguments: [
            ("404 Not Found", "path prefix"), ("401 Unauthorized", "--proxy.token-file"),
            ("403 Forbidden", "must grant"), ("502 Bad Gateway", "502"),
            ("504 Gateway Timeout", "504"), ("500 Internal Server Error", "500"), ("301 Moved", "redirect"),
            ("400 Bad Request", "400"), ("200 OK", "something else than a scrape"),
            ("503 Service Unavailable", "busy"),
        ])
    func trouble(status: String, hint: String) async throws {
        try await ClientUnderTest.run { subject in
            for _ in 0..<4 { try await subject.proxy.next("/poll").answer(status: status, "<html>no\r\n") }
            let poll = try await subject.proxy.next("/poll")
            #expect(!subject.client.readiness.isReady)
            #expect(subject.log.count("polling the proxy fails") == 1)
            #expect(subject.log.count(hint) >= 1)
            try await subject.settled()
            #expect(subject.client.metrics.pollErrors.value == 4)
            try await poll.answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            #expect(subject.client.readiness.isReady)
            #expect(subject.log.count("takes our polls again") == 1)
            #expect(subject.log.count("polling the proxy fails") == 1)
        }
    }

    @Test("A proxy that is not there is an outage; the client finds it when it comes back")
    func restart() async throws {
        // An address of its own: on the usual one, some other test may be given the port while nobody has it.
        let first = try await ScriptedServer(host: "127.81.7.1")
        try await ClientUnderTest.run(proxy: first) { subject in
            try await first.next("/poll").answer(status: "204 No Content")
            _ = try await first.next("/poll")
            await first.stop()
            let second = try await ScriptedServer(host: first.host, port: first.port)
            try await second.next("/poll").answer(status: "204 No Content")
            _ = try await second.next("/poll")
            #expect(subject.client.readiness.isReady)
            await second.stop()
        }
    }

    @Test("A superseded poll backs off and names the clash, once")
    func superseded() async throws {
        try await ClientUnderTest.run { subject in
            for _ in 0..<3 {
                try await subject.proxy.next("/poll").answer(status: "408 Request Timeout", "superseded\n")
                try await subject.proxy.next("/poll").answer(status: "204 No Content")
            }
            _ = try await subject.proxy.next("/poll")
            #expect(subject.log.count("same --fqdn") == 1)
            #expect(subject.log.count("polling the proxy fails") == 0)
        }
    }

    @Test(
        "A proxy that does not speak HTTP, or hangs up, is an outage and no crash",
        arguments: ["", "\0\0\0", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nGET", "SSH-2.0\r\n\r\n"])
    func garbage(answer: String) async throws {
        try await ClientUnderTest.run { subject in
            for _ in 0..<2 { try await subject.proxy.next("/poll").answerAndClose(answer) }
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            #expect(subject.log.count("polling the proxy fails") == 1)
        }
    }

    @Test("An answer that is far too large ends the poll")
    func oversized() async throws {
        try await ClientUnderTest.run { subject in
            let poll = try await subject.proxy.next("/poll")
            poll.peer.post("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: Poller.maxAnswerBytes + 1))
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            #expect(subject.log.count("larger than") == 1)
        }
    }

    @Test("A scrape that comes in a chunked answer is read")
    func chunkedAnswer() async throws {
        try await ClientUnderTest.run { subject in
            let scrape =
                "GET http://other:1/ HTTP/1.1\r\nId: i\r\nX-Prometheus-Scrape-Timeout-Seconds: 5\r\n\r\n"
            try await subject.proxy.next("/poll").answer(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(String(scrape.utf8.count, radix: 16))\r\n\(scrape)\r\n0\r\n\r\n"
            )
            #expect(try await subject.takePush().value("Id") == "i")
        }
    }
}
