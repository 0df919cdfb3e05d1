/// Which columns a table shows in a width, and where. Pure arithmetic: the mouse asks it too.
struct ColumnLayout: Equatable, Sendable {
    struct Place: Equatable, Sendable {
        /// Index into the table's columns.
        var index: Int
        var column: Int
        var width: Int
    }

    private(set) var places: [Place] = []
    /// Columns that did not fit.
    private(set) var hidden = 0

    /// - Parameters:
    ///   - shift: Columns, counted after the first, that are left out at the left: how the operator reaches hidden ones. The
    ///     first column names the row and always stays.
    init<Row>(_ columns: [Column<Row>], width: Int, shift: Int = 0) {
        guard !columns.isEmpty, width > 0 else { return }
        let shift = min(max(0, shift), columns.count - 1)
        let candidates = [0] + columns.indices.dropFirst(1 + shift)
        var chosen = candidates
        // Shifted, the operator asked for what comes next, in order; unshifted, what matters most stays.
        // What names the row is worth more than another column: up to a third of the screen is kept for it.
        let name = max(columns[0].width.lowerBound, min(columns[0].width.upperBound, width / 3))
        func needed(_ indexes: [Int]) -> Int {
            indexes.dropFirst().reduce(name) { $0 + columns[$1].width.lowerBound } + indexes.count - 1
        }
        while chosen.count > 1, needed(chosen) > width {
            let last = shift > 0 ? chosen.count - 1 : Self.leastImportant(chosen, columns)
            chosen.remove(at: last)
        }
        hidden = columns.count - chosen.count
        place(chosen, columns, width: width)
    }

    private static let smallColumn = 20

    /// The column at a cell of the row.
    func index(at column: Int) -> Int? {
        places.last { $0.column <= column && column <= $0.column + $0.width }?.index
    }

    private static func leastImportant<Row>(_ chosen: [Int], _ columns: [Column<Row>]) -> Int {
        var found = chosen.count - 1
        for place in chosen.indices where columns[chosen[place]].rank > columns[chosen[found]].rank { found = place }
        return found
    }

    private mutating func place<Row>(_ chosen: [Int], _ columns: [Column<Row>], width: Int) {
        var widths = chosen.map { columns[$0].width.lowerBound }
        var spare = width - widths.reduce(0, +) - (chosen.count - 1)
        // The first column gets what it wants up to a third of the screen or half of the spare room; the rest share the
        // remainder in the order of importance, one cell at a time.
        let wanted = columns[chosen[0]].width.upperBound - widths[0]
        let first = max(0, min(wanted, max((spare + 1) / 2, min(spare, width / 3 - widths[0]))))
        widths[0] += first
        spare -= first
        let order = chosen.indices.sorted { columns[chosen[$0]].rank < columns[chosen[$1]].rank }
        // Columns of words and numbers get what they need before the ones that could use any width share the rest.
        for place in order where columns[chosen[place]].width.upperBound <= Self.smallColumn {
            let more = max(0, min(spare, columns[chosen[place]].width.upperBound - widths[place]))
            widths[place] += more
            spare -= more
        }
        var grew = true
        while spare > 0, grew {
            grew = false
            for place in order where spare > 0 && widths[place] < columns[chosen[place]].width.upperBound {
                widths[place] += 1
                spare -= 1
                grew = true
            }
        }
        var column = 0
        for (place, index) in chosen.enumerated() {
            places.append(Place(index: index, column: column, width: min(widths[place], width - column)))
            column += widths[place] + 1
        }
    }
}
