import Store
import TestKit
import Testing

@testable import Proxy

@Suite struct RecordTests {
    @Test("Registrations, scrapes and failures are in the record while the proxy runs")
    func written() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("sub/pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let poll = try await it.parkedPoll("Edge1")
            let scraper = try await it.scrape("edge1")
            let id = try TestProxy.id(of: try await poll.response())
            _ = try await it.push(id, "hello")
            _ = try await scraper.response()
            _ = try await it.scrape("edge1", timeout: "0.1").response()
            _ = try await it.scrape("nobody", timeout: "0.1").response()
            let row = try await until(it, path) { reader in
                try reader.clients(ClientQuery()).rows.first { $0.scrapes == 2 && $0.failures == 1 }
            }
            #expect(row.fqdn == "edge1")
            #expect(row.lastFailure?.kind == RecordedKind(.noPoll))
            let failures = try await until(it, path) { reader in
                let rows = try reader.failures(FailureQuery()).rows
                return rows.count == 2 ? rows : nil
            }
            #expect(Set(failures.map(\.fqdn)) == ["edge1", "nobody"])
        }
    }

    @Test("A client that is gone goes on counting, with what is queued for it now")
    func goneCounts() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
            $0.broker.registrationTimeout = .milliseconds(100)
        } body: { it in
            await (try await it.parkedPoll("Edge1")).close()
            try await it.until { $0.liveClients == 0 }
            for _ in 0..<2 { _ = try await it.scrape("edge1", timeout: "0.1").response() }
            let waiting = [try await it.scrape("edge1"), try await it.scrape("edge1")]
            let row = try await until(it, path) { reader in
                try reader.client(fqdn: "edge1").flatMap { $0.row.queued == 2 && $0.row.failures == 2 ? $0.row : nil }
            }
            #expect(row.state == .gone && row.scrapes == 2 && row.name == "Edge1" && row.outcomes == "pp")
            let proxy = try await until(it, path) { reader in try reader.proxy().queued == 2 ? try reader.proxy() : nil
            }
            #expect(proxy.failures == 2)
            for scraper in waiting { await scraper.close() }
            _ = try await until(it, path) { reader in
                try reader.client(fqdn: "edge1").flatMap { $0.row.queued == 0 && $0.row.failures == 4 ? $0 : nil }
            }
        }
    }

    @Test("A name that is scraped and never polled is unknown: on record, and nowhere among the clients")
    func unknownNames() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            _ = try await it.scrape("Typo", timeout: "0.1").response()
            let waiting = try await it.scrape("typo")
            let row = try await until(it, path) { reader in
                try reader.client(fqdn: "typo").flatMap { $0.row.queued == 1 && $0.row.failures == 1 ? $0.row : nil }
            }
            #expect(row.state == .unknown)
            let clients = try await it.get("/clients").body
            #expect(clients == "[]\n")
            let poll = try await it.poll("Typo")
            _ = try await it.push(try TestProxy.id(of: try await poll.response()), "hello")
            #expect(try await waiting.response().body == "hello")
            let known = try await until(it, path) { reader in
                try reader.client(fqdn: "typo").flatMap { $0.row.scrapes == 2 ? $0.row : nil }
            }
            #expect(known.state == .stale && known.name == "Typo" && known.outcomes == "p.")
        }
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            _ = try await it.scrape("other", timeout: "0.1").response()
            _ = try await until(it, path) { try $0.client(fqdn: "other") }
        }
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            // A name that nobody has polled under is not brought back; a client is, in its own spelling.
            let clients = try await it.get("/clients").body
            #expect(clients == "[{\"targets\":[\"Typo\"],\"labels\":{}}]\n")
        }
    }

    @Test(
        "A target's error status is relayed as it is, and counts as a failed scrape",
        arguments: [("503 Service Unavailable", "503 Service Unavailable"), ("404", "404"), ("500 a\u{7}b", "500 a b")])
    func targetStatus(line: String, told: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let poll = try await it.parkedPoll("edge1")
            let scraper = try await it.scrape("edge1")
            let id = try TestProxy.id(of: try await poll.response())
            _ = try await it.push(id, "in words", head: "HTTP/1.1 \(line)\r\n")
            let response = try await scraper.response()
            #expect(response.body == "in words" && response.status == Int(line.prefix(3)))
            let row = try await until(it, path) { reader in
                try reader.client(fqdn: "edge1").flatMap { $0.row.failures == 1 ? $0 : nil }
            }
            #expect(row.row.lastFailure?.kind == RecordedKind(.targetStatus))
            #expect(row.row.lastFailure?.text == "the target answered \(told)")
            #expect(row.row.lastStatus == response.status && row.row.lastBytes == 8 && row.row.outcomes == "!")
            try await it.metric("pushprox_scrape_failures_total{kind=\"target_status\"}", is: 1)
        }
    }

    @Test("A scrape of a name that no client can have counts, and leaves the record of failures alone")
    func badTargets() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            _ = try await it.scrape("known", timeout: "0.1").response()
            for target in ["x", "http://user:secret@a%20b/", "http://user:secret/x@a/", "http:///"] {
                for _ in 0..<5 {
                    #expect(try await it.ask("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
                }
            }
            _ = try await until(it, path) { try $0.proxy().failures == 21 ? true : nil }
            let failures = try await until(it, path) { try $0.failures(FailureQuery()) }
            #expect(failures.rows.map(\.fqdn) == ["known"])
        }
    }

    @Test("After a response time-out the record has how much was sent")
    func bytesOfATimeOut() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let poll = try await it.parkedPoll("edge1")
            let scraper = try await it.scrape("edge1", timeout: "4")
            let id = try TestProxy.id(of: try await poll.response())
            let push = try await it.connect()
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\nId: \(id)\r\n\r\n12345"
            )
            _ = try await scraper.text(upTo: "12345")
            _ = await scraper.closed()
            let row = try await until(it, path) { reader in
                try reader.client(fqdn: "edge1").flatMap { $0.row.failures == 1 ? $0.row : nil }
            }
            #expect(row.lastFailure?.kind == RecordedKind(.responseTimeout))
            #expect(row.lastStatus == 200 && row.lastBytes == 5)
        }
    }

    /// The client's row after `body` has made its first scrape fail with a push of its own. `body` gets the scraper and the scrape's id.
    private func rowOfBrokenPush(
        _ body: @Sendable (TestProxy, _ scraper: RawConnection, _ id: String) async throws -> Void
    ) async throws -> ClientRow {
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        var row: ClientRow?
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let poll = try await it.parkedPoll("edge1")
            let scraper = try await it.scrape("edge1")
            try await body(it, scraper, try TestProxy.id(of: try await poll.response()))
            row = try await until(it, path) { reader in
                try reader.clients(ClientQuery()).rows.first { $0.failures == 1 }
            }
        }
        return try #require(row)
    }

    @Test("A response that breaks off before anything of it went out is on record with the failure's status")
    func brokenOffAtOnce() async throws {
        let row = try await rowOfBrokenPush { it, scraper, id in
            let push = try await it.connect()
            let inner = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nId: \(id)\r\n\r\n12345"
            // In one piece, so that the bad chunk comes to light in the read that brought the head.
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n\(String(inner.utf8.count, radix: 16))\r\n\(inner)\r\nzz\r\n"
            )
            let status = try await scraper.response().status
            #expect(status == 502)
        }
        #expect(row.lastFailure?.kind == RecordedKind(.pushBroken))
        #expect(row.lastStatus == 502)
    }

    @Test("A response that breaks off is on record with what the scraper had seen of it")
    func brokenOff() async throws {
        let row = try await rowOfBrokenPush { it, scraper, id in
            let push = try await it.connect()
            try await push.send(
                "POST /push HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\nId: \(id)\r\n\r\n12345"
            )
            _ = try await scraper.text(upTo: "12345")
            await push.reset()
            _ = await scraper.closed()
        }
        #expect(row.lastFailure?.kind == RecordedKind(.pushBroken))
        #expect(row.lastStatus == 200)
        #expect(row.lastBytes == 5)
    }
}
