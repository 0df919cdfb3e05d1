import TestKit
import Testing

extension EndToEnd {
    /// Byte streams recorded between upstream's programs (July 2026), with ids and ports put in.
    @Suite("Upstream's byte streams, replayed") struct ReplayTests {
        /// Go writes an empty Content-Type, for that is what upstream's client asks it to.
        private static func poll(_ port: Int) -> String {
            "POST /poll HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 9\r\n"
                + "Content-Type: \r\nAccept-Encoding: gzip\r\n\r\nlocalhost"
        }

        private static func push(_ port: Int, _ message: String, fields: String = "") -> String {
            "POST /push HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUser-Agent: Go-http-client/1.1\r\n"
                + "Content-Length: \(message.utf8.count)\r\n\(fields)Accept-Encoding: gzip\r\n\r\n" + message
        }

        /// What the request inside a poll's answer must be, from its first line to its empty line.
        private static func id(in request: String) throws -> String {
            try #require(
                request.split(separator: "\r\n").first { $0.hasPrefix("Id: ") }.map { String($0.dropFirst(4)) })
        }

        @Test("our proxy serves upstream's client: success, chunked and failure, one poll connection throughout")
        func clientOfUpstream() async throws {
            let proxy = try await LiveProxy.start()
            let polls = try await proxy.connect()
            let pushes = try await proxy.connect()

            func exchange(_ path: String, _ message: (_ id: String) -> String) async throws -> RawResponse {
                try await polls.send(Self.poll(proxy.port))
                let scraper = try await proxy.beginScrape(of: "localhost:9100", path: path)
                let answer = try await polls.response()
                #expect(answer.status == 200)
                #expect(answer.body.hasPrefix("GET http://localhost:9100\(path) HTTP/1.1\r\nHost: localhost:9100\r\n"))
                #expect(answer.body.hasSuffix("\r\n\r\n"))
                // All of it, or what is left when the scrape came before the poll.
                #expect(answer.body.contains(/\r\nX-Prometheus-Scrape-Timeout-Seconds: (30|2\d\.\d+)\r\n/))
                try await pushes.send(Self.push(proxy.port, message(Self.id(in: answer.body))))
                #expect(try await pushes.response() == RawResponse(status: 200, head: Self.accepted, body: ""))
                return try await scraper.response()
            }

            let framed = try await exchange("/metrics?a=b") { id in
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain; version=0.0.4\r\n"
                    + "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\nId: \(id)\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
                    + "X-Odd-Case: one\r\nX-Prometheus-Scrape-Timeout: 4.992252\r\n\r\nup 1\n"
            }
            #expect(
                framed.head
                    == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain; version=0.0.4\r\n"
                    + "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd-Case: one\r\n"
                    + "Connection: close")
            #expect(framed.body == "up 1\n")

            let chunked = try await exchange("/chunked") { id in
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\nId: \(id)\r\n"
                    + "X-Prometheus-Scrape-Timeout: 4.999423\r\n\r\n5\r\nup 1\n\r\n0\r\n\r\n"
            }
            #expect(chunked.body == "up 1\n")
            #expect(chunked["X-Prometheus-Scrape-Timeout"] == nil)

            let failed = try await exchange("/metrics") { id in
                "HTTP/0.0 500 Internal Server Error\r\nId: \(id)\r\nX-Prometheus-Scrape-Timeout: 4.999847\r\n\r\n"
                    + "failed to scrape http://localhost:1/metrics: Get \"http://localhost:1/metrics\": "
                    + "dial tcp 127.0.0.1:1: connect: connection refused"
            }
            #expect(failed.status == 502)
            #expect(failed.body.contains("dial tcp 127.0.0.1:1: connect: connection refused"))

            let untimed = try await exchange("/metrics") { id in
                "HTTP/0.0 500 Internal Server Error\r\nId: \(id)\r\nX-Prometheus-Scrape-Timeout: -9223372036.854776\r\n\r\n"
                    + "strconv.ParseFloat: parsing \"\": invalid syntax"
            }
            #expect(untimed.status == 502)
            #expect(untimed.body.contains("strconv.ParseFloat"))
            try await proxy.program.stop()
        }

        private static let accepted = "HTTP/1.1 200 OK\r\nContent-Length: 0"

        @Test("our proxy asks for a large push that waits for 100 Continue")
        func expectContinue() async throws {
            let proxy = try await LiveProxy.start()
            let polls = try await proxy.connect()
            try await polls.send(Self.poll(proxy.port))
            let scraper = try await proxy.beginScrape(of: "localhost:9100")
            let id = try Self.id(in: try await polls.response().body)
            let message =
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nId: \(id)\r\nX-Prometheus-Scrape-Timeout: 4.9\r\n\r\nup 1\n"
            let request = Self.push(proxy.port, message, fields: "Expect: 100-continue\r\n")
            let pushes = try await proxy.connect()
            try await pushes.send(String(request.dropLast(message.count)))
            #expect(try await pushes.text(upTo: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await pushes.send(message)
            #expect(try await pushes.response().status == 200)
            #expect(try await scraper.response().body == "up 1\n")
            try await proxy.program.stop()
        }

        @Test("our client serves upstream's proxy")
        func proxyOfUpstream() async throws {
            let target = try await ScriptedTarget.start(answering: MixTests.framed)
            let upstream = try await RawListener.open()
            var connections = upstream.connections.makeAsyncIterator()
            let client = try await LiveClient.start(proxy: upstream.port)

            // It knows no tunnel.
            let dial = try #require(await connections.next())
            #expect(try await dial.text(upTo: "\r\n\r\n").hasPrefix("GET /tunnel HTTP/1.1\r\n"))
            try await dial.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            let polls = try #require(await connections.next())
            let poll = try await polls.text(upTo: "\r\n\r\nlocalhost")
            #expect(poll.hasPrefix("POST /poll HTTP/1.1\r\n"))
            // Superseded, as upstream says it: the client backs off and polls on.
            let text = "Error WaitForScrapeInstruction: requested new poll\n"
            try await polls.send(
                "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    + "X-Content-Type-Options: nosniff\r\nDate: Mon, 23 Nov 2026 04:39:15 GMT\r\n"
                    + "Content-Length: \(text.utf8.count)\r\n\r\n\(text)")
            _ = try await polls.text(upTo: "\r\n\r\nlocalhost")

            let id = "e2a7e175-d348-455d-817b-36f73b06c76d"
            let request =
                "GET http://localhost:\(target.port)/metrics?a=b HTTP/1.1\r\nHost: localhost:\(target.port)\r\n"
                + "User-Agent: Prometheus/2.42.0\r\nAccept: text/plain\r\nAccept-Encoding: gzip\r\nConnection: close\r\n"
                + "Id: \(id)\r\nX-Prometheus-Scrape-Timeout-Seconds: 5\r\n\r\n"
            try await polls.send(Self.answer(request))

            // The next poll goes out on the connection that the answer came on; the push takes one of its own.
            _ = try await polls.text(upTo: "\r\n\r\nlocalhost")
            let pushes = try #require(await connections.next())
            let pushed = try await Self.pushed(on: pushes)
            #expect(
                pushed
                    == MixTests.head
                    + "Content-Length: \(MixTests.body.utf8.count)\r\nId: \(id)\r\n"
                    + "X-Prometheus-Scrape-Timeout: #\r\n\r\n" + MixTests.body)
            try await pushes.send(Self.emptyAnswer)

            // A scrape that fails comes back as a response that Go reads: with a version, the id and the reason.
            try await polls.send(Self.answer(request.replacing("localhost:\(target.port)", with: "localhost:1")))
            let failure = try await Self.pushed(on: pushes)
            #expect(failure.hasPrefix("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\n"))
            #expect(failure.contains("\r\nId: \(id)\r\n"))
            #expect(failure.hasSuffix("\n"))
            #expect(failure.contains("failed to scrape http://localhost:1/metrics: could not connect"))
            try await pushes.send(Self.emptyAnswer)
            #expect(try await client.program.stop() == .code(0))
            await target.stop()
            await upstream.close()
        }

        /// The message inside the next push, with `#` for the seconds left.
        private static func pushed(on connection: RawConnection) async throws -> String {
            let head = try await connection.text(upTo: "\r\n\r\n")
            #expect(head.hasPrefix("POST /push HTTP/1.1\r\n"))
            let length = try #require(
                RawResponse(status: 0, head: head, body: "")["Content-Length"].flatMap { Int($0) })
            let message = try await connection.wait { buffer in buffer.readString(length: length) }
            return message.replacing(/X-Prometheus-Scrape-Timeout: [0-9.]+/, with: "X-Prometheus-Scrape-Timeout: #")
        }

        private static let emptyAnswer =
            "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 04:39:15 GMT\r\nContent-Length: 0\r\n\r\n"

        private static func answer(_ request: String) -> String {
            "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 04:39:15 GMT\r\nContent-Length: \(request.utf8.count)\r\n"
                + "Content-Type: text/plain; charset=utf-8\r\n\r\n\(request)"
        }
    }
}
