/// One screenful: a grid of cells, each with what it shows and what that means. `render` makes it, the terminal copies it.
struct Frame: Equatable, Sendable {
    struct Cell: Equatable, Sendable {
        /// `nil` for the right half of a wide character.
        var character: Character?
        var style: Style

        static let blank = Cell(character: " ", style: .plain)
    }

    let size: Size
    /// Whether cells may hold characters outside ASCII; if not, these become `?`.
    let unicode: Bool
    private(set) var cells: [Cell]
    /// Where the terminal's cursor shows; `nil` hides it.
    var cursor: Position?

    init(size: Size, unicode: Bool) {
        self.size = size
        self.unicode = unicode
        self.cells = Array(repeating: .blank, count: max(0, size.columns) * max(0, size.rows))
    }

    subscript(row row: Int) -> ArraySlice<Cell> {
        let start = row * size.columns
        return cells[start..<start + size.columns]
    }

    /// Writes text from left to right and leaves cells beyond it alone. What does not fit in `width` cells, or lies outside of
    /// the frame, is cut; a wide character is never cut in half.
    ///
    /// - Returns: The column after the last cell written.
    @discardableResult
    mutating func put(
        _ text: some StringProtocol, row: Int, column: Int, width: Int = .max, style: Style
    ) -> Int {
        guard row >= 0, row < size.rows, column >= 0 else { return column }
        let end = min(size.columns, width == .max ? size.columns : column + max(0, width))
        var at = column
        for piece in TextWidth.pieces(text) {
            let wide = piece.width == 2 && unicode
            guard at + (wide ? 2 : 1) <= end else { break }
            set(unicode || piece.character.isASCII ? piece.character : "?", row: row, column: at, style: style)
            at += 1
            if wide {
                set(nil, row: row, column: at, style: style)
                at += 1
            }
        }
        return at
    }

    /// Gives a stretch of one row a style, whatever stands there; with a text of spaces where `clear` is set.
    mutating func fill(row: Int, columns: Range<Int>, style: Style, clear: Bool = false) {
        guard row >= 0, row < size.rows else { return }
        for column in columns.clamped(to: 0..<size.columns) {
            let index = row * size.columns + column
            cells[index].style = style
            if clear { cells[index].character = " " }
        }
    }

    /// Marks a row as selected without changing what its cells mean.
    mutating func select(row: Int) {
        guard row >= 0, row < size.rows else { return }
        for index in row * size.columns..<(row + 1) * size.columns { cells[index].style.selected = true }
    }

    /// The rows as text, without spaces at their ends.
    var lines: [String] {
        (0..<size.rows).map { row in
            var text = ""
            for cell in self[row: row] { if let character = cell.character { text.append(character) } }
            while text.last == " " { text.removeLast() }
            return text
        }
    }

    private mutating func set(_ character: Character?, row: Int, column: Int, style: Style) {
        cells[row * size.columns + column] = Cell(character: character, style: style)
    }
}
