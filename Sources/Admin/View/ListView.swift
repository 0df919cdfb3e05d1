import Store

/// The list of the open view: heads, rows, the selection, and its full text below.
struct ListView {
    let model: Model
    let layout: ScreenLayout

    func draw(on frame: inout Frame) {
        switch model.view {
        case .clients where model.grouping != nil:
            draw(model.groups, Column.groups, shift: model.clientShift, sort: nil, on: &frame)
        case .clients:
            draw(model.clients, model.clientColumns, shift: model.clientShift, sort: model.sort, on: &frame)
            if let row = model.clients.selected { drawNote(of: row, on: &frame) }
        case .failures:
            drawBreakdown(on: &frame)
            draw(model.failures, Column.failures, shift: model.failureShift, sort: nil, on: &frame)
            if let row = model.failures.selected { drawNote(of: row, on: &frame) }
        }
    }

    private func draw<Row>(
        _ list: ListState<Row>, _ columns: [Column<Row>], shift: Int, sort: ClientSort?, on frame: inout Frame
    ) {
        let places = ColumnLayout(columns, width: frame.size.columns, shift: shift)
        frame.putHeads(
            columns: columns, layout: places, at: layout.heads, sort: sort, direction: model.direction,
            glyphs: model.glyphs)
        guard list.matching > 0 else {
            drawEmpty(isLoaded: list.isLoaded, on: &frame)
            return
        }
        for (line, row) in layout.list.enumerated() {
            let position = list.top + line
            guard position < list.matching else { break }
            if let entry = list.row(at: position) {
                frame.put(entry, columns: columns, layout: places, at: row, now: model.now, glyphs: model.glyphs)
            } else {
                frame.put(String(model.glyphs.ellipsis), row: row, column: 0, style: Style(role: .faint))
            }
            if position == list.cursor { frame.select(row: row) }
        }
    }

    /// Why a list is empty, and what to do about it.
    private func drawEmpty(isLoaded: Bool, on frame: inout Frame) {
        let sentence: String
        if !isLoaded {
            // The banner says why there is nothing to read.
            sentence = model.problem == nil ? "Reading \(model.path)." : "Trying again every \(model.interval.label)."
        } else if model.view == .clients, let grouping = model.grouping, grouping.label == nil {
            sentence = "No client says anything of itself. Labels come with pushprox-client --label site=berlin."
        } else if !model.nameFilter.text.isEmpty
            || (model.view == .clients && (model.clientState != .all || model.clientGroup != nil))
            || (model.view == .failures && (model.failureKind != nil || model.failureTime != .all))
        {
            sentence = "Nothing matches the filter. Esc clears it."
        } else if model.view == .clients {
            sentence = "No client has registered yet. Start pushprox-client with --proxy-url pointing at this proxy."
        } else {
            sentence = "No failures are on record."
        }
        for (line, row) in zip(Wrapping.lines(sentence, width: frame.size.columns - 2), layout.list) {
            frame.put(line, row: row, column: 1, style: Style(role: .faint))
        }
    }

    private func drawNote(of row: ClientRow, on frame: inout Frame) {
        guard let line = layout.note.first else { return }
        var spans = [CellText.Span(text: row.name + "  ", role: .faint)]
        if let failure = row.lastFailure {
            let age = Quantity.age(milliseconds: model.now.wall - failure.time)
            spans.append(
                .init(text: "\(age) ago \(failure.kind): \(failure.text)", role: row.isFailing ? .bad : .faint))
        } else {
            spans.append(.init(text: "no failures on record", role: .faint))
        }
        frame.put(CellText(spans: spans), row: line, column: 0, width: frame.size.columns, glyphs: model.glyphs)
    }

    private func drawNote(of row: FailureRow, on frame: inout Frame) {
        guard layout.note.count >= 2 else { return }
        let when = ShownTime.local(row.time, now: model.now)
        let first = CellText("\(row.shownName)  \(row.text)", .bad)
        let what = row.isConnection ? "connection" : "scrape"
        let second = CellText("\(when)  \(row.target)  \(what) \(row.scrapeID)", .faint)
        for (line, text) in zip(layout.note, [first, second]) {
            frame.put(text, row: line, column: 0, width: frame.size.columns, glyphs: model.glyphs)
        }
    }

    /// Failures by kind, with bars.
    private func drawBreakdown(on frame: inout Frame) {
        let total = model.breakdown.reduce(0) { $0 + $1.count }
        let most = model.breakdown.map(\.count).max() ?? 0
        let shown = layout.breakdown.count
        for (index, row) in layout.breakdown.enumerated() {
            let entry = model.breakdown[index]
            // The chosen kind is marked by a sign as well.
            let mark = model.failureKind == entry.kind ? ">" : " "
            var at = frame.put(mark + entry.kind.rawValue, row: row, column: 0, width: 20, style: Style(role: .bad))
            let number = Quantity.count(entry.count)
            at = frame.put(number, row: row, column: max(21, 28 - number.count), style: .plain)
            let share = Quantity.share(Double(entry.count) / Double(max(1, total)))
            at = frame.put(share, row: row, column: max(at + 1, 34 - share.count), style: Style(role: .faint))
            let hidden = model.breakdown.count - shown
            let more = index == shown - 1 && hidden > 0 ? "and \(hidden) more" : ""
            let room = frame.size.columns - 36 - (more.isEmpty ? 0 : more.count + 1)
            let bar = model.glyphs.bar(share: Double(entry.count) / Double(max(1, most)), width: min(40, room))
            frame.put(bar, row: row, column: 36, style: Style(role: .bad))
            if frame.size.columns >= 36 + more.count {
                frame.put(more, row: row, column: frame.size.columns - more.count, style: Style(role: .faint))
            }
        }
    }
}
