import Flags
import NIOCore
import Testing

@testable import Proxy

@Suite("Peers that send what nobody asked for") struct PeerTests {
    @Test(
        "A body beyond its route's bound is refused when it is announced, before it comes",
        arguments: [
            "POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 1025\r\n\r\n",
            "POST /poll HTTP/1.1\r\nHost: p\r\nExpect: 100-continue\r\nContent-Length: 9223372036854775807\r\n\r\n",
            "GET http://a/x HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n",
            "POST /clients HTTP/1.1\r\nHost: p\r\nContent-Length: 2000000000\r\n\r\n",
        ])
    func announced(request: String) async throws {
        try await TestProxy.run { it in
            let response = try await it.ask(request)
            #expect(response.status == 413)
            #expect(response["Connection"] == "close")
        }
    }

    @Test("Pushes of any announced length are taken for what they bring")
    func longestPush() async throws {
        try await TestProxy.run { it in
            let poll = try await it.parkedPoll("a")
            let scraper = try await it.scrape("a")
            let id = try TestProxy.id(of: try await poll.response())
            let push = try await it.connect()
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 9223372036854775807\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\nId: \(id)\r\n\r\nabc")
            _ = try await scraper.text(upTo: "abc")
            await push.close()
            guard case .reset = await scraper.closed() else {
                Issue.record("it looks like an orderly end")
                return
            }
        }
    }

    @Test(
        "A client that sends on behind its poll and leaves is noticed, and takes no scrape",
        arguments: [600, 70_000, 2_000_000])
    func behindPoll(count: Int) async throws {
        try await TestProxy.run { it in
            let poll = try await it.parkedPoll("a")
            let sending = Task { try await poll.send(String(repeating: "x", count: count)) }
            try await it.until { $0.waitingPolls == 0 }
            _ = await sending.result
            await poll.close()
            let next = try await it.parkedPoll("a")
            let scraper = try await it.scrape("a")
            #expect(try await it.push(TestProxy.id(of: try await next.response()), "up 1\n").status == 200)
            #expect(try await scraper.response().body == "up 1\n")
            try await it.metric("pushprox_web_pipelining_refused_total", is: 1)
        }
    }

    @Test("A response in chunks of one byte reaches a slow scraper whole, and little of it is held meanwhile")
    func oneByteChunks() async throws {
        try await TestProxy.run { it in
            let poll = try await it.parkedPoll("a")
            let scraper = try await it.scrape("a", timeout: "280", receiveBuffer: 16_384)
            try await scraper.stopReading()
            let id = try TestProxy.id(of: try await poll.response())
            let count = 50_000
            let push = try await it.connect()
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n")
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\nId: \(id)\r\n\r\n"
            let body = ByteBuffer(string: String(repeating: "1\r\nx\r\n", count: count) + "0\r\n\r\n")
            try await push.send("\(String(head.utf8.count, radix: 16))\r\n\(head)\r\n")
            try await push.send(body)
            try await scraper.resumeReading()
            let received = try await scraper.wait { buffer -> Int? in
                buffer.readableBytes > count ? buffer.readableBytes : nil
            }
            #expect(received < count + 200)
            #expect(try await push.response().status == 200)
            try await it.metric("pushprox_web_pending_bytes", is: 0)
        }
    }

    @Test("A scraper that reads nothing is reset after the write timeout, and its client sent away")
    func scraperThatDoesNotRead() async throws {
        try await TestProxy.run {
            $0.web.writeTimeout = .seconds(1)
        } body: { it in
            let poll = try await it.parkedPoll("a")
            let scraper = try await it.scrape("a", timeout: "280", receiveBuffer: 16_384)
            try await scraper.stopReading()
            let id = try TestProxy.id(of: try await poll.response())
            let push = try await it.connect()
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 90000000\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 80000000\r\nId: \(id)\r\n\r\n")
            let sending = Task { try await push.send(ByteBuffer(repeating: 1, count: 20_000_000)) }
            #expect(try await push.response().status == 500)
            guard case .reset = await scraper.closed() else {
                Issue.record("it looks like an orderly end")
                return
            }
            try await it.metric("pushprox_web_write_timeouts_total", is: 1)
            await push.close()
            _ = await sending.result
        }
    }

    @Test("The longest durations that flags can give stop nothing")
    func longest() async throws {
        let longest = GoDuration(nanoseconds: .max)
        try await TestProxy.run {
            $0.maxTimeout = longest
            $0.defaultTimeout = longest
            $0.broker.registrationTimeout = .nanoseconds(.max)
            $0.broker.pollMaxWait = .nanoseconds(.max)
            $0.web.readHeaderTimeout = longest
            $0.web.idleTimeout = longest
            $0.web.writeTimeout = longest
        } body: { it in
            for timeout in [nil, "1e300", "9223372036"] {
                let poll = try await it.parkedPoll("a")
                let scraper = try await it.scrape("a", timeout: timeout)
                #expect(try await it.push(TestProxy.id(of: try await poll.response()), "up 1\n").status == 200)
                #expect(try await scraper.response().body == "up 1\n")
            }
        }
    }
}
