import Clients

/// Reads what clients declare. What nothing in the proxy would have written (a name that is none, a port of 0, more than there may be) is left
/// out: the rest of the record is as good as it was.
struct DeclarationReader {
    private let labels: Statement
    private let targets: Statement

    init(_ connection: SQLiteConnection) throws(StoreError) {
        labels = try connection.cached(
            "SELECT name, value FROM client_label WHERE client_id = ?1 ORDER BY name LIMIT \(Declaration.maxLabels)")
        targets = try connection.cached(
            """
            SELECT port, path, labels FROM client_target WHERE client_id = ?1 ORDER BY port, path
            LIMIT \(Declaration.maxTargets)
            """)
    }

    func declaration(of id: Int64) throws(StoreError) -> Declaration {
        Declaration(keeping: try labels(of: id), targets: try targets(of: id))
    }

    private func labels(of id: Int64) throws(StoreError) -> [Label] {
        labels.bind(1, id)
        defer { labels.reset() }
        var found: [Label] = []
        while try labels.next() {
            if let name = text(labels, 0), let value = text(labels, 1), let label = try? Label(name, value) {
                found.append(label)
            }
        }
        return found
    }

    private func targets(of id: Int64) throws(StoreError) -> [DeclaredTarget] {
        targets.bind(1, id)
        defer { targets.reset() }
        var found: [DeclaredTarget] = []
        while try targets.next() {
            guard let port = UInt16(exactly: targets.integer(0)), let path = text(targets, 1),
                let labels = text(targets, 2), let path = try? TargetPath(path),
                let labels = try? Label.labels(text: labels),
                let target = try? DeclaredTarget(port: port, path: path, labels: labels)
            else { continue }
            found.append(target)
        }
        return found
    }

    /// `nil` for one that is too long for any declaration: a part of it would be another.
    private func text(_ row: Statement, _ column: Int32) -> String? {
        let text = row.text(column, atMost: Declaration.maxBytes + 1)
        return text.utf8.count > Declaration.maxBytes ? nil : text
    }
}
