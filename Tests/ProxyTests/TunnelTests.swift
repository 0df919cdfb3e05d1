import NIOCore
import TestKit
import Testing
import Tunnel
import Wire

@testable import Proxy

@Suite("A client with a tunnel,") struct TunnelTests {
    @Test("is handed many scrapes at once, without ids, and answers them in any order")
    func manyAtOnce() async throws {
        try await TestProxy.run { it in
            let client = try await TunnelClient.open(it, ["a.example", "b.example"])
            #expect(try await client.welcome().refused.isEmpty)
            try await it.until { $0.tunnels == 1 && $0.liveClients == 2 }
            var scrapers: [RawConnection] = []
            for name in ["a.example", "b.example", "a.example"] { scrapers.append(try await it.scrape(name)) }
            var opened: [(stream: TunnelStreamID, request: String)] = []
            for _ in scrapers { opened.append(try await client.opened()) }
            #expect(opened.allSatisfy { !$0.request.contains("\r\nId: ") && $0.request.hasSuffix("\r\n\r\n") })
            for (stream, request) in opened.reversed() {
                let name = request.contains("http://a.example:9100/") ? "a" : "b"
                try await client.answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\(name)\n")
            }
            for (scraper, name) in zip(scrapers, ["a", "b", "a"]) {
                let response = try await scraper.response()
                #expect(response.status == 200 && response.body == "\(name)\n")
            }
            try await it.until { $0.inFlight == 0 && $0.streams == 0 }
        }
    }

    @Test("hears at once that a scraper has gone, and nobody else does")
    func scraperGone() async throws {
        try await TestProxy.run { it in
            let client = try await TunnelClient.open(it, ["a"])
            _ = try await client.welcome()
            let leaving = try await it.scrape("a")
            let staying = try await it.scrape("a")
            let first = try await client.opened()
            let second = try await client.opened()
            await leaving.close()
            guard case .reset(let stream) = try await client.next() else {
                Issue.record("no RESET")
                return
            }
            // Who came first is not known.
            let other = stream == first.stream ? second.stream : first.stream
            try await client.answer(other, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(try await staying.response().body == "ok")
        }
    }

    @Test("that is lost gives back what it has not begun to answer, and what it has begun fails")
    func lost() async throws {
        try await TestProxy.run { it in
            let instance = InstanceID()
            let client = try await TunnelClient.open(it, ["a"], instance: instance)
            _ = try await client.welcome()
            let scraper = try await it.scrape("a")
            let begun = try await client.opened()
            client.end.send(begun.stream, ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
            try await client.write()
            _ = try await scraper.text(upTo: "half")
            let waiting = try await it.scrape("a")
            _ = try await client.opened()
            await client.connection.close()
            await #expect(throws: RawConnection.Ended.self) { _ = try await scraper.text(upTo: "never") }
            // The same scrape comes with the next tunnel.
            let next = try await TunnelClient.open(it, ["a"], instance: instance)
            _ = try await next.welcome()
            let again = try await next.opened()
            try await next.answer(again.stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(try await waiting.response().body == "ok")
        }
    }

    @Test("says in its own words why it failed")
    func failure() async throws {
        try await TestProxy.run { it in
            let client = try await TunnelClient.open(it, ["a"])
            _ = try await client.welcome()
            let scraper = try await it.scrape("a")
            let opened = try await client.opened()
            client.end.fail(opened.stream, .targetUnreachable, "could not connect to the target: connection refused")
            try await client.write()
            let response = try await scraper.response()
            #expect(response.status == 502 && response.body.contains("connection refused"))
        }
    }

    @Test("gets a request that a tunnel takes, or the scrape fails and the tunnel lives on")
    func tooLarge() async throws {
        try await TestProxy.run { it in
            let client = try await TunnelClient.open(it, ["a"])
            _ = try await client.welcome()
            let body = String(repeating: "x", count: 65_536)
            let response = try await it.ask(
                "POST http://a:9100/metrics HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(response.status == 502 && response.body.contains("64 KiB"))
            let scraper = try await it.scrape("a")
            try await client.answer(try await client.opened().stream, "HTTP/1.1 204 No Content\r\n\r\n")
            #expect(try await scraper.response().status == 204)
        }
    }

    @Test("takes the place of its own poll; another's is a clash, which is told")
    func takingOver() async throws {
        try await TestProxy.run { it in
            let instance = InstanceID()
            let poll = try await it.parkedPoll("a", instance: instance)
            let client = try await TunnelClient.open(it, ["a"], instance: instance)
            _ = try await client.welcome()
            #expect(try await poll.response().status == 408)
            let other = try await TunnelClient.open(it, ["a"])
            _ = try await other.welcome()
            guard case .closed(.closed(let close)) = try await client.next() else {
                Issue.record("the first tunnel was not closed")
                return
            }
            #expect(close.code == .superseded)
        }
    }

    @Test("opens connections for CONNECT: bytes pass both ways, and each half ends by itself")
    func connect() async throws {
        try await TestProxy.run { it in
            let client = try await TunnelClient.open(it, ["a"])
            _ = try await client.welcome()
            let scraper = try await it.connect()
            try await scraper.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
            let opened = try await client.opened()
            #expect(opened.request == "CONNECT a:443 HTTP/1.1\r\n\r\n")
            client.end.connected(opened.stream)
            try await client.write()
            #expect(try await scraper.text(upTo: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            try await scraper.send("hello")
            guard case .data(_, let bytes) = try await client.next() else {
                Issue.record("no DATA")
                return
            }
            #expect(String(buffer: bytes) == "hello")
            client.end.passedOn(opened.stream, bytes.readableBytes, at: .now())
            client.end.send(opened.stream, ByteBuffer(string: "and good-bye"))
            client.end.end(opened.stream)
            try await client.write()
            #expect(try await scraper.text(upTo: "good-bye") == "and good-bye")
            await scraper.close()
            guard case .ended = try await client.next() else {
                Issue.record("no END")
                return
            }
            try await it.until { $0.connections == 0 && $0.streams == 0 }
        }
    }

    @Test("cannot come from a browser, without an upgrade, in another version or by another method")
    func handshakes() async throws {
        try await TestProxy.run { it in
            var fields = ByteBuffer()
            WebSocketHandshake().writeRequestFields(into: &fields)
            let good = String(buffer: fields)
            let browser = try await it.ask("GET /tunnel HTTP/1.1\r\nHost: p\r\nOrigin: http://x\r\n\(good)\r\n")
            #expect(browser.status == 403)
            #expect(try await it.get("/tunnel").status == 400)
            #expect(try await it.ask("POST /tunnel HTTP/1.1\r\nHost: p\r\n\(good)\r\n").status == 405)
            let old = try await it.ask(
                "GET /tunnel HTTP/1.1\r\nHost: p\r\n\(good.replacing("Version: 13", with: "Version: 8"))\r\n")
            #expect(old.status == 426 && old["Sec-WebSocket-Version"] == "13")
        }
    }
}
