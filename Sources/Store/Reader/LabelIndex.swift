import Clients

/// Which clients say what of themselves: the record's labels, read from their values to who has them.
enum LabelIndex {
    /// - Returns: The ids of the clients that are left by a query's labels; `nil` where it has none.
    static func clients(
        _ query: ClientQuery, _ connection: SQLiteConnection
    ) throws(StoreError) -> Set<Int64>? {
        guard let first = query.labels.first else { return nil }
        var ids = try clients(saying: first, connection)
        for label in query.labels.dropFirst() { ids.formIntersection(try clients(saying: label, connection)) }
        return ids
    }

    /// The ids of the clients that have a label of this name.
    static func clients(naming name: String, _ connection: SQLiteConnection) throws(StoreError) -> Set<Int64> {
        let row = try connection.cached("SELECT client_id FROM client_label WHERE name = ?1")
        row.bind(1, name)
        return try ids(row)
    }

    /// The values of a name, and who says each; what is no label is left out.
    static func values(
        of name: String, _ connection: SQLiteConnection
    ) throws(StoreError) -> [(value: String, clients: [Int64])] {
        // As the index has them.
        let row = try connection.cached(
            "SELECT value, client_id FROM client_label WHERE name = ?1 ORDER BY value, client_id")
        defer { row.reset() }
        row.bind(1, name)
        var values: [(value: String, clients: [Int64])] = []
        while try row.next() {
            let value = row.text(0, atMost: Declaration.maxBytes + 1)
            if values.last?.value == value {
                values[values.count - 1].clients.append(row.integer(1))
            } else if value.utf8.count <= Declaration.maxBytes, (try? Label(name, value)) != nil {
                values.append((value, [row.integer(1)]))
            }
        }
        return values
    }

    /// The names that most clients use, at most so many.
    static func names(most: Int, _ connection: SQLiteConnection) throws(StoreError) -> [String] {
        let row = try connection.cached(
            "SELECT name FROM client_label GROUP BY name ORDER BY count(*) DESC, name LIMIT ?1")
        defer { row.reset() }
        row.bind(1, most)
        var names: [String] = []
        while try row.next() {
            let name = row.text(0, atMost: Declaration.maxBytes + 1)
            if (try? Label(name, "")) != nil { names.append(name) }
        }
        return names
    }

    private static func clients(saying label: Label, _ connection: SQLiteConnection) throws(StoreError) -> Set<Int64> {
        let row = try connection.cached("SELECT client_id FROM client_label WHERE name = ?1 AND value = ?2")
        row.bind(1, label.name)
        row.bind(2, label.value)
        return try ids(row)
    }

    private static func ids(_ row: Statement) throws(StoreError) -> Set<Int64> {
        defer { row.reset() }
        var ids: Set<Int64> = []
        while try row.next() { ids.insert(row.integer(0)) }
        return ids
    }
}
