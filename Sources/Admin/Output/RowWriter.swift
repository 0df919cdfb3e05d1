import Clients

/// Rows as text, in one of the output formats. Control characters of the data never come out.
struct RowWriter<Row: Sendable> {
    let columns: [Column<Row>]
    let fields: [Field<Row>]
    let now: Moment
    /// Whether text outside ASCII may be written in tables.
    let unicode: Bool

    func text(_ rows: [Row], format: OutputFormat) -> String {
        switch format {
        case .table: table(rows)
        case .json: json(rows)
        case .csv: csv(rows)
        }
    }

    /// Columns as wide as their widest cell; the last one unpadded, nothing cut.
    private func table(_ rows: [Row]) -> String {
        let cells: [[String]] = rows.map { row in
            columns.map { column in
                // A table is not cut, so a strip gets as many cells as it can use, and no padding of its own.
                let width = column.width.upperBound
                let spans = column.cell(row, .init(now: now, width: width)).spans
                let text = TextWidth.shown(spans.map(\.text).joined())
                return String(text.drop { $0 == " " })
            }
        }
        var widths = columns.map { TextWidth.of($0.title) }
        for row in cells {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], TextWidth.of(cell)) }
        }
        var text = line(columns.map(\.title), widths)
        for row in cells { text += line(row, widths) }
        return text
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let shown = unicode ? cell : Self.ascii(cell)
            let padding = String(repeating: " ", count: max(0, widths[index] - TextWidth.of(shown)))
            line += columns[index].alignment == .right ? padding + shown : shown + padding
            line += index + 1 < cells.count ? "  " : ""
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }

    private static func ascii(_ text: String) -> String {
        String(text.map { $0.isASCII ? $0 : "?" })
    }

    private func json(_ rows: [Row]) -> String {
        if rows.isEmpty { return "[]\n" }
        let objects = rows.map { "  " + JSONText.object($0, fields) }
        return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }

    private func csv(_ rows: [Row]) -> String {
        var text = fields.map(\.name).joined(separator: ",") + "\r\n"
        for row in rows { text += fields.map { Self.csv($0.value(row)) }.joined(separator: ",") + "\r\n" }
        return text
    }

    private static func csv(_ value: FieldValue) -> String {
        let shown = TextWidth.shown(value.plain)
        guard shown.contains(where: { ",\"".contains($0) }) else { return shown }
        return "\"" + shown.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension FieldValue {
    /// As text without quotes; empty for what there is not.
    var plain: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .number(let number): JSONText.number(number)
        case .time(let time): ShownTime.utc(time)
        case .boolean(let truth): truth ? "true" : "false"
        // As the wire and the record have them. A bar by itself is neither a label nor a target.
        case .labels(let labels): Label.text(of: labels)
        case .targets(let targets): targets.map(\.text).joined(separator: " | ")
        case .missing: ""
        }
    }
}
