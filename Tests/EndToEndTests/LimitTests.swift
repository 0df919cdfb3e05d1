import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite("Peers that are slow, many or gone") struct LimitTests {
        @Test("a request head that does not come is answered 408, and the connection closed")
        func slowHead() async throws {
            let proxy = try await LiveProxy.start("--web.read-header-timeout=1s")
            let slow = try await proxy.connect()
            try await slow.send("GET /clients HTTP/1.1\r\nHost: p\r\nX-Slow")
            #expect(try await slow.response().status == 408)
            #expect(await slow.closed() == .closed(""))
            // A poll that waits is not a slow request.
            let poll = try await proxy.connect()
            try await poll.send("POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\nlocalhost")
            let alsoSlow = try await proxy.connect()
            try await alsoSlow.send("POST /poll HTTP/1.1\r\n")
            #expect(try await alsoSlow.response().status == 408)
            let scraper = try await proxy.beginScrape(of: "localhost:9100")
            #expect(try await poll.response().status == 200)
            await scraper.close()
            try await proxy.program.stop()
        }

        @Test("a connection over the limit is told so, and the ones within go on")
        func connections() async throws {
            let proxy = try await LiveProxy.start("--web.max-connections=2")
            let first = try await proxy.connect()
            try await first.send("POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\nlocalhost")
            try await proxy.registered("localhost")
            // Once the first of its two requests is answered, it is counted, whichever event loop it is on.
            let scraper = try await proxy.connect()
            try await scraper.send(
                "GET /-/healthy HTTP/1.1\r\nHost: p\r\n\r\nGET http://elsewhere:9100/ HTTP/1.1\r\nHost: elsewhere:9100\r\n\r\n"
            )
            #expect(try await scraper.response().status == 200)
            let third = try await proxy.connect()
            let refusal = try await third.response()
            #expect(refusal.status == 503)
            #expect(refusal["Retry-After"] != nil)
            #expect(refusal.body.contains("--web.max-connections"))
            for connection in [scraper, third] { await connection.close() }
            // Until the proxy has seen both go there is no room.
            let next = try await eventually("there is room again") { () -> RawConnection? in
                let next = try await proxy.connect()
                try await next.send("GET /-/healthy HTTP/1.1\r\nHost: p\r\n\r\n")
                if try await next.response().status == 200 { return next }
                await next.close()
                return nil
            }
            try await next.send("GET http://localhost:9100/ HTTP/1.1\r\nHost: localhost:9100\r\n\r\n")
            #expect(try await first.response().status == 200)
            await next.close()
            try await proxy.program.stop()
        }

        @Test("out of descriptors, accepting pauses and does not spin; with descriptors again, who waited is served")
        func descriptors() async throws {
            let proxy = try await LiveProxy.start()
            let known = try await proxy.connect()
            @Sendable func failures() async throws -> Int {
                try await known.send("GET /metrics HTTP/1.1\r\nHost: p\r\n\r\n")
                let lines = try await known.response().body.split(separator: "\n")
                let line = lines.first { $0.hasPrefix("pushprox_web_accept_failures_total ") }
                return line?.split(separator: " ").last.flatMap { Int($0) } ?? -1
            }
            #expect(try await failures() == 0)
            try await proxy.program.limitDescriptors(to: 3)
            let waiting = try await proxy.connect()
            try await waiting.send("GET /-/healthy HTTP/1.1\r\nHost: p\r\n\r\n")
            var count = try await eventually("a failure to accept") {
                let count = try await failures()
                return count > 0 ? count : nil
            }
            // A spinning loop tries some thousand times while it answers so many requests.
            for _ in 0..<200 { count = try await failures() }
            #expect(count < 60)
            try await proxy.program.limitDescriptors(to: 256)
            #expect(try await waiting.response().status == 200)
            try await proxy.program.stop()
        }

        @Test("with few descriptors, connections beyond what they allow are told so", arguments: ["ulimit -n 64"])
        func fewDescriptors(limit: String) async throws {
            let proxy = try await LiveProxy.start(under: limit)
            var waiting: [RawConnection] = []
            var refusal: RawResponse?
            // Each waits for its answer, so that none of them is idle.
            for number in 0..<64 where refusal == nil {
                let connection = try await proxy.connect()
                let name = "edge\(number)"
                // Both may have been refused, and closed, by then.
                try? await connection.send(
                    "POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
                waiting.append(connection)
                let last = try await proxy.connect()
                try? await last.send("GET /metrics HTTP/1.1\r\nHost: p\r\n\r\n")
                let answer = try await last.response()
                if answer.status == 503 {
                    refusal = answer
                } else {
                    #expect(answer.body.contains("accept_failures_total 0\n"))
                }
                await last.close()
            }
            #expect(refusal?.body.contains("--web.max-connections") == true)
            try await proxy.program.stop()
        }

        @Test("a client whose tunnel went black is scraped again within three ping intervals")
        func blackTunnel() async throws {
            let target = try await ScriptedTarget.start(
                answering: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
            let proxy = try await LiveProxy.start("--tunnel.ping-interval=1s")
            let relay = try await Relay.start(to: proxy.port)
            let client = try await LiveClient.start(proxy: relay.port)
            try await client.program.errors.line(with: "the tunnel to the proxy is up")
            relay.goBlack()
            try await relay.sent.lines(2, with: ["GET /tunnel"], within: .seconds(30))
            #expect(try await proxy.scrape("localhost:\(target.port)").body == "up 1\n")
            #expect(try await client.program.stop() == .code(0))
            try await proxy.program.stop()
            await relay.stop()
            await target.stop()
        }

        @Test("a client whose polls went black is scraped again in well under a minute")
        func halfOpen() async throws {
            let target = try await ScriptedTarget.start(
                answering: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
            let proxy = try await LiveProxy.start("--poll.max-wait=1100ms")
            let relay = try await Relay.start(to: proxy.port)
            let client = try await LiveClient.start(proxy: relay.port, "--proxy.transport=poll")
            // An idle poll has ended in order once, so that the client knows this proxy's ways.
            try await relay.sent.lines(2, with: ["POST /poll"])
            relay.goBlack()
            // Nothing closes and every byte is acknowledged: only that the proxy is silent shows that it is gone.
            let polls = relay.sent.lines.count { $0.contains("POST /poll") }
            try await relay.sent.lines(polls + 1, with: ["POST /poll"], within: .seconds(45))
            #expect(try await proxy.scrape("localhost:\(target.port)").body == "up 1\n")
            #expect(try await client.program.stop() == .code(0))
            try await proxy.program.stop()
            await relay.stop()
            await target.stop()
        }

        @Test("both ends of a poll probe their peer within 30 s of silence, and give it up soon after")
        func keepalive() async throws {
            let proxy = try await LiveProxy.start()
            let client = try await LiveClient.start(proxy: proxy.port, "--proxy.transport=poll")
            try await proxy.registered("localhost")
            // proc(5), tcp: local address, remote address, state 01 (established), and the kind and end of the running timer;
            // 02 is keepalive, in hundredths of a second.
            let hex = String(proxy.port, radix: 16, uppercase: true)
            let port = ":" + String(repeating: "0", count: 4 - hex.count) + hex
            // The table is not a snapshot: a line may be missed while others come and go.
            let ends = try await eventually("both ends of the connection in /proc/net/tcp") {
                // By the handle, for what reads whole files stops at a /proc file's first page.
                let table = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/net/tcp")).readToEnd() ?? Data()
                let ends = String(decoding: table, as: UTF8.self).split(separator: "\n").filter { line in
                    let columns = line.split(separator: " ")
                    return columns.count > 5 && columns[3] == "01"
                        && (columns[1].hasSuffix(port) || columns[2].hasSuffix(port))
                }
                return ends.count == 2 ? ends : nil
            }
            for line in ends {
                let timer = line.split(separator: " ")[5].split(separator: ":")
                #expect(timer[0] == "02", "\(line)")
                #expect((Int(timer[1], radix: 16) ?? .max) <= 3_000, "\(line)")
            }
            try await client.program.stop()
            try await proxy.program.stop()
        }
    }
}
