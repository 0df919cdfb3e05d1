import Clients

/// Writes what clients declare: rows only where it is not what is there, which a number tells.
struct DeclarationWriter {
    private let readDigest: Statement
    private let removeLabels: Statement
    private let removeTargets: Statement
    private let addLabel: Statement
    private let addTarget: Statement

    init(_ connection: SQLiteConnection) throws(StoreError) {
        readDigest = try connection.cached("SELECT declaration FROM client WHERE id = ?1")
        removeLabels = try connection.cached("DELETE FROM client_label WHERE client_id = ?1")
        removeTargets = try connection.cached("DELETE FROM client_target WHERE client_id = ?1")
        // What stands in the place of what is written, no writer has put there.
        addLabel = try connection.cached(
            "INSERT OR REPLACE INTO client_label (client_id, name, value) VALUES (?1, ?2, ?3)")
        addTarget = try connection.cached(
            "INSERT OR REPLACE INTO client_target (client_id, port, path, labels) VALUES (?1, ?2, ?3, ?4)")
    }

    /// Of what the record has of a client.
    func digest(of id: Int64) throws(StoreError) -> Int64? {
        readDigest.bind(1, id)
        defer { readDigest.reset() }
        return try readDigest.next() && !readDigest.isNull(0) ? readDigest.integer(0) : nil
    }

    func replace(_ declaration: Declaration, of id: Int64) throws(StoreError) {
        for statement in [removeLabels, removeTargets] {
            statement.bind(1, id)
            try statement.run()
        }
        try add(declaration, to: id)
    }

    /// To a client that has none.
    func add(_ declaration: Declaration, to id: Int64) throws(StoreError) {
        for label in declaration.labels {
            addLabel.bind(1, id)
            addLabel.bind(2, label.name)
            addLabel.bind(3, label.value)
            try addLabel.run()
        }
        for target in declaration.targets {
            addTarget.bind(1, id)
            addTarget.bind(2, Int(target.port))
            addTarget.bind(3, target.path.description)
            addTarget.bind(4, Label.text(of: target.labels))
            try addTarget.run()
        }
    }
}
