import Store

/// One column of a table of rows, on the screen and in every output format. Adding a column is adding a value.
struct Column<Row>: Sendable where Row: Sendable {
    enum Alignment: Sendable { case left, right }

    /// What a cell needs to know besides its row.
    struct Surroundings: Sendable {
        var now: Moment
        /// The cells that the column has been given.
        var width: Int
    }

    /// The key in JSON and CSV, and what `--sort` takes.
    let name: String
    /// The column's head; short, for it is never cut.
    let title: String
    /// How the column sorts; `nil` when it does not.
    var sort: ClientSort?
    var alignment = Alignment.left
    /// Fewest cells that make sense, and most that are of use.
    var width: ClosedRange<Int>
    /// When the screen is narrow, the column with the largest number goes first. 0 stays.
    var rank: Int
    /// For scripts.
    let value: @Sendable (Row) -> FieldValue
    /// For the screen and for tables.
    let cell: @Sendable (Row, Surroundings) -> CellText
    /// What the help says about it.
    let help: String

    var field: Field<Row> { Field(name: name, value: value) }
}
