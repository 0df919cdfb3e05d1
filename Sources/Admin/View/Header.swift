/// The top of the screen: who is watched, how much of everything there is, and how it went in the last minutes.
struct Header {
    let model: Model
    let layout: ScreenLayout

    func draw(on frame: inout Frame) {
        drawTitle(on: &frame)
        drawBanner(on: &frame)
        guard let overview = model.overview else { return }
        if layout.header.count > 2 {
            drawRoomy(overview, on: &frame)
        } else {
            drawCompact(overview, on: &frame)
        }
    }

    private func drawBanner(on frame: inout Frame) {
        for (index, line) in Banner(model).lines.enumerated() {
            let row = layout.banner.lowerBound + index
            frame.fill(row: row, columns: 0..<frame.size.columns, style: Style(role: .banner), clear: true)
            frame.put(" " + line, row: row, column: 0, style: Style(role: .banner))
        }
    }

    private func drawTitle(on frame: inout Frame) {
        let clock = ShownTime.localClock(model.now.wall, now: model.now)
        let isNarrow = frame.size.columns < 70
        let state = model.isPaused ? "PAUSED  " : isNarrow ? "" : "every \(model.interval.label)  "
        let right = state + clock
        let start = max(0, frame.size.columns - TextWidth.of(right))
        frame.put(state, row: 0, column: start, style: Style(role: model.isPaused ? .warning : .faint))
        frame.put(clock, row: 0, column: start + TextWidth.of(state), style: Style(role: .faint))
        let room = max(0, start - 1)
        guard let proxy = model.overview?.proxy else {
            frame.put("pushprox-admin", row: 0, column: 0, width: room, style: Style(role: .title))
            return
        }
        let running: (text: String, role: Role) =
            switch model.health {
            case .alive?:
                ("up \(Quantity.span(milliseconds: model.now.wall - proxy.started))", .good)
            case .silent?: ("NOT WRITING", .bad)
            default: ("NOT RUNNING", .bad)
            }
        var at = 0
        // On a narrow screen the address and the state matter more than the name.
        let name = isNarrow ? "" : "pushprox-proxy \(proxy.version) at "
        at = frame.put(name, row: 0, column: at, width: room, style: Style(role: .faint))
        at = frame.put(proxy.address, row: 0, column: at, width: room - at, style: Style(role: .title))
        frame.put("  " + running.text, row: 0, column: at, width: room - at, style: Style(role: running.role))
    }

    private func drawRoomy(_ overview: Overview, on frame: inout Frame) {
        let numbers = HeaderNumbers(overview)
        let counts = overview.counts
        var clients: [(text: String, role: Role)] = [
            ("Clients   ", .faint), (Quantity.count(counts.live) + " live", .title), ("  (", .faint),
            (Quantity.count(counts.connected + counts.inFlight) + " connected", .good), (", ", .faint),
            (Quantity.count(counts.stale) + " stale", counts.stale > 0 ? .warning : .faint), (", ", .faint),
            (Quantity.count(counts.failing) + " failing", counts.failing > 0 ? .bad : .faint), (")  ", .faint),
            (Quantity.count(counts.gone) + " gone", counts.gone > 0 ? .bad : .faint),
        ]
        if counts.unknown > 0 { clients.append(("  " + Quantity.count(counts.unknown) + " unknown", .warning)) }
        // The others have tunnels. Last, because it is what may be left out where there is no room.
        if counts.onPolls > 0 { clients.append(("  " + Quantity.count(counts.onPolls) + " on polls", .plain)) }
        drawSpans(clients, row: 1, on: &frame)
        drawSpans(
            [
                ("Scrapes   ", .faint), (Quantity.rate(numbers.scrapeRate) + "/s", .title), ("  ", .plain),
                (Quantity.count(overview.proxy.inFlight) + " in flight", overview.proxy.inFlight > 0 ? .busy : .faint),
            ], row: 2, on: &frame)
        drawSpans(
            [
                ("Queue     ", .faint),
                (Quantity.count(overview.proxy.queued) + " queued", overview.proxy.queued > 0 ? .warning : .title),
            ], row: 3, on: &frame)
        let failing = numbers.failureRate > 0
        drawSpans(
            [
                ("Failures  ", .faint),
                (numbers.failureShare.map(Quantity.share) ?? "-", failing ? .bad : .title),
                (" of scrapes, " + Quantity.rate(numbers.failureRate) + "/s", .faint),
            ], row: 4, on: &frame)
        drawSparklines(overview, on: &frame)
    }

    /// Columns that the numbers before a sparkline take.
    private static let graphColumn = 36
    /// Columns that the largest value takes after it.
    private static let peakColumns = 12

    private func drawSparklines(_ overview: Overview, on frame: inout Frame) {
        let most = Int(Overview.span / HeaderNumbers.cellSeconds)
        let width = min(most, frame.size.columns - Self.graphColumn - Self.peakColumns)
        guard width >= 10 else { return }
        let lines: [(row: Int, role: Role, unit: String, values: [Double?])] = [
            (2, .graph, "/s", HeaderNumbers.series(overview, cells: width, \.scrapes, combine: .mean)),
            (3, .warning, "", HeaderNumbers.series(overview, cells: width, \.queued, combine: .largest)),
            (4, .bad, "/s", HeaderNumbers.series(overview, cells: width, \.failures, combine: .mean)),
        ]
        for (row, role, unit, values) in lines {
            let peak = values.lazy.compactMap { $0 }.max() ?? 0
            let quiet = peak <= 0
            let isWhole = unit.isEmpty || peak >= 10
            let label = " max " + (isWhole ? Quantity.compact(Int(min(peak, 1e12))) : Quantity.rate(peak)) + unit
            frame.put(
                label, row: row, column: Self.graphColumn + width, width: Self.peakColumns, style: Style(role: .faint))
            frame.put(
                model.glyphs.sparkline(values, width: width), row: row, column: Self.graphColumn, width: width,
                style: Style(role: quiet ? .faint : role))
        }
        let span = "last \(Quantity.age(milliseconds: Int64(width) * HeaderNumbers.cellSeconds * 1000))"
        let column = frame.size.columns - span.count
        // The clients' line may reach as far, with large counts or with some on polls; the numbers win then.
        let free = frame[row: 1].dropFirst(max(0, column - 1)).allSatisfy { $0.character == " " }
        if free { frame.put(span, row: 1, column: column, style: Style(role: .faint)) }
    }

    private func drawCompact(_ overview: Overview, on frame: inout Frame) {
        let numbers = HeaderNumbers(overview)
        let counts = overview.counts
        var spans: [(String, Role)] = [
            (Quantity.compact(counts.live) + " live", .title),
            ("  " + Quantity.compact(counts.stale) + " stale", counts.stale > 0 ? .warning : .faint),
            ("  " + Quantity.compact(counts.gone) + " gone", counts.gone > 0 ? .bad : .faint),
            (
                "  " + (numbers.failureShare.map(Quantity.share) ?? "-") + " fail",
                numbers.failureRate > 0 ? .bad : .faint
            ),
        ]
        if frame.size.columns >= 60 {
            spans += [
                (
                    "  " + Quantity.compact(overview.proxy.queued) + " queued",
                    overview.proxy.queued > 0 ? .warning : .faint
                ),
                ("  " + Quantity.compact(overview.proxy.inFlight) + " in flight", .faint),
                ("  " + Quantity.rate(numbers.scrapeRate) + "/s", .plain),
            ]
        }
        drawSpans(spans, row: 1, on: &frame)
    }

    private func drawSpans(_ spans: [(text: String, role: Role)], row: Int, on frame: inout Frame) {
        var at = 0
        for span in spans {
            // Half of a number is worse than none.
            guard at + TextWidth.of(span.text) <= frame.size.columns else { break }
            at = frame.put(span.text, row: row, column: at, style: Style(role: span.role))
        }
    }
}
