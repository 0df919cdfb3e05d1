import Store

/// How an open client's page is laid out: facts first, then its failures, all of which scrolls as one.
struct ClientPageLayout {
    let facts: [CellText]
    /// Visible lines.
    let height: Int
    private let top: Int
    private let failures: FailurePage
    private let offset: Int

    init(_ model: Model) {
        let opened = model.opened ?? Model.Opened(fqdn: "")
        facts = ClientFacts(model, opened).lines
        height = max(1, ScreenLayout(model).body.count)
        top = opened.top
        failures = opened.failures
        offset = opened.offset
    }

    /// Lines before the first failure: facts, a blank line, a title and the columns' heads.
    var leading: Int { facts.count + 3 }
    var total: Int { leading + max(1, failures.matching) }
    var lastTop: Int { max(0, total - height) }
    var firstVisibleFailure: Int { max(0, top - leading) }

    var coversVisible: Bool {
        let end = min(failures.matching, top + height - leading)
        return end <= firstVisibleFailure
            || (offset <= firstVisibleFailure && end <= offset + failures.rows.count)
    }

    func draw(on frame: inout Frame, model: Model, rows: Range<Int>) {
        let columns = Column.failuresOfClient
        let layout = ColumnLayout(columns, width: frame.size.columns, shift: model.failureShift)
        for (line, row) in rows.enumerated() {
            let at = top + line
            if at < facts.count {
                frame.put(facts[at], row: row, column: 0, width: frame.size.columns, glyphs: model.glyphs)
            } else if at == facts.count + 1 {
                let title = "Failures, newest first: \(Quantity.count(failures.matching)) on record"
                frame.put(title, row: row, column: 0, style: Style(role: .title))
            } else if at == facts.count + 2, failures.matching > 0 {
                frame.putHeads(
                    columns: columns, layout: layout, at: row, sort: nil, direction: .descending, glyphs: model.glyphs)
            } else if at >= leading, failures.rows.indices.contains(at - leading - offset) {
                frame.put(
                    failures.rows[at - leading - offset], columns: columns, layout: layout, at: row, now: model.now,
                    glyphs: model.glyphs)
            }
        }
    }
}
