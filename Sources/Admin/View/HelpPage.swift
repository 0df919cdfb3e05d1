import Failures

/// The help: every key, made from the table that binds them, and what columns and symbols mean, made from theirs.
struct HelpPage {
    let lines: [CellText]

    init(_ model: Model) {
        var lines = [CellText("Keys", .title)]
        let width = model.size.columns
        for (keys, text) in Self.keys(unicode: model.glyphs.unicode) {
            Self.entry(keys, text, label: 16, role: .key, width: width, into: &lines)
        }
        Self.entry(
            "Mouse",
            "Wheel scrolls; a click selects a line, sorts by a column's head (again: reverses), or presses a key "
                + "of the footer; a double click opens", label: 16, role: .key, width: width, into: &lines)
        lines += [CellText(""), CellText("Columns of the clients", .title)]
        for column in Column.clients {
            Self.entry(column.title, column.help, label: 16, role: .heading, width: width, into: &lines)
        }
        lines += [CellText(""), CellText("Letters of failed scrapes", .title)]
        for kind in FailureKind.allCases {
            Self.entry(
                "\(kind.symbol) \(kind.rawValue)", "\(kind.summary); look at: \(kind.fault.rawValue)", label: 21,
                role: .bad, width: width, into: &lines)
        }
        lines += [CellText(""), CellText("The database is \(model.path); it is only read.", .faint)]
        self.lines = lines
    }

    /// Keys and their help, in the order of the table. Documentation is made from this too.
    static func keys(unicode: Bool) -> [(keys: String, help: String)] {
        Binding.all.filter { !$0.help.isEmpty }.map { binding in
            (binding.keys.map { $0.name(unicode: unicode) }.joined(separator: " "), binding.help)
        }
    }

    func lastTop(height: Int) -> Int { max(0, lines.count - height) }

    func draw(on frame: inout Frame, top: Int, rows: Range<Int>, glyphs: Glyphs) {
        for (line, row) in rows.enumerated() where lines.indices.contains(top + line) {
            frame.put(lines[top + line], row: row, column: 0, width: frame.size.columns, glyphs: glyphs)
        }
    }

    private static func entry(
        _ name: String, _ text: String, label: Int, role: Role, width: Int, into lines: inout [CellText]
    ) {
        let indent = String(repeating: " ", count: label)
        for (index, part) in Wrapping.lines(text, width: max(10, width - label)).enumerated() {
            let padded = name + String(repeating: " ", count: max(1, label - TextWidth.of(name)))
            lines.append(
                CellText(spans: [
                    .init(text: index == 0 ? padded : indent, role: index == 0 ? role : .plain),
                    .init(text: part, role: .plain),
                ]))
        }
    }
}
