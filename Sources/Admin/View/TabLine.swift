/// The line of views, with what is filtered and how it is sorted at its right.
struct TabLine {
    let model: Model

    init(_ model: Model) { self.model = model }

    private var tabs: [(view: Model.View, title: String)] {
        [(.clients, " Clients "), (.failures, " Failures ")]
    }

    /// Cells before an open client's name.
    static let roomForTabs = 22

    func view(at column: Int) -> Model.View? {
        var start = 0
        for tab in tabs {
            if (start..<start + tab.title.count).contains(column) { return tab.view }
            start += tab.title.count
        }
        return nil
    }

    func draw(on frame: inout Frame, row: Int) {
        var at = 0
        for tab in tabs {
            // Brackets tell the open tab where colour and reverse video cannot.
            let isOpen = tab.view == model.view
            let title = isOpen ? "[" + tab.title.dropFirst().dropLast() + "]" : tab.title
            at = frame.put(title, row: row, column: at, style: Style(role: isOpen ? .tab : .chrome))
        }
        if let opened = model.opened, model.helpTop == nil {
            frame.put(" > " + opened.fqdn, row: row, column: at, style: Style(role: .title))
            return
        }
        guard model.helpTop == nil else {
            frame.put(" > Help", row: row, column: at, style: Style(role: .title))
            return
        }
        if model.prompt != nil {
            drawPrompt(on: &frame, row: row, column: at + 1)
        } else {
            drawFilters(on: &frame, row: row, column: at + 1)
        }
    }

    private func drawPrompt(on frame: inout Frame, row: Int, column: Int) {
        var at = frame.put("filter: ", row: row, column: column, style: Style(role: .key))
        let matches = "  \(Quantity.count(matching)) match"
        let room = max(1, frame.size.columns - at - 1)
        // One looks at the end of what one types.
        var shown = model.nameFilter.text[...]
        while TextWidth.of(String(shown)) > room { shown = shown.dropFirst() }
        at = frame.put(shown, row: row, column: at, style: Style(role: .input))
        frame.cursor = Position(column: min(at, frame.size.columns - 1), row: row)
        if at + 1 + matches.count < frame.size.columns {
            frame.put(matches, row: row, column: at + 1, style: Style(role: .faint))
        }
    }

    private func drawFilters(on frame: inout Frame, row: Int, column: Int) {
        let place = TextWidth.of(position)
        let start = max(column, frame.size.columns - place)
        frame.put(position, row: row, column: start, style: Style(role: .faint))
        guard start > column + 1 else { return }
        var spans: [CellText.Span] = []
        if model.view == .clients, let label = model.grouping?.label {
            spans.append(.init(text: "by \(label)  ", role: .title))
        }
        if !filters.isEmpty { spans.append(.init(text: "only " + filters.joined(separator: ", "), role: .warning)) }
        frame.put(
            CellText(spans: spans), row: row, column: column, width: start - 1 - column, glyphs: model.glyphs)
    }

    private var filters: [String] {
        switch model.view {
        case .clients:
            [
                model.clientGroup?.filter.text, model.clientName.text.isEmpty ? nil : "/" + model.clientName.text,
                model.clientState.label,
            ].compactMap { $0 }
        case .failures:
            [
                model.failureName.text.isEmpty ? nil : "/" + model.failureName.text, model.failureKind?.rawValue,
                model.failureTime.label,
            ].compactMap { $0 }
        }
    }

    private var matching: Int {
        if model.view == .failures { return model.failures.matching }
        return model.grouping == nil ? model.clients.matching : model.groups.matching
    }

    /// `12 of 340`: the selection's place among what matches.
    private var position: String {
        let cursor =
            model.view == .failures
            ? model.failures.cursor : model.grouping == nil ? model.clients.cursor : model.groups.cursor
        return matching == 0 ? "0" : "\(Quantity.count(cursor + 1))/\(Quantity.count(matching))"
    }
}
