import Testing

@testable import Store

@Suite struct WritingTests {
    let scratch: Scratch
    let writer: StoreWriter

    init() throws {
        scratch = try Scratch()
        writer = try scratch.writer()
    }

    private func client(_ fqdn: String) throws -> ClientDetail {
        try #require(try scratch.reader().client(fqdn: fqdn))
    }

    @Test func countersAddUpAndTheRestIsTheNewest() throws {
        var first = ClientChange.sample(
            "a.example", connected: true, outcomes: [.good(100), .bad(.targetTimeout, 300, at: start + 1)])
        first.agent = "agent/1"
        first.address = "10.0.0.1"
        first.instance = "one"
        first.conflict = start
        try writer.write(.sample(first))
        var second = ClientChange.sample(
            "a.example", seen: start + 500, outcomes: [.good(200, at: start + 600)])
        second.queued = 4
        second.inFlight = 1
        second.transport = .poll
        second.agent = "agent/2"
        try writer.write(.sample(second, at: start + 1000))

        let detail = try client("A.Example")
        #expect(detail.row.firstSeen == start && detail.row.lastSeen == start + 500)
        #expect(detail.row.scrapes == 3 && detail.row.failures == 1 && detail.row.failureShare == 1.0 / 3)
        #expect(detail.row.queued == 4 && detail.row.inFlight == 1)
        #expect(detail.row.lastScrape == start + 600 && detail.row.lastDuration == 200)
        #expect(detail.row.lastStatus == 200 && detail.row.lastBytes == 1234)
        #expect(detail.row.medianDuration == 200 && detail.row.outcomes == ".t.")
        #expect(detail.row.lastFailure?.kind.known == .targetTimeout && detail.row.lastFailure?.time == start + 1)
        #expect(detail.row.conflict == start, "no news of a conflict leaves the last one standing")
        #expect(detail.agent == "agent/2" && detail.address == nil && detail.instance == nil)
        #expect(detail.failuresByKind == [KindCount(kind: RecordedKind(.targetTimeout), count: 1)])
        #expect(detail.history.map(\.duration) == [100, 300, 200])
        let proxy = try scratch.reader().proxy()
        #expect(proxy.scrapes == 3 && proxy.failures == 1 && proxy.heartbeat == start + 1000)
    }

    @Test func aChangeWithoutOutcomesLeavesTheLastScrapeAlone() throws {
        try writer.write(.sample(.sample("a.example", outcomes: [.bad(.scraperGone, 5)])))
        try writer.write(.sample(.sample("a.example", seen: start + 9, connected: true)))
        let row = try client("a.example").row
        #expect(row.lastSeen == start + 9 && row.state == .connected)
        #expect(row.lastScrape == start && row.lastStatus == nil && row.lastBytes == 0 && row.outcomes == "g")
    }

    @Test func aClientTwiceInOneBatchIsOneClient() throws {
        try writer.write(
            .sample(.sample("a.example", outcomes: [.good(1)]), .sample("a.example", outcomes: [.good(2)])))
        let row = try client("a.example").row
        #expect(row.scrapes == 2 && row.outcomes == "..")
    }

    @Test func theHistoryIsARingOfTheNewest() throws {
        for round in 0..<9 {
            let outcomes = (0..<10).map { Outcome.good(Int64(round * 10 + $0)) }
            try writer.write(.sample(.sample("a.example", outcomes: outcomes)))
        }
        let detail = try client("a.example")
        #expect(detail.history.map(\.duration) == (30..<90).map(Int64.init))
        #expect(detail.row.outcomes.count == Ring.outcomes && detail.row.scrapes == 90)
        #expect(detail.row.medianDuration == 60)
    }

    @Test func durationsSaturateAndNegativeOnesAreNone() throws {
        try writer.write(.sample(.sample("a.example", outcomes: [.good(1 << 40), .good(-5)])))
        #expect(try client("a.example").history.map(\.duration) == [Int64(UInt32.max), 0])
    }

    @Test func failuresOneByOneAreBounded() throws {
        for round in 0..<3 {
            var batch = RecordBatch(time: start)
            batch.clients = (0..<100).map { .sample("\($0).example") }
            batch.failures = (0..<4000).map { .sample("\($0 % 100).example", id: round * 4000 + $0) }
            try writer.write(batch)
        }
        var query = FailureQuery()
        query.limit = 1
        let page = try scratch.reader().failures(query)
        #expect(page.matching == Ring.failures && page.rows.first?.scrapeID == "scrape-11999")
    }

    @Test func aBatchWithMoreFailuresThanAreKeptWritesTheNewest() throws {
        var batch = RecordBatch(time: start)
        batch.clients = (0..<100).map { .sample("\($0).example") }
        batch.failures = (0..<(Ring.failures + 10)).map { .sample("\($0 % 100).example", id: $0) }
        try writer.write(batch)
        #expect(try writer.connection?.text("SELECT scrape_id FROM failure ORDER BY id LIMIT 1") == "scrape-10")
    }

    @Test("A name that fails without end takes the place of its own failures, and of nobody else's")
    func oneNameDoesNotPushOutOthers() throws {
        try writer.write(.sample(.sample("quiet.example", outcomes: [.bad(.noPush)]), .sample("loud.example")))
        for round in 0..<30 {
            var batch = RecordBatch(time: start)
            batch.failures = (0..<1000).map { .sample("loud.example", id: round * 1000 + $0) }
            try writer.write(batch)
        }
        var query = FailureQuery()
        query.limit = 1
        query.fqdn = "quiet.example"
        #expect(try scratch.reader().failures(query).matching == 1)
        query.fqdn = "loud.example"
        let page = try scratch.reader().failures(query)
        #expect(page.matching == Ring.failuresPerName && page.rows.first?.scrapeID == "scrape-29999")
    }

    @Test("Names that no client has polled under share a bound for their failures, and keep the newest")
    func unknownNamesShareABound() throws {
        try writer.write(.sample(.sample("known.example", outcomes: [.bad(.noPush)])))
        for round in 0..<12 {
            var batch = RecordBatch(time: start + Int64(round))
            for index in 0..<1000 {
                let name = "typo-\(round)-\(index).example"
                batch.clients.append(.scraped(name, at: start + Int64(round)))
                batch.failures.append(.sample(name, id: round * 1000 + index))
            }
            try writer.write(batch)
        }
        let all = try scratch.reader().failures(FailureQuery())
        #expect(all.matching == Ring.failuresOfUnknown + 1 && all.rows.first?.scrapeID == "scrape-11999")
        var query = FailureQuery()
        query.fqdn = "known.example"
        #expect(try scratch.reader().failures(query).matching == 1)
    }

    @Test("A client that is gone goes on counting, and nothing else about it changes")
    func goneClientsCount() throws {
        var live = ClientChange.sample("a.example", connected: true, outcomes: [.good(100)])
        live.name = "A.Example"
        live.agent = "agent/1"
        try writer.write(.sample(live))
        var gone = ClientChange.sample("a.example")
        gone.name = "A.Example"
        gone.agent = "agent/1"
        try writer.write(.sample(gone, at: start + 10 * minute))
        var scraped = ClientChange.scraped("a.example", at: start + 20 * minute)
        scraped.queued = 3
        scraped.scrapes = 2
        scraped.outcomes = [.bad(.noPoll, at: start + 19 * minute), .bad(.noPoll, at: start + 20 * minute)]
        scraped.failures = [.noPoll: 2]
        scraped.lastFailure = .sample("a.example", at: start + 20 * minute)
        try writer.write(.sample(scraped, at: start + 20 * minute))
        let detail = try client("a.example")
        #expect(detail.row.state == .gone && detail.row.name == "A.Example" && detail.agent == "agent/1")
        #expect(detail.row.queued == 3 && detail.row.scrapes == 3 && detail.row.failures == 2)
        #expect(detail.row.outcomes == ".pp" && detail.row.lastFailure?.time == start + 20 * minute)
        #expect(detail.row.lastSeen == start && detail.row.firstSeen == start)
    }

    @Test("A name that is scraped and never polled is unknown, until a client polls under it")
    func unknownNames() throws {
        var scraped = ClientChange.scraped("typo.example", at: start)
        scraped.queued = 1
        scraped.scrapes = 4
        scraped.outcomes = [.bad(.noPoll)]
        scraped.failures = [.noPoll: 4]
        try writer.write(.sample(scraped))
        var row = try client("typo.example").row
        #expect(row.state == .unknown && row.scrapes == 4 && row.failures == 4 && row.queued == 1)
        try writer.write(.sample(.scraped("typo.example", at: start + minute)))
        #expect(try client("typo.example").row.lastSeen == start + minute)
        let reader = try scratch.reader()
        #expect(try reader.clients(ClientQuery()).counts.unknown == 1)
        #expect(try scratch.outsider().integer("SELECT count(*) FROM live_clients") == 0)
        #expect(try scratch.outsider().text("SELECT state FROM client_state") == "unknown")

        try writer.write(.sample(.sample("typo.example", seen: start + 2 * minute, connected: true)))
        row = try client("typo.example").row
        #expect(row.state == .connected && row.scrapes == 4 && row.firstSeen == start + 2 * minute)
    }

    @Test("Of names that are scraped and never polled the newest are kept")
    func unknownNamesAreBounded() throws {
        try writer.write(.sample(.sample("a.example"), .scraped("first.example", at: start)))
        for round in 0..<3 {
            var batch = RecordBatch(time: start)
            batch.clients = (0..<900).map { .scraped("typo-\(round)-\($0)", at: start + Int64(round * 900 + $0 + 1)) }
            try writer.write(batch)
        }
        let counts = try scratch.reader().clients(ClientQuery()).counts
        #expect(counts.unknown == Ring.unknownNames && counts.all == Ring.unknownNames + 1)
        #expect(try scratch.reader().client(fqdn: "typo-2-899") != nil)
        #expect(try scratch.reader().client(fqdn: "first.example") == nil)
    }

    @Test("What is queued and in flight over all names is what the proxy said last")
    func gaugesOfTheProxy() throws {
        var batch = RecordBatch(time: start)
        (batch.queued, batch.inFlight) = (5, 2)
        try writer.write(batch)
        var proxy = try scratch.reader().proxy()
        #expect(proxy.queued == 5 && proxy.inFlight == 2)
        try writer.close(now: start)
        proxy = try scratch.reader().proxy()
        #expect(proxy.queued == 0 && proxy.inFlight == 0)
    }

    @Test func anHourOfSecondsIsKept() throws {
        let first = start / 1000
        for round in 0..<3 {
            var batch = RecordBatch(time: start)
            batch.seconds = (0..<1500).map {
                SecondSample(
                    second: first + Int64(round * 1500 + $0), queued: 1, inFlight: 2, liveClients: 3, scrapes: 4,
                    failures: 5)
            }
            try writer.write(batch)
        }
        let samples = try scratch.reader().seconds(since: 0)
        #expect(samples.count == Ring.seconds)
        #expect(samples.first?.second == first + 900 && samples.last?.second == first + 4499)
        #expect(try scratch.reader().seconds(since: first + 4400).count == 100)
        #expect(
            samples.last
                == SecondSample(
                    second: first + 4499, queued: 1, inFlight: 2, liveClients: 3, scrapes: 4, failures: 5))
    }

    @Test func secondsOfAClockThatWasAheadAreDropped() throws {
        func sample(_ second: Int64) -> SecondSample {
            SecondSample(second: second, queued: 0, inFlight: 0, liveClients: 0, scrapes: 0, failures: 0)
        }
        var batch = RecordBatch(time: start)
        batch.seconds = [sample(5000), sample(5001)]
        try writer.write(batch)
        batch.seconds = [sample(100), sample(101)]
        try writer.write(batch)
        #expect(try scratch.reader().seconds(since: 0).map(\.second) == [100, 101])
    }

    @Test func textsAreCutAtACharactersBorder() throws {
        var failure = FailureRecord.sample("a.example")
        failure.text = String(repeating: "é", count: 400) + "end"
        failure.target = String(repeating: "a", count: 299) + "東"
        var change = ClientChange.sample("a.example")
        change.agent = String(repeating: "x", count: 1000)
        change.lastFailure = failure
        var batch = RecordBatch.sample(change)
        batch.failures = [failure]
        try writer.write(batch)
        let row = try #require(try scratch.reader().failures(FailureQuery()).rows.first)
        #expect(row.text == String(repeating: "é", count: 250) && row.target == String(repeating: "a", count: 299))
        #expect(try client("a.example").agent?.utf8.count == 200)
    }

    @Test func aFlushTouchesOnlyWhatChanged() throws {
        var batch = RecordBatch(time: start)
        for index in 0..<2000 { batch.clients.append(.sample("host-\(index).example", outcomes: [.good(1)])) }
        try writer.write(batch)
        let connection = try #require(writer.connection)
        let before = try connection.integer("SELECT total_changes()")
        try writer.write(.sample(.sample("host-7.example", outcomes: [.good(2)]), at: start + 1000))
        let after = try connection.integer("SELECT total_changes()")
        #expect(after.flatMap { after in before.map { after - $0 } } == 3, "the client, its history, the proxy")
    }
}
