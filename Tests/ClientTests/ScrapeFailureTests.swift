import TestKit
import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct ScrapeFailureTests {
    /// A pushed failure has a status of the 500s, says what it is, and can be told from a target's own answer.
    private func expect(_ push: PushedMessage, _ kind: String, status: Int, text: String) {
        #expect(push.head.hasPrefix("HTTP/1.1 \(status) "))
        #expect(push.value("X-Pushprox-Failure") == kind)
        #expect(push.value("Content-Length") == "\(push.body.utf8.count)")
        #expect(push.value("Content-Type")?.hasPrefix("text/plain") == true)
        #expect(push.value("Id") == "id-1")
        #expect(push.body.contains(text))
        #expect(push.body.hasSuffix("\n"))
    }

    @Test("A target that refuses connections is unreachable")
    func refused() async throws {
        try await ClientUnderTest.run { subject in
            let refusing = try RefusingPort()
            try await subject.sendScrape(to: refusing.port)
            expect(try await subject.takePush(), "target_unreachable", status: 502, text: "connection refused")
            withExtendedLifetime(refusing) {}
            try await subject.settled()
            #expect(subject.client.metrics.scrapeErrors.value == 1)
        }
    }

    @Test("A scrape of another host is refused, in upstream's words")
    func otherHost() async throws {
        try await ClientUnderTest.run { subject in
            try await subject.sendScrape(to: 1, host: "other.example")
            expect(
                try await subject.takePush(), "target_refused", status: 500,
                text: "scrape target doesn't match client fqdn")
        }
    }

    @Test("A scrape that would change something does not reach the target", arguments: ["DELETE", "POST", "PURGE"])
    func method(name: String) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port, method: name)
            expect(try await subject.takePush(), "target_refused", status: 500, text: "--scrape.allow-methods")
            #expect(target.connectionCount == 0)
            await target.stop()
        }
    }

    @Test(
        "A scrape without a usable timeout is refused",
        arguments: [nil, "", "abc", "0", "-1", "nan", "inf", "-inf"] as [String?])
    func unusableTimeout(timeout: String?) async throws {
        try await ClientUnderTest.run { subject in
            try await subject.sendScrape(to: 1, timeout: timeout)
            expect(
                try await subject.takePush(), "target_refused", status: 500, text: "X-Prometheus-Scrape-Timeout-Seconds"
            )
        }
    }

    @Test("A scrape whose URL can't be read is refused, and the poll counts as an error")
    func malformedRequest() async throws {
        try await ClientUnderTest.run { subject in
            try await subject.proxy.next("/poll").answer(status: "200 OK", "GET /metrics HTTP/1.1\r\nId: id-1\r\n\r\n")
            expect(try await subject.takePush(), "target_refused", status: 500, text: "not an absolute http URL")
            try await subject.settled()
            #expect(subject.client.metrics.pollErrors.value == 1)
        }
    }

    @Test(
        "A target that does not speak HTTP is broken",
        arguments: [
            "SSH-2.0-OpenSSH_9\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/3.0 200 OK\r\n\r\n",
            "HTTP/1.1 101 Switch\r\n\r\n",
            "HTTP/1.1 200 OK\r\nbad line\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        ])
    func garbage(response: String) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let push = try await subject.scrape(target, response: response)
            expect(push, "target_broken", status: 502, text: "not HTTP")
            await target.stop()
        }
    }

    @Test(
        "A short response that breaks off is reported as broken, wherever it does",
        arguments: [
            "", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        ])
    func shortBreak(response: String) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let push = try await subject.scrape(target, response: response, closes: true)
            expect(push, "target_broken", status: 502, text: "broke off")
            try await subject.settled()
            #expect(subject.client.metrics.scrapeErrors.value == 1)
            await target.stop()
        }
    }

    @Test("A long response that breaks off cuts its push")
    func longBreak() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            let request = try await target.next("/metrics")
            let sent = String(repeating: "x", count: 300_000)
            request.peer.post("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n\(sent)")
            await request.peer.close()
            let push = try await subject.proxy.next("/push")
            #expect(!push.isComplete)
            #expect(push.body.count < 400_000)
            // The next poll is open: the client goes on.
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            try await subject.settled()
            #expect(subject.client.metrics.scrapeErrors.value == 1)
            await target.stop()
        }
    }

    @Test(
        "A target that announces the largest length there is, and sends a little, cuts its push",
        arguments: ["9223372036854775807", "9223372036854775700", "9223372036854774000"])
    func hugeLength(length: String) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            let request = try await target.next("/metrics")
            let sent = String(repeating: "x", count: 300_000)
            request.peer.post("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n\(sent)")
            await request.peer.close()
            let push = try await subject.proxy.next("/push")
            #expect(!push.isComplete)
            #expect(push.text.contains("\r\nContent-Length: \(length)\r\n"))
            // The next poll is open: the client goes on.
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            _ = try await subject.proxy.next("/poll")
            try await subject.settled()
            #expect(subject.client.metrics.scrapeErrors.value == 1)
            await target.stop()
        }
    }

    @Test("A target that does not answer in time is reported, by the scrape's own timeout")
    func timeout() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port, timeout: "0.05")
            expect(try await subject.takePush(), "target_timeout", status: 504, text: "did not answer in time")
            await target.stop()
        }
    }

    @Test("A target that stalls in the middle of a short response is reported")
    func stall() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port, timeout: "0.2")
            Task { try await target.next("/metrics").peer.post("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe") }
            expect(try await subject.takePush(), "target_timeout", status: 504, text: "did not answer in time")
            await target.stop()
        }
    }

    @Test("A target that stalls in the middle of a long response never makes a short success")
    func longStall() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port, timeout: "0.5")
            let sent = String(repeating: "x", count: 300_000)
            Task {
                try await target.next("/metrics").peer.post("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n\(sent)")
            }
            let push = try await subject.proxy.next("/push")
            // On a slow machine the time is up before the push has begun; then it is a report.
            #expect(!push.isComplete || push.text.contains("X-Pushprox-Failure: target_timeout"))
            await target.stop()
        }
    }

    @Test("More scrapes than may be in flight are refused, and counted")
    func tooMany() async throws {
        try await ClientUnderTest.run {
            $0.maxInFlight = 1
        } _: { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port, id: "id-0")
            let request = try await target.next("/metrics")
            try await subject.sendScrape(to: target.port)
            expect(try await subject.takePush(), "scrape_failed", status: 500, text: "--scrape.max-in-flight")
            try await subject.settled()
            #expect(subject.client.metrics.rejected.value == 1)
            try await request.answer(status: "200 OK")
            #expect(try await subject.takePush().value("Id") == "id-0")
            await target.stop()
        }
    }

    @Test("With as many refusals under way as scrapes may be, no other poll is sent until one ends")
    func full() async throws {
        try await ClientUnderTest.run {
            $0.maxInFlight = 1
        } _: { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port, id: "id-0")
            _ = try await target.next("/metrics")
            try await subject.sendScrape(to: target.port)
            // The refusal is under way; only its end lets the client poll on.
            let refusal = try await subject.proxy.next("/push")
            try await refusal.answer(status: "200 OK")
            try await subject.proxy.next("/poll").answer(status: "204 No Content")
            await target.stop()
        }
    }

    @Test("A push that the proxy refuses is a push error, and no scrape error")
    func refusedPush() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            try await target.next("/metrics").answer(status: "200 OK", "x")
            _ = try await subject.takePush(answer: "404 Not Found")
            // The poll that follows the next scrape's push shows that the first one is over.
            _ = try await subject.scrape(target, response: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            try await subject.settled()
            #expect(subject.client.metrics.pushErrors.value == 1)
            #expect(subject.client.metrics.scrapeErrors.value == 0)
            await target.stop()
        }
    }
}
