/// A number of columns and rows of character cells.
struct Size: Equatable, Sendable {
    var columns: Int
    var rows: Int

    /// The smallest screen on which the views stay usable; below it a sentence says so.
    static let minimum = Size(columns: 40, rows: 10)

    var isUsable: Bool { columns >= Self.minimum.columns && rows >= Self.minimum.rows }
}
