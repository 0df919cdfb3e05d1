import Flags
import Foundation
import Logging
import Store
import TestKit
import Testing

@testable import Proxy

/// What becomes of the file: kept over restarts, damaged, locked, deleted.
@Suite struct RecordFileTests {
    @Test(
        "A record with values that nothing would write does not keep a proxy from serving", arguments: Tampering.values)
    func tampered(value: String) async throws {
        let folder = try TemporaryFolder()
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

    @Test("The record says where the proxy really listens, ports that the system chose included, from when it serves")
    func address() async throws {
        let folder = try TemporaryFolder()
        let any = ListenAddress(host: "127.0.0.1", port: 0)
        try await TestProxy.run {
            $0.storagePath = folder.file("pushprox.db")
            $0.listenAddresses = [any, any]
            $0.clientListenAddresses = [any]
        } body: { it in
            guard case .ready(let reader) = StoreReader.open(path: folder.file("pushprox.db")) else {
                Issue.record("there is no record")
                return
            }
            let web = it.proxy.addresses.prefix(2)
            #expect(web.allSatisfy { $0.host == "127.0.0.1" && $0.port > 0 })
            let address = try reader.proxy().address
            #expect(address == "\(web[0]) \(web[1])")
        }
    }

    @Test("After a restart, /clients lists at once those that were listed before, and no others")
    func restart() async throws {
        let folder = try TemporaryFolder()
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
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: { it in
            var configuration = ProxyConfiguration(listenAddresses: [ListenAddress(host: "127.0.0.1", port: 0)])
            configuration.storagePath = path
            await #expect(throws: StartError.self) {
                _ = try await RunningProxy.start(configuration, logger: Logger(label: "second"))
            }
            let ready = try await it.get("/-/ready")
            #expect(ready.status == 200)
        }
    }

    @Test("A record that is not a database is moved aside, and the proxy starts with a fresh one")
    func corrupt() async throws {
        let folder = try TemporaryFolder()
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
        let folder = try TemporaryFolder()
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
            try await eventually("an error of the record") {
                try await it.metric("pushprox_record_errors_total") > 0 ? true : nil
            }
            locker.release()
            let row = try await until(it, path) { reader in
                try reader.clients(ClientQuery()).rows.first { $0.scrapes == 1 }
            }
            #expect(row.fqdn == "a")
        }
    }

    @Test("A record that is deleted while the proxy runs comes back with everything that was in it")
    func deleted() async throws {
        let folder = try TemporaryFolder()
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
