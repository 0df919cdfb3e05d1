import Clients
import Failures
import NIOCore
import Store
import TestKit
import Testing
import Tunnel

@testable import Proxy

@Suite("What is asked for by CONNECT, on record") struct ConnectionRecordTests {
    private static func connect(_ it: TestProxy, _ target: String) async throws -> RawConnection {
        let scraper = try await it.connect()
        try await scraper.send("CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\r\n")
        return scraper
    }

    private static func run(
        _ body: (TestProxy, _ path: String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pushprox.db")
        try await TestProxy.run {
            $0.storagePath = path
        } body: {
            try await body($0, path)
        }
    }

    @Test("A connection that is opened counts as one, with its bytes each way once it has ended, and is no scrape")
    func opened() async throws {
        try await Self.run { it, path in
            let client = try await TunnelClient.open(it, ["Edge1"])
            _ = try await client.welcome()
            let scraper = try await Self.connect(it, "edge1:443")
            let opened = try await client.opened()
            client.end.connected(opened.stream)
            try await client.write()
            _ = try await scraper.text(upTo: "\r\n\r\n")
            let open = try await until(it, path) { reader in
                try reader.client(fqdn: "edge1").flatMap { $0.row.connectionCounts.opened == 1 ? $0.row : nil }
            }
            #expect(open.connections == 1 && open.connectionCounts == ConnectionCounts(opened: 1))
            #expect(open.transport == .tunnel && open.state == .connected)
            let gauge = try await until(it, path) { try $0.proxy() }.connections
            #expect(gauge == 1)

            try await scraper.send("hello")
            guard case .data(_, let bytes) = try await client.next() else { throw TestProxy.Missing(what: "DATA") }
            client.end.passedOn(opened.stream, bytes.readableBytes, at: .now())
            client.end.send(opened.stream, ByteBuffer(string: "and good-bye"))
            client.end.end(opened.stream)
            try await client.write()
            _ = try await scraper.text(upTo: "good-bye")
            await scraper.close()
            guard case .ended = try await client.next() else { throw TestProxy.Missing(what: "END") }
            let row = try await until(it, path) { reader in
                try reader.client(fqdn: "edge1").flatMap { $0.row.connections == 0 ? $0.row : nil }
            }
            let counts = ConnectionCounts(opened: 1, failed: 0, bytesToTarget: 5, bytesToScraper: 12)
            #expect(row.connectionCounts == counts && row.lastConnection != nil && row.lastFailure == nil)
            #expect(row.scrapes == 0 && row.failures == 0)
            let proxy = try await until(it, path) { try $0.proxy().connections == 0 ? try $0.proxy() : nil }
            #expect(proxy.connectionCounts == counts && proxy.scrapes == 0)
        }
    }

    @Test(
        "One that the client can't open has failed, with the client's words and the target, beside the scrapes that did"
    )
    func failed() async throws {
        try await Self.run { it, path in
            let client = try await TunnelClient.open(it, ["edge1"])
            _ = try await client.welcome()
            let scraper = try await Self.connect(it, "edge1:9443")
            let opened = try await client.opened()
            client.end.fail(opened.stream, .targetUnreachable, "connection refused")
            try await client.write()
            #expect(try await scraper.response().status == 502)
            let scrape = try await it.scrape("edge1")
            try await client.answer(try await client.opened().stream, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
            #expect(try await scrape.response().status == 500)

            let detail = try await until(it, path) { reader in
                try reader.client(fqdn: "edge1").flatMap { $0.row.scrapes == 1 ? $0 : nil }
            }
            #expect(detail.row.connectionCounts == ConnectionCounts(failed: 1) && detail.row.failures == 1)
            #expect(detail.connectionFailuresByKind == [KindCount(kind: RecordedKind(.targetUnreachable), count: 1)])
            #expect(detail.failuresByKind == [KindCount(kind: RecordedKind(.targetStatus), count: 1)])
            let failures = try await until(it, path) { try $0.failures(FailureQuery()).rows }
            #expect(failures.map(\.isConnection) == [false, true])
            #expect(failures[1].target == "CONNECT edge1:9443" && failures[1].text.hasSuffix("connection refused"))
            try await it.metric("pushprox_connection_failures_total{kind=\"target_unreachable\"}", is: 1)
        }
    }

    @Test(
        "Of a name that nobody has it is a failure of an unknown name; of none that there could be, in the totals alone"
    )
    func unknown() async throws {
        try await Self.run { it, path in
            for target in ["x", "a%20b:443", "a:0"] {
                #expect(try await it.ask("CONNECT \(target) HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
            }
            let waiting = try await Self.connect(it, "Typo:443")
            try await it.until { $0.queued == 1 }
            await waiting.close()
            let row = try await until(it, path) { reader in
                try reader.client(fqdn: "typo").flatMap { $0.row.connectionCounts.failed == 1 ? $0.row : nil }
            }
            #expect(row.state == .unknown && row.transport == nil && row.lastFailure?.kind.known == .scraperGone)
            let proxy = try await until(it, path) { try $0.proxy() }
            #expect(proxy.connectionCounts.failed == 4 && proxy.failures == 0)
            let failures = try await until(it, path) { try $0.failures(FailureQuery()).rows }
            #expect(failures.map(\.fqdn) == ["typo"] && failures[0].isConnection)
        }
    }

    @Test("The round trip of a tunnel is there as soon as it is measured, and with the tunnel it goes")
    func roundTrip() async throws {
        try await Self.run { it, path in
            let client = try await TunnelClient.open(it, ["edge1", "edge2"])
            _ = try await client.welcome()
            // The ping comes before the scrape, and is answered by reading on.
            let scraper = try await it.scrape("edge1")
            try await client.answer(try await client.opened().stream, "HTTP/1.1 204 No Content\r\n\r\n")
            #expect(try await scraper.response().status == 204)
            let rows = try await until(it, path) { reader in
                let rows = try reader.clients(ClientQuery()).rows
                return rows.count == 2 && rows.allSatisfy { $0.roundTrip != nil } ? rows : nil
            }
            #expect(rows.allSatisfy { $0.transport == .tunnel })
            await client.connection.close()
            let gone = try await until(it, path) { reader in
                let rows = try reader.clients(ClientQuery()).rows
                return rows.allSatisfy { $0.roundTrip == nil } ? rows : nil
            }
            #expect(gone.allSatisfy { $0.transport == .tunnel && $0.state == .stale })
            let poll = try await it.parkedPoll("edge1")
            _ = try await until(it, path) { try $0.client(fqdn: "edge1")?.row.transport == .poll ? true : nil }
            await poll.close()
        }
    }
}
