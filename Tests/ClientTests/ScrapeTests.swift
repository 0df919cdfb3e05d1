import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct ScrapeTests {
    @Test("A response with a length is pushed with its status, its fields in order and its body unchanged")
    func lengthFramed() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let push = try await subject.scrape(
                target,
                response:
                    "HTTP/1.1 207 Quite Fine\r\nX-b:  two\r\nContent-Length: 5\r\nx-A: one\r\nX-b: again\r\n\r\nhello")
            #expect(
                push.targetLines == [
                    "HTTP/1.1 207 Quite Fine", "X-b:  two", "Content-Length: 5", "x-A: one", "X-b: again",
                ])
            #expect(push.body == "hello")
            #expect(push.value("Id") == "id-1")
            let left = try #require(push.value("X-Prometheus-Scrape-Timeout").flatMap { Double($0) })
            #expect(left > 0 && left < 10)
            #expect(Peer.value("Content-Type", in: push.outerHead) == nil)
            #expect(Peer.value("Content-Length", in: push.outerHead) == "\(push.head.utf8.count + 4 + 5)")
            await target.stop()
        }
    }

    @Test("A chunked response is pushed chunked, as the target cut it")
    func chunked() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let push = try await subject.scrape(
                target,
                response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            #expect(push.value("Transfer-Encoding") == "chunked")
            #expect(push.body == "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            await target.stop()
        }
    }

    @Test("A response that ends with its connection is pushed, from HTTP/1.0 and bare line feeds too")
    func untilClose() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let push = try await subject.scrape(target, response: "HTTP/1.0 200 OK\nX-a: b\n\nmetrics", closes: true)
            #expect(push.targetLines == ["HTTP/1.1 200 OK", "X-a: b"])
            #expect(push.body == "metrics")
            await target.stop()
        }
    }

    @Test("The request reaches the target with its fields, without those of the connection")
    func requestFields() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(
                to: target.port, path: "/a/metrics?b=c&_scheme=http",
                fields: "User-Agent: Prometheus\r\nProxy-Connection: keep-alive\r\nConnection: X-Gone\r\nX-Gone: 1\r\n"
                    + "accept: */*\r\n")
            let request = try await target.next("/metrics")
            #expect(
                request.head.split(separator: "\r\n").map(String.init) == [
                    "GET /a/metrics?b=c&_scheme=http HTTP/1.1", "Host: 127.0.0.1:\(target.port)",
                    "User-Agent: Prometheus",
                    "accept: */*", "Id: id-1", "X-Prometheus-Scrape-Timeout-Seconds: 10",
                ])
            try await request.answer(status: "200 OK")
            _ = try await subject.takePush()
            await target.stop()
        }
    }

    @Test("A body is passed on")
    func requestBody() async throws {
        try await ClientUnderTest.run {
            $0.methods = ScrapeMethods("POST") ?? $0.methods
        } _: { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(
                to: target.port, method: "POST", fields: "Content-Length: 7\r\n", body: "payload")
            let request = try await target.next("/metrics")
            #expect(request.line == "POST /metrics HTTP/1.1")
            #expect(request.text == "payload")
            try await request.answer(status: "204 No Content")
            #expect(try await subject.takePush().targetLines.first == "HTTP/1.1 204 No Content")
            await target.stop()
        }
    }

    @Test("The answer to HEAD has no body, whatever length it announces")
    func head() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port, method: "HEAD")
            try await target.next("/metrics").answer("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
            let push = try await subject.takePush()
            #expect(push.value("Content-Length") == "500")
            #expect(push.body == "")
            await target.stop()
        }
    }

    @Test(
        "A response without a body by its status is pushed without the length that it announces", arguments: [204, 304])
    func noBody(status: Int) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let push = try await subject.scrape(
                target, response: "HTTP/1.1 \(status) None\r\nA: b\r\nContent-Length: 500\r\n\r\n")
            #expect(push.targetLines == ["HTTP/1.1 \(status) None", "A: b"])
            #expect(push.body == "")
            await target.stop()
        }
    }

    @Test("A redirect is passed on, not followed")
    func redirect() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let push = try await subject.scrape(
                target, response: "HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n")
            #expect(push.targetLines == ["HTTP/1.1 302 Found", "Location: /else", "Content-Length: 0"])
            await target.stop()
        }
    }

    @Test("Fields that are the protocol's own can't be forged by a target, interim responses are dropped")
    func internalFields() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let push = try await subject.scrape(
                target,
                response: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 Own\r\n"
                    + "ID: forged\r\nX-Pushprox-Failure: target_timeout\r\nX-Prometheus-Scrape-Timeout: 9\r\n"
                    + "Content-Length: 0\r\n\r\n")
            #expect(push.targetLines == ["HTTP/1.1 500 Own", "Content-Length: 0"])
            #expect(push.value("Id") == "id-1")
            await target.stop()
        }
    }

    @Test("Values that are not UTF-8 survive byte for byte")
    func latin1() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            let request = try await target.next("/metrics")
            try await request.peer.write(
                Array("HTTP/1.1 200 OK\r\nX-Name: caf".utf8) + [0xE9] + Array("\r\nContent-Length: 0\r\n\r\n".utf8))
            let push = try await subject.proxy.next("/push")
            #expect(push.body.contains([0x63, 0x61, 0x66, 0xE9, 0x0D]))
            try await push.answer(status: "200 OK")
            await target.stop()
        }
    }

    @Test("Scrapes run side by side with each other and with the next poll")
    func sideBySide() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port, id: "first")
            try await subject.sendScrape(to: target.port, id: "second")
            let first = try await target.next("/metrics")
            let second = try await target.next("/metrics")
            try await second.answer(status: "200 OK", "b")
            #expect(try await subject.takePush().value("Id") == second.value("Id"))
            try await first.answer(status: "200 OK", "a")
            #expect(try await subject.takePush().value("Id") == first.value("Id"))
            await target.stop()
        }
    }

    @Test("Connections are used again, and one that died while idle is replaced without a word")
    func reuse() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            for _ in 0..<3 {
                _ = try await subject.scrape(target, response: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
            }
            #expect(target.connectionCount == 1)
            // The target closes on the next request instead of answering it.
            try await subject.sendScrape(to: target.port)
            await (try await target.next("/metrics")).close()
            try await target.next("/metrics").answer(status: "200 OK", "y")
            #expect(try await subject.takePush().body == "y")
            #expect(target.connectionCount == 2)
            #expect(subject.client.metrics.scrapeErrors.value == 0)
            await target.stop()
        }
    }
}
