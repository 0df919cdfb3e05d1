import Failures
import NIOCore
import Store
import TestKit
import Testing
import Wire

@testable import Proxy

/// Every way a scrape, a poll or a push can go wrong, provoked over real sockets.
@Suite struct FailureTests {
    /// A poll, the scrape it got, and the scrape's id.
    private func underWay(
        _ it: TestProxy, version: String = "1.1", timeout: String = "120"
    ) async throws -> (scraper: RawConnection, id: String) {
        let poll = try await it.parkedPoll("a")
        let scraper = try await it.scrape("a", timeout: timeout, version: version)
        return (scraper, try TestProxy.id(of: try await poll.response()))
    }

    private func failures(_ it: TestProxy, _ kind: FailureKind) async throws -> Double {
        try await it.metric("pushprox_scrape_failures_total{kind=\"\(kind.rawValue)\"}")
    }

    @Test("Upstream's failure push becomes a 502 with the client's reason")
    func upstreamFailure() async throws {
        try await TestProxy.run { it in
            let (scraper, id) = try await underWay(it)
            let push = "HTTP/0.0 500 Internal Server Error\r\nConnection: close\r\nId: \(id)\r\n\r\nno such host"
            #expect(try await it.pushRaw(push).status == 200)
            let response = try await scraper.response()
            #expect(response.status == 502)
            #expect(response.body.hasPrefix("the client could not scrape its target: no such host"))
            #expect(response.body.contains(id))
            #expect(response.body.split(separator: "\n").count == 1)
            #expect(try await failures(it, .scrapeFailed) == 1)
        }
    }

    @Test(
        "Our client's failures are told from the target's answers, and kept apart by kind",
        arguments: [
            ("target_unreachable", FailureKind.targetUnreachable), ("target_timeout", .targetTimeout),
            ("target_broken", .targetBroken), ("target_refused", .targetRefused), ("something new", .scrapeFailed),
            ("no_poll", .scrapeFailed),
        ] as [(String, FailureKind)])
    func reported(header: String, kind: FailureKind) async throws {
        try await TestProxy.run { it in
            let (scraper, id) = try await underWay(it)
            let head = "HTTP/1.1 502 Bad Gateway\r\nX-Pushprox-Failure: \(header)\r\n"
            #expect(try await it.push(id, "because\r\nof this", head: head).status == 200)
            let response = try await scraper.response()
            #expect(response.status == 502)
            #expect(response.body.hasPrefix("\(kind.summary): because  of this"))
            #expect(try await failures(it, kind) == 1)
        }
    }

    @Test("A target's own 500 is its answer, not a failure")
    func targetsOwn() async throws {
        try await TestProxy.run { it in
            let (scraper, id) = try await underWay(it)
            _ = try await it.push(id, "mine", head: "HTTP/1.1 500 Oops\r\n")
            let response = try await scraper.response()
            #expect(response.head.hasPrefix("HTTP/1.1 500 Oops\r\n"))
            #expect(response.body == "mine")
            #expect(try await failures(it, .scrapeFailed) == 0)
        }
    }

    @Test("A push that is not a response, but has an Id, fails its scrape with 502 at once")
    func badPush() async throws {
        try await TestProxy.run { it in
            for rubbish in [
                "rubbish\r\nId: %\r\n\r\nbody", "HTTP/1.1 banana\r\nId: %\r\n\r\n", "rubbish\nId: %", "Id: %\r\n",
            ] {
                let (scraper, id) = try await underWay(it)
                #expect(try await it.pushRaw(rubbish.replacing("%", with: id)).status == 400)
                let response = try await scraper.response()
                #expect(response.status == 502)
                #expect(response.body.hasPrefix("what the client pushed is not an HTTP response"))
            }
            #expect(try await failures(it, .badPush) == 4)
        }
    }

    @Test("A push without an Id is 400, one that nobody waits for 404, at once")
    func strayPushes() async throws {
        try await TestProxy.run { it in
            #expect(try await it.pushRaw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").status == 400)
            #expect(try await it.push("nonsense", "x").status == 404)
            #expect(try await it.push(ScrapeID().description, "x").status == 404)
            #expect(try await it.pushRaw("").status == 400)
            let (scraper, id) = try await underWay(it)
            #expect(try await it.push(id, "x").status == 200)
            _ = try await scraper.response()
            #expect(try await it.push(id, "x").status == 404)
            try await it.metric("pushprox_pushes_unknown_total", is: 2)
            try await it.metric("pushprox_http_requests_total{code=\"404\",path=\"/push\"}", is: 3)
        }
    }

    @Test(
        "A large push that nobody waits for is answered before it is complete, and its connection is not kept waiting")
    func strayLargePush() async throws {
        try await TestProxy.run { it in
            let push = try await it.connect()
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\nId: \(ScrapeID())\r\n\r\n"
            try await push.send("POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 900000100\r\n\r\n\(head)")
            #expect(try await push.response().status == 404)
            let piece = ByteBuffer(repeating: 0x78, count: 1 << 20)
            for _ in 0..<16 { try? await push.send(piece) }
            if case .hung = await push.closed() { Issue.record("the connection was kept") }
        }
    }

    @Test(
        "A response that is cut short never looks complete: the scraper's connection is reset",
        arguments: ["1.1", "1.0"], ["Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n"])
    func cutShort(version: String, framing: String) async throws {
        try await TestProxy.run { it in
            let (scraper, id) = try await underWay(it, version: version)
            let push = try await it.connect()
            let body = framing.hasPrefix("C") ? "12345" : "5\r\n12345\r\n"
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 200 OK\r\n\(framing)Id: \(id)\r\n\r\n\(body)"
            )
            _ = try await scraper.text(upTo: "12345")
            await push.reset()
            let ended = await scraper.closed()
            guard case .reset = ended else {
                Issue.record("it looks like an orderly end: \(ended)")
                return
            }
            #expect(try await failures(it, .pushBroken) == 1)
        }
    }

    @Test("A push that is complete but shorter than the response inside is not a whole response")
    func shortInside() async throws {
        try await TestProxy.run { it in
            let (scraper, id) = try await underWay(it)
            #expect(
                try await it.pushRaw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nId: \(id)\r\n\r\n12345").status == 400)
            // Nothing of it had gone out.
            #expect(try await scraper.response().status == 502)
            #expect(try await failures(it, .pushBroken) == 1)
        }
    }

    @Test("A push that breaks off inside its own chunks is noticed too")
    func brokenOuterChunks() async throws {
        try await TestProxy.run { it in
            let (scraper, id) = try await underWay(it)
            let push = try await it.connect()
            let head = "HTTP/1.1 200 OK\r\nId: \(id)\r\n\r\nabc"
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n\(String(head.utf8.count, radix: 16))\r\n\(head)\r\n"
            )
            _ = try await scraper.text(upTo: "abc")
            try await push.send("zz\r\n")
            #expect(try await push.response().status == 400)
            guard case .reset = await scraper.closed() else {
                Issue.record("it looks like an orderly end")
                return
            }
        }
    }

    @Test("A deadline that passes while the response streams resets the scraper and sends the pusher away")
    func responseTimeout() async throws {
        try await TestProxy.run { it in
            let (scraper, id) = try await underWay(it, timeout: "4")
            let push = try await it.connect()
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\nId: \(id)\r\n\r\n12345"
            )
            _ = try await scraper.text(upTo: "12345")
            guard case .reset = await scraper.closed() else {
                Issue.record("it looks like an orderly end")
                return
            }
            #expect(try await push.response().status == 500)
            #expect(try await failures(it, .responseTimeout) == 1)
        }
    }

    @Test("A scraper that hangs up leaves the queue, and its pusher is sent away")
    func scraperGone() async throws {
        try await TestProxy.run { it in
            let waiting = try await it.scrape("a")
            try await it.until { $0.queued == 1 }
            await waiting.close()
            try await it.until { $0.queued == 0 }
            let (scraper, id) = try await underWay(it)
            let push = try await it.connect()
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\nId: \(id)\r\n\r\n12345"
            )
            _ = try await scraper.text(upTo: "12345")
            await scraper.close()
            #expect(try await push.response().status == 500)
            try await it.until { $0.inFlight == 0 }
            #expect(try await failures(it, .scraperGone) == 2)
        }
    }

    @Test("A poll whose client disconnected takes no scrape, however it disconnected", arguments: [true, false])
    func pollGone(reset: Bool) async throws {
        try await TestProxy.run { it in
            let dead = try await it.parkedPoll("a")
            if reset { await dead.reset() } else { await dead.close() }
            try await it.until { $0.waitingPolls == 0 }
            let scraper = try await it.scrape("a")
            try await it.until { $0.queued == 1 }
            let poll = try await it.poll("a")
            let id = try TestProxy.id(of: try await poll.response())
            _ = try await it.push(id, "x")
            #expect(try await scraper.response().body == "x")
            try await it.metric("pushprox_polls_dropped_total", is: 1)
        }
    }

    @Test(
        "A poll needs a usable FQDN",
        arguments: ["", " ", "a b", "a/b", "ä", "a\u{1}", String(repeating: "a", count: 254), "http://a"])
    func unusableName(name: String) async throws {
        try await TestProxy.run { it in
            let response = try await it.poll(name).response()
            #expect(response.status == 400)
            #expect(it.gauges.liveClients == 0)
        }
    }

    @Test("A poll's body and its method are limited")
    func pollLimits() async throws {
        try await TestProxy.run { it in
            #expect(try await it.poll(String(repeating: "a", count: 5000)).response().status == 413)
            for path in ["/poll", "/push"] {
                let response = try await it.get(path)
                #expect(response.status == 405)
                #expect(response["Allow"] == "POST")
            }
            let response = try await it.ask("DELETE /clients HTTP/1.1\r\nHost: p\r\n\r\n")
            #expect(response.status == 405)
            #expect(response["Allow"] == "GET, HEAD")
            #expect(try await it.get("/nothing").status == 404)
            #expect(it.gauges.liveClients == 0)
        }
    }

    @Test(
        "CONNECT to a client that polls is answered 501, and says what to use instead; one without name or port is 400")
    func connect() async throws {
        try await TestProxy.run { it in
            _ = try await it.parkedPoll("a")
            for wrong in ["a", "a:0", "a:443/x", ":443", "a:x", "a b:443"] {
                #expect(try await it.ask("CONNECT \(wrong) HTTP/1.1\r\nHost: a\r\n\r\n").status == 400, "\(wrong)")
            }
            let response = try await it.ask("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
            #expect(response.status == 501)
            #expect(response.body.contains("_scheme=https"))
        }
    }

    @Test(
        "A scrape of what no client could be called is 400", arguments: ["http:///metrics", "http://a%20b/", "ftp:x"])
    func badTarget(target: String) async throws {
        try await TestProxy.run { it in
            let response = try await it.ask("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(response.status == 400)
            #expect(try await failures(it, .badTarget) == 1)
        }
    }

    @Test("Requests that wait behind polls are no ladder into the stack: each is served in a turn of its own")
    func ladder() async throws {
        try await TestProxy.run { it in
            let count = 300
            var rungs: [RawConnection] = []
            for number in 0..<count {
                let name = "n\(number)"
                let rung = try await it.connect()
                try await rung.send(
                    "POST /poll HTTP/1.1\r\nHost: p\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)"
                        + "GET http://n\(number + 1)/ HTTP/1.1\r\nHost: a\r\n\r\n")
                rungs.append(rung)
            }
            try await it.until { $0.waitingPolls == count }
            let first = try await it.scrape("n0")
            for rung in rungs { #expect(try await rung.response().status == 200) }
            await first.close()
            for rung in rungs { await rung.close() }
        }
    }

    @Test("Full queues are answered 503 with Retry-After, and counted by bound")
    func queueFull() async throws {
        try await TestProxy.run {
            $0.broker.maxQueuedPerClient = 1
            $0.broker.maxQueued = 2
        } body: { it in
            var held = [try await it.scrape("a")]
            try await it.until { $0.queued == 1 }
            let second = try await it.scrape("a").response()
            #expect(second.status == 503)
            #expect(second["Retry-After"] == "1")
            held.append(try await it.scrape("b"))
            try await it.until { $0.queued == 2 }
            #expect(try await it.scrape("c").response().status == 503)
            try await it.metric("pushprox_scrape_queue_full_total{bound=\"client\"}", is: 1)
            try await it.metric("pushprox_scrape_queue_full_total{bound=\"total\"}", is: 1)
            #expect(try await failures(it, .queueFull) == 2)
            for connection in held { await connection.close() }
        }
    }

    @Test("A client over --registration.max-clients is answered 503 with Retry-After")
    func tooManyClients() async throws {
        try await TestProxy.run {
            $0.broker.maxClients = 1
        } body: { it in
            _ = try await it.parkedPoll("a")
            let refused = try await it.poll("b").response()
            #expect(refused.status == 503)
            #expect(refused["Retry-After"] != nil)
            try await it.metric("pushprox_registrations_refused_total", is: 1)
        }
    }

    @Test("A newer poll supersedes the older with 408; two processes with one name are told so")
    func superseded() async throws {
        try await TestProxy.run { it in
            let first = try await it.parkedPoll("a")
            let second = try await it.poll("a")
            #expect(try await first.response().status == 408)
            await second.close()
            try await it.until { $0.waitingPolls == 0 }
            let ours = try await it.parkedPoll("b", instance: InstanceID())
            _ = try await it.poll("b", instance: InstanceID())
            let clash = try await ours.response()
            #expect(clash.status == 408)
            #expect(clash.body.contains("same FQDN"))
            try await it.metric("pushprox_client_clashes_total", is: 1)
            try await it.metric("pushprox_polls_superseded_total", is: 2)
        }
    }

    @Test("An idle poll of our own client is ended with 204, and its connection goes on; upstream's is held")
    func idlePoll() async throws {
        try await TestProxy.run {
            $0.broker.pollMaxWait = .milliseconds(50)
        } body: { it in
            let upstreams = try await it.parkedPoll("b")
            let ours = try await it.poll("a", instance: InstanceID())
            #expect(try await ours.response().status == 204)
            try await ours.send("GET /-/healthy HTTP/1.1\r\nHost: p\r\n\r\n")
            #expect(try await ours.response().status == 200)
            let scraper = try await it.scrape("b")
            _ = try await upstreams.response()
            await scraper.close()
            try await it.metric("pushprox_polls_idle_total", is: 1)
        }
    }
}
