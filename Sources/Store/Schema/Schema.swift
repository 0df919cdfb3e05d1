/// A schema: whose it is, and the steps to its current version.
///
/// Version n is what the first n migrations make; `PRAGMA user_version` holds n, `PRAGMA application_id` whose database it
/// is. Tests make schemas of their own to see migrations at work.
struct Schema {
    /// "PPRX".
    static let applicationID: Int32 = 0x5050_5258
    static let current = Schema(migrations: [Migration1.sql, Migration2.sql, Migration3.sql, Migration4.sql])

    var migrations: [String]
    var version: Int { migrations.count }

    /// Brings a database to this version, in one transaction.
    /// - Parameter version: the database's own, at most this schema's; 0 for an empty one.
    func migrate(_ connection: SQLiteConnection, from version: Int) throws(StoreError) {
        guard version < self.version else { return }
        try connection.transaction { () throws(StoreError) in
            for migration in migrations.dropFirst(version) { try connection.execute(migration) }
            try connection.execute("PRAGMA application_id = \(Self.applicationID)")
            try connection.execute("PRAGMA user_version = \(self.version)")
        }
    }
}
