/// The menu of sort columns, over the top right of the list.
struct SortMenu {
    private let model: Model
    private let rows: Range<Int>
    private let column: Int
    private let width = 20
    /// The first visible line of the menu.
    private let top: Int

    init(_ model: Model) {
        self.model = model
        let body = ScreenLayout(model).body
        let count = min(Model.sorts.count, body.count)
        rows = body.lowerBound..<body.lowerBound + count
        column = max(0, model.size.columns - width)
        top = min(max(0, (model.sortMenu ?? 0) - count + 1), max(0, Model.sorts.count - count))
    }

    /// The menu's line at a place of the screen.
    func line(at place: Position) -> Int? {
        guard rows.contains(place.row), place.column >= column else { return nil }
        return top + place.row - rows.lowerBound
    }

    func draw(on frame: inout Frame) {
        for row in rows {
            let line = top + row - rows.lowerBound
            let sort = Model.sorts[line]
            let title = Column.clients.first { $0.sort == sort }?.title ?? sort.rawValue
            let arrow =
                model.sort == sort
                ? String(model.direction == .ascending ? model.glyphs.ascending : model.glyphs.descending) : " "
            let chosen = model.sortMenu == line
            let style = Style(role: .chrome, selected: chosen)
            frame.fill(row: row, columns: column..<column + width, style: style, clear: true)
            frame.put("| \(chosen ? ">" : " ") \(arrow) \(title)", row: row, column: column, width: width, style: style)
        }
    }
}
