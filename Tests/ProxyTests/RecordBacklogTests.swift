import Store
import Testing
import Wire

@testable import Proxy

@Suite("What waits to be written")
struct RecordBacklogTests {
    private let now = ClockReading.now()

    private func state(_ name: String, isRegistered: Bool = true, queued: Int = 0) throws -> Proxy.ClientSnapshot {
        Proxy.ClientSnapshot(
            id: ClientID(serial: 1), fqdn: try #require(FQDN(name)), isRegistered: isRegistered,
            isConnected: isRegistered, queued: queued, inFlight: 0, connections: 0, lastSeen: now.deadline,
            expires: now.deadline, instance: nil, agent: nil, address: nil, transport: nil, roundTrip: nil,
            declaration: .none)
    }

    private func failure(_ name: String, _ number: Int = 0) -> FailureRecord {
        FailureRecord(
            time: now.wall, fqdn: name, kind: .noPoll, text: "", scrapeID: "\(number)", target: "", duration: 0)
    }

    private var outcome: Outcome { Outcome(time: now.wall, duration: 1, status: 504, bytes: 0, failure: .noPoll) }

    @Test("is bounded however many names come and go, and what is left out is counted")
    func namesThatComeAndGo() throws {
        var backlog = RecordBacklog(maxClients: 500)
        var taken = backlog
        for round in 0..<50 {
            for index in 0..<400 {
                let name = "n\(round)-\(index)"
                backlog.clientChanged(try state(name), at: now)
                backlog.clientChanged(try state(name, isRegistered: false), at: now)
            }
            #expect(backlog.count <= 500 + Ring.unknownNames)
            // As a flush does that fails.
            taken = backlog
            _ = backlog.take(at: now.wall)
            for index in 0..<400 {
                backlog.clientChanged(try state("m\(round)-\(index)", isRegistered: false), at: now)
            }
            backlog.giveBack(taken)
            #expect(backlog.count <= 500 + Ring.unknownNames)
        }
        #expect(backlog.takeDropped() > 0)
        #expect(backlog.takeDropped() == 0)
    }

    @Test("keeps all that happens to clients that are registered, whatever happens to other names")
    func registeredFirst() throws {
        var backlog = RecordBacklog(maxClients: 500)
        let clients = try (0..<500).map { try state("client-\($0)") }
        for client in clients { backlog.clientChanged(client, at: now) }
        for number in 0..<20_000 {
            let name = try #require(FQDN("typo-\(number)"))
            backlog.scrapeEnded(outcome, of: name, isRegistered: false, failure: failure(name.key, number))
            let client = clients[number % 500].fqdn
            backlog.scrapeEnded(
                outcome, of: client, isRegistered: true, failure: number < 2000 ? failure(client.key) : nil)
            backlog.clientChanged(clients[number % 500], at: now)
        }
        let batch = backlog.take(at: now.wall)
        let known = batch.clients.filter(\.polled)
        #expect(known.count == 500 && known.allSatisfy { $0.scrapes == 40 && $0.failures == [.noPoll: 4] })
        #expect(batch.clients.count == 500 + Ring.unknownNames)
        #expect(batch.clients.contains { $0.fqdn == "typo-19999" })
        #expect(batch.scrapes == 40_000 && batch.failedScrapes == 22_000)
        #expect(batch.failures.filter { $0.fqdn.hasPrefix("client") }.count == 2000)
        #expect(batch.failures.filter { $0.fqdn.hasPrefix("typo") }.count == Ring.failuresOfUnknown)
        #expect(batch.failures.last?.scrapeID == "19999")
    }

    @Test("keeps the newest failures of one name, and those of all others")
    func oneLoudName() throws {
        var backlog = RecordBacklog(maxClients: 500)
        let quiet = try #require(FQDN("quiet"))
        let loud = try #require(FQDN("loud"))
        backlog.scrapeEnded(outcome, of: quiet, isRegistered: true, failure: failure("quiet"))
        for number in 0..<30_000 {
            backlog.scrapeEnded(outcome, of: loud, isRegistered: true, failure: failure("loud", number))
        }
        let failures = backlog.take(at: now.wall).failures
        #expect(failures.map(\.fqdn) == ["quiet"] + Array(repeating: "loud", count: Ring.failuresPerName))
        #expect(failures.dropFirst().map(\.scrapeID) == (29_800..<30_000).map(String.init))
    }

    @Test("comes back in order when it could not be written, before what came since")
    func givenBack() throws {
        var backlog = RecordBacklog(maxClients: 500)
        let name = try #require(FQDN("a"))
        backlog.clientChanged(try state("A"), at: now)
        backlog.scrapeEnded(outcome, of: name, isRegistered: true, failure: failure("a", 1))
        let taken = backlog
        _ = backlog.take(at: now.wall)
        backlog.clientChanged(try state("a", isRegistered: false, queued: 3), at: now)
        backlog.scrapeEnded(outcome, of: name, isRegistered: false, failure: failure("a", 2))
        backlog.giveBack(taken)
        let batch = backlog.take(at: now.wall)
        let change = try #require(batch.clients.first)
        #expect(batch.clients.count == 1 && change.polled && change.name == "A")
        #expect(change.queued == 3 && !change.connected && change.scrapes == 2 && change.failures == [.noPoll: 2])
        #expect(batch.failures.map(\.scrapeID) == ["1", "2"] && batch.scrapes == 2)
    }

    @Test("counts connections apart from scrapes, of each name and in all, over a flush that fails as well")
    func connections() throws {
        var backlog = RecordBacklog(maxClients: 500)
        let (name, typo) = (try #require(FQDN("a")), try #require(FQDN("typo")))
        var refused = failure("a", 1)
        refused.isConnection = true
        backlog.clientChanged(try state("a"), at: now)
        backlog.connectionOpened(name, isRegistered: true, at: now.wall)
        backlog.connectionEnded(name, bytes: (3, 5), isRegistered: true, failure: nil, at: now.wall + 1)
        let taken = backlog
        _ = backlog.take(at: now.wall)
        backlog.connectionEnded(name, bytes: (1, 0), isRegistered: true, failure: refused, at: now.wall + 2)
        backlog.connectionEnded(typo, bytes: (0, 0), isRegistered: false, failure: failure("typo"), at: now.wall + 3)
        backlog.connectionRefused()
        backlog.giveBack(taken)
        let batch = backlog.take(at: now.wall)
        let change = try #require(batch.clients.first { $0.fqdn == "a" })
        #expect(
            change.connectionCounts == ConnectionCounts(opened: 1, failed: 1, bytesToTarget: 4, bytesToScraper: 5))
        #expect(change.connectionFailures == [.noPoll: 1] && change.lastConnection == now.wall + 2 && change.polled)
        #expect(change.scrapes == 0 && change.failures == [:] && change.lastFailure?.isConnection == true)
        let unknown = try #require(batch.clients.first { $0.fqdn == "typo" })
        #expect(!unknown.polled && unknown.lastSeen == now.wall + 3)
        #expect(
            batch.connectionCounts == ConnectionCounts(opened: 1, failed: 3, bytesToTarget: 4, bytesToScraper: 5))
        #expect(batch.scrapes == 0 && batch.failedScrapes == 0 && batch.failures.count == 2)
        #expect(backlog.take(at: now.wall).connectionCounts == ConnectionCounts())
    }

    @Test("is bounded whatever is asked for by CONNECT")
    func manyConnections() throws {
        var backlog = RecordBacklog(maxClients: 500)
        for number in 0..<20_000 {
            let name = try #require(FQDN("typo-\(number)"))
            backlog.connectionEnded(
                name, bytes: (0, 0), isRegistered: false, failure: failure(name.key, number), at: now.wall)
        }
        #expect(
            backlog.count == Ring.unknownNames + Ring.failuresOfUnknown && backlog.connectionCounts.failed == 20_000)
        #expect(backlog.takeDropped() == 2 * (20_000 - Ring.unknownNames))
    }

    @Test("has one change of a name that was scraped before its client polled")
    func scrapedThenPolled() throws {
        var backlog = RecordBacklog(maxClients: 500)
        backlog.clientChanged(try state("a", isRegistered: false, queued: 1), at: now)
        let later = ClockReading(deadline: now.deadline, wall: now.wall + 1000)
        backlog.clientChanged(try state("a"), at: later)
        let change = try #require(backlog.take(at: now.wall).clients.first)
        #expect(change.polled && change.firstSeen == later.wall && change.queued == 0 && change.connected)
    }

    @Test("Instants of a record never overflow a clock", arguments: [Int64.min, -1, 0, 1 << 43, 1 << 53, .max])
    func instants(time: Int64) {
        let deadline = now.deadline(of: time)
        if time <= 0 { #expect(deadline == .uptimeNanoseconds(0)) }
        if time > now.wall { #expect(deadline > now.deadline) }
        _ = now.wall(of: deadline)
    }
}
