import Store

extension Frame {
    /// Writes a cell's text into a stretch of a row; what is cut ends in an ellipsis, so that nobody takes a part for the whole.
    mutating func put(
        _ text: CellText, row: Int, column: Int, width: Int, alignment: Column<ClientRow>.Alignment = .left,
        glyphs: Glyphs
    ) {
        guard width > 0 else { return }
        let needed = text.spans.reduce(0) { $0 + TextWidth.of($1.text) }
        var at = column + (alignment == .right ? max(0, width - needed) : 0)
        let end = column + width
        for span in text.spans {
            at = put(span.text, row: row, column: at, width: end - at, style: Style(role: span.role))
        }
        if needed > width {
            let role = text.spans.last?.role ?? .plain
            if at < end { at = put(" ", row: row, column: at, style: Style(role: role)) }
            put(String(glyphs.ellipsis), row: row, column: end - 1, width: 1, style: Style(role: role))
        }
    }

    /// Writes one row of a table.
    mutating func put<Row>(
        _ row: Row, columns: [Column<Row>], layout: ColumnLayout, at line: Int, now: Moment, glyphs: Glyphs
    ) {
        for place in layout.places {
            let column = columns[place.index]
            let text = column.cell(row, .init(now: now, width: place.width))
            put(
                text, row: line, column: place.column, width: place.width,
                alignment: column.alignment == .right ? .right : .left, glyphs: glyphs)
        }
    }

    /// Writes the heads of a table's columns; the one that sorts has an arrow.
    mutating func putHeads<Row>(
        columns: [Column<Row>], layout: ColumnLayout, at line: Int, sort: ClientSort?, direction: SortDirection,
        glyphs: Glyphs
    ) {
        fill(row: line, columns: 0..<size.columns, style: Style(role: .heading))
        for place in layout.places {
            let column = columns[place.index]
            let sorts = sort != nil && column.sort == sort
            let arrow = sorts ? String(direction == .ascending ? glyphs.ascending : glyphs.descending) : ""
            // A head that fills its column has its arrow in the gap before or after it.
            let room = TextWidth.of(column.title + arrow) - place.width
            let title = column.alignment == .right ? arrow + column.title : column.title + arrow
            let start =
                column.alignment == .right
                ? max(0, place.column + place.width - TextWidth.of(title)) : place.column
            put(
                title, row: line, column: start, width: place.width + max(0, room),
                style: Style(role: sorts ? .sorted : .heading))
        }
    }
}
