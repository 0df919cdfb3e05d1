import CSQLite

/// What SQLite itself says about a database.
enum Integrity {
    struct Failed: Error { let message: String }

    /// The answer to `PRAGMA integrity_check`: `ok`, or what is wrong. The connection may write, as one that recovers a
    /// write-ahead log must.
    static func check(_ path: String) throws -> String { try text(path, "PRAGMA integrity_check") }

    /// The first column of the first row.
    static func text(_ path: String, _ statement: String) throws -> String {
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else {
            throw Failed(message: String(cString: sqlite3_errmsg(database)))
        }
        sqlite3_busy_timeout(database, 5_000)
        var query: OpaquePointer?
        defer { sqlite3_finalize(query) }
        guard sqlite3_prepare_v2(database, statement, -1, &query, nil) == SQLITE_OK else {
            throw Failed(message: String(cString: sqlite3_errmsg(database)))
        }
        switch sqlite3_step(query) {
        case SQLITE_ROW: return sqlite3_column_text(query, 0).map { String(cString: $0) } ?? ""
        case SQLITE_DONE: return ""
        default: throw Failed(message: String(cString: sqlite3_errmsg(database)))
        }
    }
}
