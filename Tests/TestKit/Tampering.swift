import CSQLite

/// A database as a hand or a fault leaves it: values that nothing would write, in columns that could not hold them.
public struct Tampering {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// SQL for values that no column expects.
    public static let values = [
        "9223372036854775807", "-9223372036854775808", "9223372036854", "-1", "1e300", "-9e999", "0.5", "'text'", "''",
        "X'00FF1B5B41'", "char(27) || '[2J' || char(0)",
        // C1 controls, a change of direction, a line separator and an invisible tag.
        "char(155, 51, 49, 109, 133, 127, 8238, 8294, 8232, 917505) || 'a'", "NULL", "zeroblob(100000)",
    ]

    private var handle: OpaquePointer?

    public init(path: String) throws {
        guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else {
            throw Failed(description: String(cString: sqlite3_errmsg(handle)))
        }
        sqlite3_busy_timeout(handle, 10_000)
    }

    public func close() { sqlite3_close(handle) }

    /// Takes the schema's word away that columns hold what they should.
    public mutating func relax() throws {
        try run(
            """
            PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = replace(replace(replace(replace(sql, ') STRICT, WITHOUT', ') WITHOUT'),
              ') STRICT', ')'), ' NOT NULL', ''), ' CHECK (id = 1)', '') WHERE type = 'table';
            PRAGMA writable_schema = RESET
            """)
    }

    /// Tables and their columns.
    public func columns() throws -> [(table: String, column: String)] {
        var statement: OpaquePointer?
        let sql = """
            SELECT s.name, c.name FROM sqlite_schema s, pragma_table_info(s.name) c
            WHERE s.type = 'table' AND s.name NOT IN ('sqlite_stat1') ORDER BY s.name, c.cid
            """
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
            throw Failed(description: String(cString: sqlite3_errmsg(handle)))
        }
        defer { sqlite3_finalize(statement) }
        var columns: [(String, String)] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            columns.append(
                (String(cString: sqlite3_column_text(statement, 0)), String(cString: sqlite3_column_text(statement, 1)))
            )
        }
        return columns
    }

    /// Puts a value wherever it fits: in every row of a column, or in one where there can only be one.
    ///
    /// - Returns: Whether it fitted anywhere.
    @discardableResult
    public func put(_ value: String, in column: (table: String, column: String)) -> Bool {
        let sql = "UPDATE OR IGNORE \"\(column.table)\" SET \"\(column.column)\" = \(value)"
        return sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK && sqlite3_changes(handle) > 0
    }

    public func run(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw Failed(description: String(cString: sqlite3_errmsg(handle)))
        }
    }
}
