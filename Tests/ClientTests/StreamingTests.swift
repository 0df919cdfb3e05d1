import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct StreamingTests {
    @Test("A long response is streamed: its push begins before the target has finished")
    func begins() async throws {
        try await ClientUnderTest.run(proxy: try await ScriptedServer(takesRequests: false)) { configuration in
            configuration.transport = .poll
        } _: { subject in
            let target = try await ScriptedServer()
            let poll = try await subject.proxy.nextConnection()
            _ = try await poll.readBody(after: try await poll.readHead())
            let scrape =
                "GET http://127.0.0.1:\(target.port)/metrics HTTP/1.1\r\nId: i\r\n"
                + "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n"
            try await poll.write("HTTP/1.1 200 OK\r\nContent-Length: \(scrape.utf8.count)\r\n\r\n\(scrape)")
            let request = try await target.next("/metrics")
            let half = String(repeating: "x", count: 200_000)
            request.peer.post("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n\(half)")
            // The next poll takes the first connection, the push one of its own.
            let push = try await subject.proxy.nextConnection()
            let outer = try await push.readHead()
            let inner = try await push.readHead()
            #expect(Peer.value("Content-Length", in: outer) == "\(inner.utf8.count + 4 + 400_000)")
            #expect(try await push.read(200_000).count == 200_000)
            request.peer.post(half)
            #expect(try await push.read(200_000).allSatisfy { $0 == UInt8(ascii: "x") })
            try await push.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await target.stop()
        }
    }

    @Test("A long chunked response is streamed in outer chunks and arrives whole")
    func chunked() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            try await subject.sendScrape(to: target.port)
            let request = try await target.next("/metrics")
            var body = ""
            for index in 0..<40 {
                let chunk = String(repeating: Character(Unicode.Scalar(UInt8(65 + index % 26))), count: 1 + index * 331)
                body += String(chunk.utf8.count, radix: 16) + "\r\n" + chunk + "\r\n"
            }
            body += "0\r\nX-Trailer: yes\r\n\r\n"
            try await request.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
            let push = try await subject.takePush()
            #expect(Peer.value("Transfer-Encoding", in: push.outerHead) == "chunked")
            #expect(push.value("Transfer-Encoding") == "chunked")
            #expect(push.body == body)
            await target.stop()
        }
    }

    @Test("A long response that ends with its connection arrives whole")
    func untilClose() async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            let body = String(repeating: "0123456789", count: 50_000)
            let push = try await subject.scrape(target, response: "HTTP/1.1 200 OK\r\n\r\n\(body)", closes: true)
            #expect(push.body == body)
            await target.stop()
        }
    }

    @Test("A proxy that does not read stops the target, and goes on when it reads again")
    func backpressure() async throws {
        try await ClientUnderTest.run(proxy: try await ScriptedServer(takesRequests: false)) { configuration in
            configuration.transport = .poll
        } _: { subject in
            let target = try await ScriptedServer(takesRequests: false)
            let poll = try await subject.proxy.nextConnection()
            _ = try await poll.readBody(after: try await poll.readHead())
            let scrape =
                "GET http://127.0.0.1:\(target.port)/metrics HTTP/1.1\r\nId: i\r\n"
                + "X-Prometheus-Scrape-Timeout-Seconds: 60\r\n\r\n"
            try await poll.write("HTTP/1.1 200 OK\r\nContent-Length: \(scrape.utf8.count)\r\n\r\n\(scrape)")
            let request = try await target.nextConnection()
            _ = try await request.readHead()
            let size = 64 * 1_048_576
            let part = [UInt8](repeating: 0x78, count: 1_048_576)
            let written = Box(0)
            let writer = Task {
                try await request.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                for _ in 0..<64 {
                    try await request.write(part)
                    written.change { $0 += part.count }
                }
            }
            let push = try await subject.proxy.nextConnection()
            // Before its first bytes are here it would not read those either.
            _ = try await push.readHead()
            try await push.setReading(false)
            // What the target could write by now fits into socket buffers and the client's bound: far from all of it.
            #expect(written.value < size / 2)
            try await push.setReading(true)
            let head = try await push.readHead()
            #expect(head.hasPrefix("HTTP/1.1 200 OK"))
            for _ in 0..<64 { _ = try await push.read(part.count) }
            try await writer.value
            try await push.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await target.stop()
        }
    }

    @Test("A proxy that answers before the push is complete ends the scrape at the target")
    func earlyAnswer() async throws {
        try await ClientUnderTest.run(proxy: try await ScriptedServer(takesRequests: false)) { configuration in
            configuration.transport = .poll
        } _: { subject in
            let target = try await ScriptedServer()
            let poll = try await subject.proxy.nextConnection()
            _ = try await poll.readBody(after: try await poll.readHead())
            let scrape =
                "GET http://127.0.0.1:\(target.port)/metrics HTTP/1.1\r\nId: i\r\n"
                + "X-Prometheus-Scrape-Timeout-Seconds: 60\r\n\r\n"
            try await poll.write("HTTP/1.1 200 OK\r\nContent-Length: \(scrape.utf8.count)\r\n\r\n\(scrape)")
            let request = try await target.next("/metrics")
            request.peer.post(
                "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n\(String(repeating: "x", count: 200_000))")
            let push = try await subject.proxy.nextConnection()
            _ = try await push.readHead()
            try await push.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            _ = await request.peer.readToEnd()
            _ = await push.readToEnd()
            try await subject.settled()
            #expect(subject.client.metrics.pushErrors.value == 1)
            await target.stop()
        }
    }
}
