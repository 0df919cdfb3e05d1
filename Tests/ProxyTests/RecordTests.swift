import CSQLite
import Flags
import Foundation
import Logging
import NIOCore
import Store
import TestKit
import Testing
import Wire

@testable import Proxy

/// A folder that is gone with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/pushprox-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Holds the write lock of a database, as somebody's forgotten shell does.
final class DatabaseLock {
    private var handle: OpaquePointer?

    struct Failed: Error { let code: Int32 }

    init(path: String) throws {
        var code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil)
        if code == SQLITE_OK {
            sqlite3_busy_timeout(handle, 10_000)
            code = sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil)
        }
        guard code == SQLITE_OK else { throw Failed(code: code) }
    }

    func release() {
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
        sqlite3_close(handle)
        handle = nil
    }
}

@Suite struct RecordTests {
    /// Waits until the reader shows what it should; each look follows an answer of the proxy.
    private func until<Value>(
        _ it: TestProxy, _ path: String, _ look: (StoreReader) throws -> Value?
    ) async throws -> Value {
        for _ in 0..<5000 {
            if case .ready(let reader) = StoreReader.open(path: path), let value = try look(reader) { return value }
            _ = try await it.get("/-/healthy")
        }
        throw TestProxy.Missing(what: "the expected state of the record")
    }

    @Test("Registrations, scrapes and failures are in the record while the proxy runs")
    func written() async throws {
        let folder = TemporaryFolder()
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
        let folder = TemporaryFolder()
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
        let folder = TemporaryFolder()
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
        let folder = TemporaryFolder()
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
            #expect(try await it.metric("pushprox_scrape_failures_total{kind=\"target_status\"}") == 1)
        }
    }

    @Test("What no client could be called counts, and leaves the record of failures alone")
    func badTargets() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            _ = try await it.scrape("known", timeout: "0.1").response()
            for _ in 0..<20 { _ = try await it.ask("GET x HTTP/1.1\r\nHost: a\r\n\r\n") }
            _ = try await until(it, path) { try $0.proxy().failures == 21 ? true : nil }
            let failures = try await until(it, path) { try $0.failures(FailureQuery()) }
            #expect(failures.rows.map(\.fqdn) == ["known"])
        }
    }

    @Test("After a response time-out the record has how much was sent")
    func bytesOfATimeOut() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let poll = try await it.parkedPoll("edge1")
            let scraper = try await it.scrape("edge1", timeout: "1")
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

    @Test(
        "A record with values that nothing would write does not keep a proxy from serving", arguments: Tampering.values)
    func tampered(value: String) async throws {
        let folder = TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            _ = try await it.parkedPoll("edge1")
            _ = try await until(it, path) { try $0.client(fqdn: "edge1") }
        }
        var tampering = try Tampering(path: path)
        try tampering.relax()
        for column in try tampering.columns() where column.column != "id" && column.column != "fqdn" {
            tampering.put(value, in: column)
        }
        tampering.close()
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let poll = try await it.parkedPoll("edge2")
            let scraper = try await it.scrape("edge2")
            _ = try await it.push(try TestProxy.id(of: try await poll.response()), "hello")
            #expect(try await scraper.response().status == 200)
            _ = try await until(it, path) { reader in
                try reader.client(fqdn: "edge2").flatMap { $0.row.scrapes == 1 ? true : nil }
            }
        }
    }

    /// The client's row after `body` has made its first scrape fail with a push of its own. `body` gets the scraper and the scrape's id.
    private func rowOfBrokenPush(
        _ body: @Sendable (TestProxy, _ scraper: RawConnection, _ id: String) async throws -> Void
    ) async throws -> ClientRow {
        let folder = TemporaryFolder()
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

    @Test("After a restart, /clients lists at once those that were listed before, and no others")
    func restart() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            _ = try await it.parkedPoll("connected")
            let left = try await it.parkedPoll("stale")
            await left.close()
            try await it.until { $0.waitingPolls == 1 }
        }
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let clients = try await it.get("/clients")
            #expect(clients["Content-Type"] == "application/json")
            #expect(clients.body.contains("{\"targets\":[\"connected\"],\"labels\":{}}"))
            #expect(clients.body.contains("{\"targets\":[\"stale\"],\"labels\":{}}"))
            #expect(it.gauges.liveClients == 2 && it.gauges.connectedClients == 0)
        }
    }

    @Test("A second proxy on one record refuses to start, and the first goes on")
    func secondProxy() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            var configuration = ProxyConfiguration(listenAddress: ListenAddress(host: "127.0.0.1", port: 0))
            configuration.storagePath = path
            await #expect(throws: StartError.self) {
                _ = try await RunningProxy.start(configuration, logger: Logger(label: "second"))
            }
            let ready = try await it.get("/-/ready")
            #expect(ready.status == 200)
        }
    }

    @Test("A record that is no database is moved aside, and the proxy starts with a fresh one")
    func corrupt() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("pushprox.db")
        try Data("this is no database, but long enough to be looked at as one would be, surely".utf8)
            .write(to: URL(fileURLWithPath: path))
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let ready = try await it.get("/-/ready")
            #expect(ready.status == 200)
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.contains { $0.hasPrefix("pushprox.db.corrupt-") })
    }

    @Test(
        "A record that can't be written is trouble in the metrics; scrapes go on, and writing resumes with nothing lost"
    )
    func locked() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            let locker = try DatabaseLock(path: path)
            let poll = try await it.parkedPoll("a")
            let scraper = try await it.scrape("a")
            let id = try TestProxy.id(of: try await poll.response())
            _ = try await it.push(id, "hello")
            #expect(try await scraper.response().body == "hello")
            var errors = 0.0
            while errors == 0 { errors = try await it.metric("pushprox_record_errors_total") }
            locker.release()
            let row = try await until(it, path) { reader in
                try reader.clients(ClientQuery()).rows.first { $0.scrapes == 1 }
            }
            #expect(row.fqdn == "a")
        }
    }

    @Test("A record that is deleted while the proxy runs comes back with everything that was in it")
    func deleted() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            _ = try await it.parkedPoll("before")
            _ = try await until(it, path) { try $0.clients(ClientQuery()).rows.first }
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            _ = try await it.parkedPoll("after")
            let names = try await until(it, path) { reader in
                let names = try reader.clients(ClientQuery()).rows.map(\.fqdn)
                return names.count == 2 ? names : nil
            }
            #expect(Set(names) == ["before", "after"])
        }
    }
}
