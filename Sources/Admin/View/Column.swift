import Store

/// One column of a table of rows, on the screen and in every output format. Adding a column is adding a value.
struct Column<Row>: Sendable where Row: Sendable {
    enum Alignment: Sendable { case left, right }

    /// What a cell needs to know beside its row.
    struct Surroundings: Sendable {
        var now: Moment
        /// The cells that the column has got.
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

/// A named value of a row, for scripts.
struct Field<Row>: Sendable where Row: Sendable {
    let name: String
    let value: @Sendable (Row) -> FieldValue
}

/// A value as scripts get it.
enum FieldValue: Equatable, Sendable {
    case text(String)
    case integer(Int64)
    case number(Double)
    case time(UnixMilliseconds)
    case boolean(Bool)
    case missing

    init(_ value: Int) { self = .integer(Int64(value)) }
    init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .missing }
    init(_ value: Int64?) { self = value.map { .integer($0) } ?? .missing }
    init(_ value: String?) { self = value.map { .text($0) } ?? .missing }
    init(time: UnixMilliseconds?) { self = time.map { .time($0) } ?? .missing }
    /// A duration in microseconds, as seconds.
    init(microseconds: Int64?) { self = microseconds.map { .number(Double($0) / 1e6) } ?? .missing }
}
