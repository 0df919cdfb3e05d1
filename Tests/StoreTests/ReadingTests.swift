import Testing

@testable import Store

@Suite struct ReadingTests {
    let scratch: Scratch
    let writer: StoreWriter
    let reader: StoreReader

    /// Five clients whose order differs by nearly every column; "quiet" has never been scraped.
    init() throws {
        scratch = try Scratch()
        writer = try scratch.writer()
        var busy = ClientChange.sample(
            "busy.one.example", seen: start - 1, connected: true, outcomes: [.good(10), .good(20), .good(30)])
        busy.inFlight = 2
        busy.queued = 5
        let idle = ClientChange.sample("idle.two.example", seen: start - 2, connected: true, outcomes: [.good(900)])
        let failing = ClientChange.sample(
            "failing.one.example", seen: start - 3,
            outcomes: [.bad(.noPoll, 400, at: start - 9), .bad(.noPush, 500, at: start - 3), .good(100)])
        let gone = ClientChange.sample(
            "gone.two.example", seen: start - day, outcomes: [.bad(.scraperGone, 7000, at: start - day)])
        let quiet = ClientChange.sample("quiet.one.example", seen: start - 4)
        try writer.write(.sample(busy, idle, failing, gone, quiet))
        reader = try scratch.reader()
    }

    private func names(_ change: (inout ClientQuery) -> Void) throws -> [String] {
        var query = ClientQuery()
        change(&query)
        return try reader.clients(query).rows.map { String($0.fqdn.prefix { $0 != "." }) }
    }

    @Test(
        arguments: [
            (ClientSort.fqdn, ["busy", "failing", "gone", "idle", "quiet"]),
            (.state, ["busy", "idle", "failing", "quiet", "gone"]),
            (.lastSeen, ["gone", "quiet", "failing", "idle", "busy"]),
            (.queued, ["failing", "gone", "idle", "quiet", "busy"]),
            (.inFlight, ["failing", "gone", "idle", "quiet", "busy"]),
            (.scrapes, ["quiet", "gone", "idle", "busy", "failing"]),
            (.failures, ["busy", "idle", "quiet", "gone", "failing"]),
            (.failureShare, ["busy", "idle", "failing", "gone", "quiet"]),
            (.medianDuration, ["busy", "failing", "idle", "gone", "quiet"]),
            (.lastDuration, ["busy", "failing", "idle", "gone", "quiet"]),
            (.lastFailure, ["gone", "failing", "busy", "idle", "quiet"]),
        ])
    func clientsComeInTheOrderAskedFor(sort: ClientSort, expected: [String]) throws {
        #expect(try names { $0.sort = sort } == expected)
    }

    /// Whichever came first, and whichever way the values go.
    @Test func clientsWithTheSameValueComeInTheOrderOfTheirNames() throws {
        for direction in SortDirection.allCases {
            let names = try names {
                $0.sort = .queued
                $0.direction = direction
            }
            #expect(names.filter { $0 != "busy" } == ["failing", "gone", "idle", "quiet"], "\(direction)")
        }
    }

    @Test func aReversedOrderKeepsRowsWithoutAValueLast() throws {
        let share = try names {
            $0.sort = .failureShare
            $0.direction = .descending
        }
        #expect(share == ["gone", "failing", "busy", "idle", "quiet"])
        #expect(try names { $0.direction = .descending } == ["quiet", "idle", "gone", "failing", "busy"])
    }

    @Test func countsAreOverAllClientsWhateverTheFilter() throws {
        var query = ClientQuery()
        query.states = [.gone]
        let page = try reader.clients(query)
        #expect(page.rows.map(\.fqdn) == ["gone.two.example"] && page.matching == 1)
        #expect(page.counts.all == 5 && page.counts.live == 4)
        for (state, count) in [(ClientState.inFlight, 1), (.connected, 1), (.stale, 2), (.gone, 1)] {
            #expect(page.counts[state] == count, "\(state)")
        }
    }

    @Test func filtersCombine() throws {
        #expect(try names { $0.text = ".ONE" } == ["busy", "failing", "quiet"])
        #expect(try names { $0.glob = "*.Two.example" } == ["gone", "idle"])
        #expect(try names { $0.glob = "two" } == [], "a glob is about the whole name")
        #expect(try names { $0.text = "_%" } == [], "no wildcards in a text")
        #expect(try names { $0.seenSince = start - 2 } == ["busy", "idle"])
        let both = try names {
            $0.text = ".one"
            $0.states = [.stale]
        }
        #expect(both == ["failing", "quiet"])
    }

    @Test func aWindowIsPartOfTheOrderAndMovesBackAtTheEnd() throws {
        var query = ClientQuery()
        query.offset = 1
        query.limit = 2
        #expect(try reader.clients(query).rows.map(\.fqdn) == ["failing.one.example", "gone.two.example"])
        query.offset = 100
        let last = try reader.clients(query)
        #expect(last.offset == 3 && last.rows.count == 2 && last.matching == 5)
        query.offset = -7
        #expect(try reader.clients(query).offset == 0)
        query.limit = 0
        #expect(try reader.clients(query).rows.isEmpty)
    }

    @Test func aSelectionIsFoundUnderEveryOrder() throws {
        let id = try #require(try reader.client(fqdn: "idle.two.example")).row.id
        for sort in ClientSort.allCases {
            for direction in SortDirection.allCases {
                var query = ClientQuery()
                query.sort = sort
                query.direction = direction
                query.selected = id
                let page = try reader.clients(query)
                let position = try #require(page.selectedPosition)
                #expect(page.rows[position].id == id)
            }
        }
        var query = ClientQuery()
        query.selected = id
        query.text = ".one"
        #expect(try reader.clients(query).selectedPosition == nil)
    }

    @Test func theStatesAreThoseOfTheView() throws {
        let connection = try scratch.outsider()
        let row = try connection.prepare("SELECT fqdn, state FROM client_state")
        var seen = 0
        while try row.next() {
            #expect(try reader.client(fqdn: row.text(0))?.row.state.rawValue == row.text(1))
            seen += 1
        }
        #expect(seen == 5)
    }

    @Test func theViewsAnswerTheUsualQuestions() throws {
        let connection = try scratch.outsider()
        #expect(try connection.integer("SELECT count(*) FROM live_clients") == 4)
        #expect(
            try connection.text("SELECT last_failure_kind FROM live_clients WHERE fqdn LIKE 'failing%'") == "no_push")
        #expect(try connection.text("SELECT fqdn FROM live_clients LIMIT 1") == "busy.one.example")
        #expect(try connection.integer("SELECT duration_ms FROM recent_failures LIMIT 1") == 10_000)
    }

    @Test func failuresComeNewestFirstWithABreakdown() throws {
        let page = try reader.failures(FailureQuery())
        #expect(page.rows.map(\.kind.known) == [.scraperGone, .noPush] && page.matching == 2)
        #expect(page.rows[0].id > page.rows[1].id)
        var batch = RecordBatch(time: start)
        batch.failures = (0..<5).map { .sample("unknown.example", .noPoll, at: start + Int64($0), id: $0) }
        try writer.write(batch)

        var query = FailureQuery()
        query.kinds = [RecordedKind(.noPoll)]
        query.limit = 2
        query.offset = 1
        let polls = try reader.failures(query)
        #expect(polls.rows.map(\.scrapeID) == ["scrape-3", "scrape-2"] && polls.matching == 5)
        #expect(polls.byKind.map(\.count) == [5, 1, 1] && polls.byKind[0].kind.known == .noPoll)
        query.kinds = []
        query.since = start + 2
        #expect(try reader.failures(query).matching == 3)
        query = FailureQuery()
        query.fqdn = "Unknown.example"
        #expect(try reader.failures(query).matching == 5)
        query = FailureQuery()
        query.glob = "gone.*"
        #expect(try reader.failures(query).rows.map(\.fqdn) == ["gone.two.example"])
        query = FailureQuery()
        query.text = ".ONE"
        #expect(try reader.failures(query).rows.map(\.fqdn) == ["failing.one.example"])
    }

    @Test func aKindOfALaterProxyIsShownByName() throws {
        try scratch.outsider().execute(
            "UPDATE failure SET kind = 'out_of_luck'; UPDATE client SET last_failure_kind = 'x'")
        let kind = try #require(try reader.failures(FailureQuery()).rows.first).kind
        #expect(kind.rawValue == "out_of_luck" && kind.known == nil)
        #expect(try reader.client(fqdn: "gone.two.example")?.row.lastFailure?.kind.rawValue == "x")
    }

    @Test func aHistoryThatSomebodyEditedIsReadAsFarAsItGoes() throws {
        try scratch.outsider().execute(
            "UPDATE client_history SET outcomes = 'xyz', durations_us = x'0100000002000000ff'")
        let detail = try #require(try reader.client(fqdn: "busy.one.example"))
        #expect(detail.history == [.init(symbol: "y", duration: 1), .init(symbol: "z", duration: 2)])
    }

    @Test func whatIsNotKnownIsNil() throws {
        #expect(try reader.client(id: 4711) == nil)
        #expect(try reader.client(fqdn: "nobody.example") == nil)
    }
}
