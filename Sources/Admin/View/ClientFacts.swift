import Failures
import Store

/// The lines of an open client, before its failures: everything that the record has on it.
struct ClientFacts {
    let lines: [CellText]

    /// From this width on, facts are in two columns.
    private static let pairedWidth = 76

    init(_ model: Model, _ opened: Model.Opened) {
        var builder = Builder(width: model.size.columns, glyphs: model.glyphs)
        guard opened.isLoaded else {
            lines = [CellText(opened.fqdn, .title), CellText("Reading the record.", .faint)]
            return
        }
        guard let detail = opened.detail else {
            if builder.width < TextWidth.of(opened.fqdn) + TabLine.roomForTabs { builder.title(opened.fqdn) }
            builder.text(
                "The record knows no client of this name: none has registered under it within the retention time, or ever. "
                    + "Check the target's name in Prometheus, and --fqdn at the client.", .warning)
            lines = builder.lines
            return
        }
        Self.describe(detail, now: model.now, into: &builder)
        lines = builder.lines
    }

    private static func describe(_ detail: ClientDetail, now: Moment, into builder: inout Builder) {
        let row = detail.row
        func moment(_ time: UnixMilliseconds) -> String {
            ShownTime.local(time, now: now) + " (" + Quantity.age(milliseconds: now.wall - time) + " ago)"
        }
        // The line of tabs has the name already, where it has room for it.
        if builder.width < TextWidth.of(row.name) + TabLine.roomForTabs { builder.title(row.name) }
        var facts: [(String, CellText)] = [
            ("State", CellText(row.state.label, row.state.role)),
            ("Last seen", CellText(moment(row.lastSeen))),
            ("Via", row.transport.map { CellText($0.rawValue) } ?? .none),
            ("Ping", .duration(row.roundTrip)),
            ("Queued", .count(row.queued, .warning)),
            ("In flight", .count(row.inFlight, .busy)),
            ("Scrapes", CellText(Quantity.count(row.scrapes))),
            (
                "Failed",
                CellText(
                    Quantity.count(row.failures) + (row.failureShare.map { " (\(Quantity.share($0)))" } ?? ""),
                    row.failures > 0 ? .bad : .plain)
            ),
            ("Median", .duration(row.medianDuration)),
            ("Last took", .duration(row.lastDuration)),
            ("Last scrape", row.lastScrape.map { CellText(moment($0)) } ?? .none),
            ("Last answer", lastAnswer(row)),
        ]
        facts += connections(row)
        facts += [
            ("First seen", CellText(moment(row.firstSeen))),
            ("Listed until", listed(row, now: now)),
            ("Address", detail.address.map { CellText($0) } ?? .none),
            ("Agent", detail.agent.map { CellText($0) } ?? .none),
        ]
        if let instance = detail.instance { facts.append(("Instance", CellText(instance))) }
        builder.facts(facts, paired: builder.width >= pairedWidth)
        if row.state == .unknown {
            builder.text(
                "No client has ever polled under this name, but it is scraped: check the target's name in Prometheus, and "
                    + "--fqdn at the client.", .warning)
        }
        if let conflict = row.conflict {
            builder.text(
                "TWO CLIENTS claimed this name, last at \(moment(conflict)): stop one, or give it another --fqdn.",
                .warning)
        }
        if let failure = row.lastFailure {
            builder.blank()
            builder.text(
                "Last failure \(moment(failure.time)), \(failure.kind): \(failure.text)", row.isFailing ? .bad : .plain)
            if let known = failure.kind.known {
                builder.text("That is: \(known.summary); look at: \(known.fault.rawValue).", .faint)
            }
        }
        builder.declaration(row.declaration)
        builder.history(detail)
        builder.kinds(detail.failuresByKind, "By kind")
        builder.kinds(detail.connectionFailuresByKind, "CONNECTs")
    }

    /// Nothing where nobody has asked for one. Their bytes are counted when they end.
    private static func connections(_ row: ClientRow) -> [(String, CellText)] {
        let counts = row.connectionCounts
        guard row.connections > 0 || counts != ConnectionCounts() else { return [] }
        let now = row.connections > 0 ? "\(Quantity.count(row.connections)) now, " : ""
        let text = "\(now)\(Quantity.count(counts.opened)) opened, \(Quantity.count(counts.failed)) failed"
        let hasPassed = counts.bytesToTarget > 0 || counts.bytesToScraper > 0
        let bytes = "\(Quantity.bytes(counts.bytesToTarget)) out, \(Quantity.bytes(counts.bytesToScraper)) back"
        return [
            ("Connections", CellText(text, counts.failed > 0 ? .bad : .plain)),
            ("Through them", hasPassed ? CellText(bytes) : .none),
        ]
    }

    private static func lastAnswer(_ row: ClientRow) -> CellText {
        let parts = [row.lastStatus.map { "status \($0)" }, row.lastBytes.map(Quantity.bytes)].compactMap { $0 }
        return parts.isEmpty ? .none : CellText(parts.joined(separator: ", "))
    }

    private static func listed(_ row: ClientRow, now: Moment) -> CellText {
        if row.state == .connected || row.state == .inFlight { return CellText("as long as it is connected") }
        if row.state == .unknown { return CellText("never") }
        return CellText(ShownTime.local(row.expires, now: now))
    }
}

extension ClientFacts {
    /// Collects lines of a width.
    struct Builder {
        let width: Int
        let glyphs: Glyphs
        private(set) var lines: [CellText] = []

        init(width: Int, glyphs: Glyphs) {
            self.width = width
            self.glyphs = glyphs
        }

        mutating func append(_ line: CellText) { lines.append(line) }
        mutating func blank() { lines.append(CellText("")) }
        mutating func title(_ text: String) {
            lines += Wrapping.lines(text, width: width).map { CellText($0, .title) }
        }
        mutating func text(_ text: String, _ role: Role) {
            lines += Wrapping.lines(text, width: width).map { CellText($0, role) }
        }

        mutating func facts(_ facts: [(name: String, value: CellText)], paired: Bool) {
            let half = paired ? width / 2 : width
            func spans(_ fact: (name: String, value: CellText)) -> [CellText.Span] {
                [CellText.Span(text: fact.name.padding(to: 14), role: .faint)] + fact.value.spans
            }
            var index = 0
            while index < facts.count {
                var line = spans(facts[index])
                index += 1
                if paired, index < facts.count {
                    let used = line.reduce(0) { $0 + TextWidth.of($1.text) }
                    // A value that is too long for its half keeps the line for itself.
                    if used < half {
                        line.append(CellText.Span(text: String(repeating: " ", count: half - used), role: .plain))
                        line += spans(facts[index])
                        index += 1
                    }
                }
                lines.append(CellText(spans: line))
            }
        }

        /// The recent outcomes and durations.
        mutating func history(_ detail: ClientDetail) {
            let label = 14
            let cells = max(0, min(Ring.outcomes, width - label))
            let shown = detail.history.suffix(cells)
            blank()
            guard !shown.isEmpty else {
                lines.append(CellText("No scrape has been recorded yet.", .faint))
                return
            }
            let strip = CellText.strip(String(shown.map(\.symbol)), width: shown.count)
            lines.append(CellText(spans: [.init(text: "Outcomes      ", role: .faint)] + strip.spans))
            let drawing = glyphs.sparkline(shown.map { Double($0.duration) }, width: shown.count)
            lines.append(
                CellText(spans: [.init(text: "Durations     ", role: .faint), .init(text: drawing, role: .graph)]))
            let longest = shown.map(\.duration).max() ?? 0
            text(
                "              newest at the right; longest \(Quantity.duration(microseconds: longest))", .faint)
            let symbols = Set(shown.map(\.symbol))
            let legend = FailureKind.allCases.filter { symbols.contains($0.symbol) }
                .map { "\($0.symbol) \($0.rawValue)" }
            if !legend.isEmpty { text("              " + legend.joined(separator: ", "), .faint) }
        }

        /// What failed how often.
        mutating func kinds(_ kinds: [KindCount], _ label: String) {
            let most = kinds.map(\.count).max() ?? 0
            for (index, entry) in kinds.enumerated() {
                let bar = glyphs.bar(
                    share: Double(entry.count) / Double(max(1, most)), width: max(0, min(20, width - 46)))
                let name = entry.kind.rawValue.padding(to: 20)
                let number = Quantity.count(entry.count)
                lines.append(
                    CellText(spans: [
                        .init(text: (index == 0 ? label : "").padding(to: 14), role: .faint),
                        .init(text: name, role: .bad),
                        .init(
                            text: String(repeating: " ", count: max(0, 7 - number.count)) + number + " ", role: .plain),
                        .init(text: bar, role: .bad),
                    ]))
            }
        }
    }
}

extension String {
    /// With spaces behind it, at least one, up to so many characters.
    fileprivate func padding(to count: Int) -> String {
        self + String(repeating: " ", count: max(1, count - self.count))
    }
}
