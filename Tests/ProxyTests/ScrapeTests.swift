import NIOCore
import TestKit
import Testing
import Wire

@testable import Proxy

@Suite struct ScrapeTests {
    @Test("A scrape reaches the client that polled, and its response the scraper, byte for byte")
    func roundTrip() async throws {
        try await TestProxy.run { it in
            let poll = try await it.parkedPoll("edge1")
            let scraper = try await it.scrape("Edge1", fields: "Accept: */*\r\nId: forged\r\n")
            let request = try await poll.response()
            #expect(request.status == 200)
            #expect(
                request.body.hasPrefix(
                    "GET http://edge1:9100/metrics HTTP/1.1\r\nHost: edge1:9100\r\nAccept: */*\r\nId: "))
            let id = try TestProxy.id(of: request)
            #expect(ScrapeID(id) != nil)
            let message =
                "HTTP/1.1 200 Fine\r\nX-A: 1\r\nx-b:2\r\nContent-Length: 5\r\nId: \(id)\r\n"
                + "X-Prometheus-Scrape-Timeout: 9\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nhello"
            #expect(try await it.pushRaw(message).status == 200)
            let response = try await scraper.response()
            #expect(
                response.head
                    == "HTTP/1.1 200 Fine\r\nX-A: 1\r\nx-b:2\r\nContent-Length: 5\r\nSet-Cookie: a\r\nSet-Cookie: b")
            #expect(response.body == "hello")
            try await it.metric("pushproxy_proxied_requests_total{code=\"200\"}", is: 1)
        }
    }

    @Test("A client whose name has the root's dot is scraped with and without it, and asked by its own spelling")
    func rootDot() async throws {
        try await TestProxy.run { it in
            for asked in ["edge1.example", "edge1.example."] {
                let poll = try await it.parkedPoll("edge1.example.")
                let scraper = try await it.scrape(asked)
                let request = try await poll.response()
                #expect(request.body.hasPrefix("GET http://edge1.example.:9100/metrics HTTP/1.1\r\n"))
                let id = try TestProxy.id(of: request)
                #expect(try await it.pushRaw("HTTP/1.1 204 No\r\nId: \(id)\r\n\r\n").status == 200)
                #expect(try await scraper.response().status == 204)
            }
        }
    }

    @Test("A scrape waits for a poll, and several go out one per poll, in order, on kept connections")
    func inOrder() async throws {
        try await TestProxy.run { it in
            var scrapers: [RawConnection] = []
            for number in 0..<3 {
                scrapers.append(try await it.scrape("a", fields: "X-N: \(number)\r\n"))
                try await it.until { $0.queued == number + 1 }
            }
            let client = try await it.connect()
            for number in 0..<3 {
                try await client.send("POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 3\r\n\r\n a\n")
                let request = try await client.response()
                #expect(request.body.contains("X-N: \(number)\r\n"))
                let id = try TestProxy.id(of: request)
                let message = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nId: \(id)\r\n\r\n\(number)"
                try await client.send(
                    "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: \(message.utf8.count)\r\n\r\n\(message)")
                #expect(try await client.response().status == 200)
                #expect(try await scrapers[number].response().body == "\(number)")
            }
        }
    }

    @Test("Responses that are chunked, or run to the end of the push, reach HTTP/1.1 chunked and HTTP/1.0 to the close")
    func framings() async throws {
        try await TestProxy.run { it in
            for (field, body) in [("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), ("", "abc")] {
                for version in ["1.1", "1.0"] {
                    let poll = try await it.parkedPoll("a")
                    let scraper = try await it.scrape("a", version: version)
                    let id = try TestProxy.id(of: try await poll.response())
                    #expect(try await it.pushRaw("HTTP/1.1 200 OK\r\nId: \(id)\r\n\(field)\r\n\(body)").status == 200)
                    let response = try await scraper.response()
                    #expect(response.body == "abc")
                    #expect(response["Transfer-Encoding"] == (version == "1.1" ? "chunked" : nil))
                    if version == "1.0" { #expect(await scraper.closed() == .closed("")) }
                }
            }
        }
    }

    @Test("A response to HEAD keeps its length and has no body")
    func head() async throws {
        try await TestProxy.run { it in
            let poll = try await it.parkedPoll("a")
            let scraper = try await it.scrape("a", method: "HEAD")
            let id = try TestProxy.id(of: try await poll.response())
            #expect(try await it.pushRaw("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nId: \(id)\r\n\r\n").status == 200)
            #expect(try await scraper.response(toHead: true)["Content-Length"] == "5000")
        }
    }

    @Test("A push in small pieces is relayed as it comes, before it is complete")
    func streamed() async throws {
        try await TestProxy.run { it in
            let poll = try await it.parkedPoll("a")
            let scraper = try await it.scrape("a")
            let id = try TestProxy.id(of: try await poll.response())
            let push = try await it.connect()
            try await push.send("POST /push HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n")
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nId: \(id)\r\n\r\n"
            for piece in [String(head.prefix(30)), String(head.dropFirst(30)), "abc"] {
                try await push.send("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
            }
            #expect(try await scraper.text(upTo: "abc").hasSuffix("\r\n\r\nabc"))
            try await push.send("3\r\ndef\r\n0\r\n\r\n")
            #expect(try await scraper.text(upTo: "def") == "def")
            #expect(try await push.response().status == 200)
        }
    }

    @Test("A scrape's timeout is Prometheus's, or the default, and at most the maximum")
    func timeouts() async throws {
        try await TestProxy.run {
            $0.defaultTimeout = .milliseconds(300)
            $0.maxTimeout = .milliseconds(600)
        } body: { it in
            for (timeout, seconds) in [
                ("0.25", 0.25), ("1e300", 0.6), ("abc", 0.3), ("-1", 0.3), ("NaN", 0.3),
            ] {
                let poll = try await it.parkedPoll("a")
                let scraper = try await it.scrape("a", timeout: timeout)
                let granted = try Self.grantedSeconds(try await poll.response())
                #expect(granted > 0 && granted <= seconds)
                let response = try await scraper.response()
                #expect(response.status == 504)
                #expect(response.body.hasPrefix("the client took the scrape and did not answer before the deadline"))
            }
            let response = try await it.scrape("nobody", timeout: nil).response()
            #expect(response.status == 504)
            #expect(response.body.hasPrefix("no client polled for this target"))
            #expect(response.body.contains("scrape id "))
            try await it.metric("pushprox_scrape_failures_total{kind=\"no_push\"}", is: 5)
            try await it.metric("pushprox_scrape_failures_total{kind=\"no_poll\"}", is: 1)
        }
    }

    @Test("A scrape that has waited for its client grants it the time that is left")
    func timeLeft() async throws {
        try await TestProxy.run { it in
            let began = ContinuousClock.now
            _ = try await it.scrape("a", timeout: "60")
            try await it.until { $0.queued == 1 }
            let queued = ContinuousClock.now
            let other = try await it.connect()
            repeat {
                try await other.send("GET /-/healthy HTTP/1.1\r\nHost: p\r\n\r\n")
                #expect(try await other.response().status == 200)
            } while queued.duration(to: .now) < .milliseconds(20)
            let waited = queued.duration(to: .now) / .seconds(1)
            let granted = try Self.grantedSeconds(try await it.poll("a").response())
            #expect(granted <= 60 - waited + 0.001)
            #expect(granted >= 60 - began.duration(to: .now) / .seconds(1))
        }
    }

    private static func grantedSeconds(_ request: RawResponse) throws -> Double {
        let field = try #require(
            request.body.split(separator: "X-Prometheus-Scrape-Timeout-Seconds: ").dropFirst().first)
        return try #require(Double(field.prefix { $0 != "\r\n" }))
    }

    @Test("A slow scraper slows its pusher, and gets everything; memory stays bounded meanwhile")
    func backpressure() async throws {
        try await TestProxy.run { it in
            let poll = try await it.parkedPoll("a")
            let scraper = try await it.scrape("a", timeout: "280", receiveBuffer: 16_384)
            try await scraper.stopReading()
            let id = try TestProxy.id(of: try await poll.response())
            let size = 24 << 20
            let push = try await it.connect()
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\nId: \(id)\r\n\r\n"
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: \(head.utf8.count + size)\r\n\r\n\(head)")
            let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20)
            let sender = Task {
                for _ in 0..<24 { try await push.send(piece) }
            }
            // What the proxy has taken is bounded by its window and the kernel's buffers, far below the whole.
            try await it.until { $0.inFlight == 1 }
            #expect(try await it.metric("pushprox_relayed_bytes_total") < Double(14 << 20))
            try await scraper.resumeReading()
            let received = try await scraper.wait { buffer -> Int? in
                buffer.readableBytes >= size ? buffer.readableBytes : nil
            }
            #expect(received > size && received < size + 200)
            try await sender.value
            #expect(try await push.response().status == 200)
        }
    }

    @Test("A scrape with a small body takes it along; a large one is refused")
    func bodies() async throws {
        try await TestProxy.run { it in
            let poll = try await it.parkedPoll("a")
            let scraper = try await it.connect()
            try await scraper.send(
                "POST http://a/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
            let request = try await poll.response()
            #expect(request.body.hasSuffix("\r\nContent-Length: 2\r\n\r\nhi"))
            let large = try await it.ask(
                "POST http://a/x HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n"
                    + String(repeating: "x", count: 70_000))
            #expect(large.status == 413)
        }
    }
}
