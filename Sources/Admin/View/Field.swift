/// A named value of a row, for scripts.
struct Field<Row>: Sendable where Row: Sendable {
    let name: String
    let value: @Sendable (Row) -> FieldValue
}
