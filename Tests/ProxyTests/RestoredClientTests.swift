import Flags
import NIOCore
import Store
import TestKit
import Testing

@testable import Proxy

/// A client of the record was let in by rules that may be gone: nothing of it counts but its name, and that until its registration runs
/// out (`ListingTests`).
@Suite("A client that an earlier process knew") struct RestoredClientTests {
    private static let name = "a.eu"

    private static func rules(fleet names: String) -> String {
        """
        identities:
          prometheus: {token_hash: "\(AccessProxy.token("scraper"))", scrape: ["*"], read: true}
          fleet: {token_hash: "\(AccessProxy.token("fleet"))", register: ["\(names)"]}
          other: {token_hash: "\(AccessProxy.token("other"))", register: ["*.us"]}
        """
    }

    private static func run(
        _ folder: TemporaryFolder, fleet names: String, _ body: (AccessProxy) async throws -> Void
    ) async throws {
        let file = try folder.write(rules(fleet: names), to: "access.yml")
        try await TestProxy.run {
            $0.accessFile = file
            $0.storagePath = folder.file("p.db")
        } body: {
            try await body(AccessProxy(it: $0, folder: folder))
        }
    }

    @Test("and that other rules do not let in is reached by nobody")
    func otherRules() async throws {
        let folder = try TemporaryFolder()
        try await Self.run(folder, fleet: "*.eu") { it in
            let poll = try await it.parked(Self.name, as: "fleet")
            _ = try await until(it.it, folder.file("p.db")) { try $0.client(fqdn: Self.name)?.row.state.isLive }
            await poll.close()
        }
        try await Self.run(folder, fleet: "b.eu") { it in
            #expect(it.it.gauges.liveClients == 1)
            // It waits for whoever may be that client, and for nobody else.
            let scrape = try await it.scrape("http://\(Self.name)/", "Proxy-Authorization: Bearer scraper\r\n")
            try await it.it.until { $0.queued == 1 }
            for (token, status) in [("fleet", 403), ("other", 403), ("nobody", 401)] {
                #expect(try await it.poll(Self.name, as: token).status == status)
            }
            let gauges = it.it.gauges
            #expect(gauges.queued == 1 && gauges.inFlight == 0 && gauges.connectedClients == 0)
            await scrape.close()
        }
    }

    @Test("and that they let in again, is served as if nothing had been")
    func sameRules() async throws {
        let folder = try TemporaryFolder()
        try await Self.run(folder, fleet: "*.eu") { it in
            let poll = try await it.parked(Self.name, as: "fleet")
            _ = try await until(it.it, folder.file("p.db")) { try $0.client(fqdn: Self.name)?.row.state.isLive }
            await poll.close()
        }
        try await Self.run(folder, fleet: "*.eu") { it in
            let scrape = try await it.scrape("http://\(Self.name)/", "Proxy-Authorization: Bearer scraper\r\n")
            try await it.it.until { $0.queued == 1 }
            let connection = try await it.it.connect()
            try await connection.send(AccessProxy.pollRequest(Self.name, AccessProxy.bearer("fleet")))
            let id = try TestProxy.id(of: try await connection.response())
            #expect(try await it.push(id, "stolen", as: "other").status == 404)
            #expect(try await it.push(id, "up", as: "fleet").status == 200)
            #expect(try await scrape.response().body == "up")
        }
    }
}
