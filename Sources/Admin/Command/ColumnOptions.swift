import ArgumentParser

/// Which columns of a table are printed.
struct ColumnOptions: ParsableArguments {
    @Option(
        name: .customLong("columns"),
        help: ArgumentHelp("Only these columns, in this order: names as in JSON.", valueName: "name,..."))
    var columns: String?

    private var names: [String]? {
        columns.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// Refuses names that are none of these fields', and one that is there twice: no object of JSON can have that.
    func check<Row>(_ fields: [Field<Row>]) throws {
        var seen: Set<String> = []
        for name in names ?? [] {
            guard fields.contains(where: { $0.name == name }) else {
                throw ValidationError(
                    "--columns has '\(TextWidth.shown(name))', which is none of "
                        + fields.map(\.name).joined(separator: ", ") + ".")
            }
            guard seen.insert(name).inserted else { throw ValidationError("--columns has '\(name)' twice.") }
        }
    }

    /// - Parameters:
    ///   - columns: What a table has when nothing is chosen.
    ///   - fields: What can be chosen, and what JSON and CSV have when nothing is.
    func writer<Row>(
        _ columns: [Column<Row>], _ fields: [Field<Row>], now: Moment, unicode: Bool
    ) -> RowWriter<Row> {
        guard let names else { return RowWriter(columns: columns, fields: fields, now: now, unicode: unicode) }
        let chosen = names.compactMap { name in fields.first { $0.name == name } }
        let shown = chosen.map { field in columns.first { $0.name == field.name } ?? Column(field) }
        return RowWriter(columns: shown, fields: chosen, now: now, unicode: unicode)
    }
}

extension Column {
    /// What only scripts get otherwise, as they get it.
    fileprivate init(_ field: Field<Row>) {
        let title = field.name.split(separator: "_").joined(separator: " ").uppercased()
        self.init(
            name: field.name, title: title, width: 1...200, rank: 0, value: field.value,
            cell: { row, _ in CellText(field.value(row).plain) }, help: "")
    }
}
