import Clients
import Failures
import Store

@testable import Admin

/// A small fleet for frames: one client of every state, one that fails, one with a hostile name, one with wide characters.
enum Example {
    /// 2026-11-05 14:03:22 UTC.
    static let now: UnixMilliseconds = 1_793_887_402_000

    static func moment(after milliseconds: Int64 = 0) -> Moment {
        Moment(wall: now + milliseconds, uptime: 1_000_000 + milliseconds)
    }

    static func proxy(heartbeat: Int64 = -500, stopped: Int64? = nil, writerLives: Bool? = true) -> ProxyRecord {
        ProxyRecord(
            started: now - 273_900_000, heartbeat: now + heartbeat, stopped: stopped.map { now + $0 }, version: "0.1.0",
            address: "192.0.2.1:8080", pid: 4711, registrationTimeout: 300_000, scrapes: 1_234_567, failures: 4_321,
            queued: 13, inFlight: 2, writerLives: writerLives)
    }

    static var clients: [ClientRow] {
        func row(_ id: Int64, _ fqdn: String, _ state: ClientState, seen: Int64, _ change: (inout ClientRow) -> Void)
            -> ClientRow
        {
            var row = ClientRow(id: id, fqdn: fqdn, state: state, firstSeen: now - 86_400_000)
            row.lastSeen = now - seen
            row.expires = row.lastSeen + 300_000
            (row.transport, row.roundTrip) = (.tunnel, state.isConnected ? 12_300 : nil)
            row.scrapes = 1200
            row.medianDuration = 23_400
            row.lastDuration = 21_000
            row.lastScrape = now - 5_000
            row.lastStatus = 200
            row.lastBytes = 5_120
            row.outcomes = String(repeating: ".", count: 60)
            change(&row)
            return row
        }
        return [
            row(1, "build-01.example.com", .connected, seen: 2_000) { _ in },
            row(2, "cache-01.example.com", .inFlight, seen: 700) {
                $0.inFlight = 2
                $0.queued = 13
                $0.roundTrip = 1_234_000
                ($0.connections, $0.lastConnection) = (2, now - 60_000)
                $0.connectionCounts = ConnectionCounts(
                    opened: 7, failed: 1, bytesToTarget: 7_000, bytesToScraper: 3_000_000)
            },
            row(3, "db-01.example.com", .connected, seen: 4_000) {
                ($0.transport, $0.roundTrip) = (.poll, nil)
                $0.failures = 480
                $0.lastFailure = .init(
                    time: now - 5_000, kind: RecordedKind(.targetUnreachable),
                    text: "connect to 127.0.0.1:9100: connection refused")
                $0.outcomes = String(repeating: ".", count: 48) + "uuuutuuuuuuu"
                $0.lastStatus = 502
            },
            row(4, "evil-\u{1B}[31m\u{7}\u{202E}name.example.com", .connected, seen: 1_000) { _ in },
            row(5, "gone-01.example.com", .gone, seen: 90_000_000) {
                $0.transport = nil
                $0.failures = 1
                $0.lastFailure = .init(
                    time: now - 90_000_000, kind: RecordedKind(rawValue: "from_the_future"),
                    text: "a kind of a later version")
            },
            row(6, "new-01.example.com", .connected, seen: 100) {
                ($0.scrapes, $0.medianDuration, $0.lastDuration, $0.lastScrape) = (0, nil, nil, nil)
                $0.outcomes = ""
                $0.roundTrip = 890
            },
            row(7, "stale-01.example.com", .stale, seen: 130_000) {
                $0.conflict = now - 60_000
                $0.failures = 2
                $0.outcomes = String(repeating: ".", count: 57) + "!pp"
                $0.lastFailure = .init(
                    time: now - 5_000, kind: RecordedKind(.noPoll), text: FailureKind.noPoll.summary)
            },
            row(8, "東京-e\u{301}-01.example.com", .connected, seen: 3_000) {
                ($0.transport, $0.roundTrip) = (.poll, nil)
            },
        ]
    }

    static var counts: StateCounts {
        var counts = StateCounts()
        (counts.connected, counts.inFlight, counts.stale, counts.gone) = (5, 1, 1, 1)
        counts.failing = 2
        (counts.onPolls, counts.onTunnels) = (2, 4)
        return counts
    }

    /// A quiet time, a wave of failures, and a gap in which the proxy was down.
    static var seconds: [SecondSample] {
        (0..<600).compactMap { age in
            guard !(200..<260).contains(age) else { return nil }
            let wave = age < 60
            return SecondSample(
                second: now / 1000 - Int64(age), queued: age < 30 ? 13 : 0, inFlight: 2, liveClients: 7,
                scrapes: age % 3, failures: wave && age % 6 == 2 ? 1 : 0)
        }.reversed()
    }

    static func overview(_ proxy: ProxyRecord = proxy()) -> Overview {
        Overview(proxy: proxy, counts: counts, seconds: seconds)
    }

    static var failures: [FailureRow] {
        (0..<30).map { index in
            let kind = [FailureKind.targetUnreachable, .noPoll, .targetUnreachable, .pushBroken][index % 4]
            // Every third of them.
            let isConnection = index % 3 == 2
            return FailureRow(
                id: Int64(1000 - index), time: now - 5_000 - Int64(index) * 61_000,
                fqdn: index % 4 == 1 ? "stale-01.example.com" : "db-01.example.com", kind: RecordedKind(kind),
                text: kind == .targetUnreachable ? "connect to 127.0.0.1:9100: connection refused" : kind.summary,
                scrapeID: "5f0c3c5e-0000-4000-8000-00000000\(1000 + index)",
                target: isConnection ? "CONNECT db-01.example.com:9443" : "http://db-01.example.com:9100/metrics",
                duration: 15_000_000, isConnection: isConnection)
        }
    }

    static var breakdown: [KindCount] {
        [
            KindCount(kind: RecordedKind(.targetUnreachable), count: 15),
            KindCount(kind: RecordedKind(.noPoll), count: 8),
            KindCount(kind: RecordedKind(.pushBroken), count: 7),
        ]
    }

    static var detail: ClientDetail {
        var detail = ClientDetail(row: clients[2])
        detail.instance = "0c7e8f"
        detail.agent = "pushprox-client/0.1.0"
        detail.address = "198.51.100.7"
        detail.failuresByKind = [
            KindCount(kind: RecordedKind(.targetUnreachable), count: 450),
            KindCount(kind: RecordedKind(.targetTimeout), count: 30),
        ]
        detail.row.connectionCounts = ConnectionCounts(
            opened: 1_440, failed: 2, bytesToTarget: 1_200_000, bytesToScraper: 56_000_000)
        detail.row.lastConnection = now - 65_000
        detail.connectionFailuresByKind = [KindCount(kind: RecordedKind(.noPush), count: 2)]
        detail.history = detail.row.outcomes.enumerated().map { index, symbol in
            ClientDetail.HistoryEntry(symbol: symbol, duration: Int64(20_000 + index % 7 * 5_000))
        }
        return detail
    }

    /// A model that was just opened.
    static func model(
        _ columns: Int = 80, _ rows: Int = 24, glyphs: Glyphs = .unicode
    ) -> Model {
        Model(
            path: "data/pushprox.db", glyphs: glyphs, size: Size(columns: columns, rows: rows), now: moment(),
            interval: RefreshInterval(milliseconds: 2000))
    }

    /// A model that has read the fleet.
    static func loaded(
        _ columns: Int = 80, _ rows: Int = 24, glyphs: Glyphs = .unicode, proxy: ProxyRecord = proxy(),
        clients: [ClientRow] = clients
    ) -> Model {
        var model = model(columns, rows, glyphs: glyphs)
        _ = model.update(.ticked(moment()))
        answer(&model, proxy: proxy, clients: clients)
        return model
    }

    /// Answers the model's newest request from the fleet, as a record of these clients would.
    static func answer(_ model: inout Model, proxy: ProxyRecord = proxy(), clients all: [ClientRow] = clients) {
        guard let request = model.requested else { return }
        let answer: ReadResult.Answer
        switch request.subject {
        case .clients(let query): answer = .clients(page(query, of: all))
        case .groups(let query): answer = .groups(groups(query, of: all))
        case .client(let fqdn, let query):
            let matching = failures.filter { $0.fqdn == query.fqdn }
            var page = FailurePage()
            page.matching = matching.count
            page.rows = Array(matching.dropFirst(query.offset).prefix(query.limit))
            var detail = detail
            detail.row.declaration = all.first { $0.fqdn == detail.row.fqdn }?.declaration ?? .none
            answer = .client(fqdn == detail.row.fqdn ? detail : nil, page)
        case .failures(let query):
            let matching = failures.filter { query.kinds.isEmpty || query.kinds.contains($0.kind) }
                .filter { query.text.isEmpty || $0.fqdn.contains(query.text) }
            var page = FailurePage()
            page.matching = matching.count
            page.rows = Array(matching.dropFirst(query.offset).prefix(query.limit))
            page.selectedPosition = query.selected.flatMap { id in matching.firstIndex { $0.id == id } }
            page.byKind = breakdown
            answer = .failures(page, offset: query.offset)
        }
        _ = model.update(.recordRead(ReadResult(number: request.number, outcome: .read(overview(proxy), answer))))
    }

    /// The fleet with what it might say of itself.
    static var labelled: [ClientRow] {
        func said(_ labels: [String], _ targets: [String]) -> Declaration {
            (try? Declaration(labelTexts: labels, targetTexts: targets)) ?? .none
        }
        var all = clients
        all[0].declaration = said(["site=berlin", "rack=4"], ["9100 job=node"])
        all[1].declaration = said(["site=berlin", "rack=11"], [])
        all[2].declaration = said(
            ["site=paris", "rack=4", "team=web%20ops"],
            ["9100 job=node", "9113 job=nginx site=paris-2", "9116/snmp?module=printer_mib"])
        all[4].declaration = said(["site=paris"], [])
        all[6].declaration = said(["site=berlin"], [])
        return all
    }

    private static func groups(_ query: GroupQuery, of all: [ClientRow]) -> GroupPage {
        var clients = query.clients
        clients.limit = .max
        var page = GroupPage()
        page.counts = counts
        page.names = query.label == nil ? ["site", "rack", "team"] : []
        guard all.contains(where: { !$0.declaration.labels.isEmpty }) else { return GroupPage() }
        let label = query.label ?? "site"
        page.label = label
        let rows = self.page(clients, of: all).rows
        for value in Set(rows.map { value(label, of: $0) }).sorted(by: {
            NaturalKey.of($0 ?? "~") < NaturalKey.of($1 ?? "~")
        }) {
            var group = ClientGroup(value: value)
            for row in rows where value == Self.value(label, of: row) {
                group.counts[row.state] += 1
                if row.isFailing, row.state.isLive { group.counts.failing += 1 }
                group.queued += row.queued
                group.inFlight += row.inFlight
            }
            page.rows.append(group)
        }
        page.matching = page.rows.count
        page.selectedPosition = query.selected.flatMap { id in page.rows.firstIndex { $0.id == id } }
        return page
    }

    private static func value(_ label: String, of row: ClientRow) -> String? {
        row.declaration.labels.first { $0.name == label }?.value
    }

    private static func page(_ query: ClientQuery, of all: [ClientRow]) -> ClientPage {
        var matching = all.filter { query.states.isEmpty || query.states.contains($0.state) }
        matching = matching.filter { query.text.isEmpty || $0.fqdn.contains(query.text) }
        matching = matching.filter {
            query.transports.isEmpty || $0.transport.map(query.transports.contains) ?? false
        }
        matching = matching.filter { row in
            query.labels.allSatisfy(row.declaration.labels.contains)
                && query.withoutLabel.map { value($0, of: row) == nil } ?? true
        }
        if query.failingOnly { matching = matching.filter { $0.isFailing && $0.state.isLive } }
        if query.sort == .failures { matching.sort { $0.failures < $1.failures } }
        if query.direction == .descending { matching.reverse() }
        var page = ClientPage()
        page.offset = max(0, min(query.offset, matching.count - query.limit))
        page.rows = Array(matching.dropFirst(page.offset).prefix(query.limit))
        page.matching = matching.count
        page.selectedPosition = query.selected.flatMap { id in matching.firstIndex { $0.id == id } }
        page.counts = counts
        page.hasLabels = all.contains { !$0.declaration.labels.isEmpty }
        return page
    }
}

extension Model {
    /// Presses keys; answers are taken from the example after each, and after what an answer asks for.
    mutating func press(_ keys: Key..., clients: [ClientRow] = Example.clients) {
        for key in keys {
            let effects = update(.keyPressed(key))
            guard effects.contains(where: { if case .read = $0 { true } else { false } }) else { continue }
            while answered != requested?.number { Example.answer(&self, clients: clients) }
        }
    }

    mutating func press(_ text: String) {
        for character in text { press(.character(character)) }
    }
}
