import CSQLite
import Glibc

/// One connection of SQLite's C API.
///
/// Ownership: one thread at a time; opened without SQLite's own mutexes. Closing finalizes the cached statements; a
/// statement must not be used after that.
final class SQLiteConnection {
    /// How the file is opened.
    enum Mode {
        /// An existing file, for reading and writing.
        case readWrite
        /// For reading; locks are taken, so that a live writer's transactions are seen whole.
        case readOnly
        /// For reading a file that nobody writes: no locks, no files beside it are looked at or made.
        case immutable
    }

    let files: DatabaseFiles
    private var handle: OpaquePointer?
    private var cache: [String: Statement] = [:]

    init(_ files: DatabaseFiles, mode: Mode, busyTimeout: Int) throws(StoreError) {
        self.files = files
        let flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code =
            switch mode {
            case .readWrite: sqlite3_open_v2(files.database, &handle, flags | SQLITE_OPEN_READWRITE, nil)
            case .readOnly: sqlite3_open_v2(files.database, &handle, flags | SQLITE_OPEN_READONLY, nil)
            case .immutable:
                sqlite3_open_v2(files.immutableURI, &handle, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nil)
            }
        guard code == SQLITE_OK else {
            let error = self.error(code)
            close()
            throw error
        }
        sqlite3_busy_timeout(handle, Int32(clamping: busyTimeout))
        if case .readWrite = mode {
            let code = NaturalKey.define(on: handle)
            guard code == SQLITE_OK else {
                let error = self.error(code)
                close()
                throw error
            }
        }
    }

    deinit { close() }

    /// Finalizes the cached statements and closes. Further calls do nothing; further use throws `.other`.
    func close() {
        // Whoever still holds one of them must not keep the file open.
        for statement in cache.values { statement.finalize() }
        cache.removeAll()
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// Compiles one statement that is to be used often.
    func prepare(_ sql: String) throws(StoreError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error(code) }
        return Statement(statement, connection: self)
    }

    /// As `prepare`, but the same SQL is compiled once. The SQL must come from a closed set: the cache has no other bound.
    func cached(_ sql: String) throws(StoreError) -> Statement {
        if let statement = cache[sql] { return statement }
        let statement = try prepare(sql)
        cache[sql] = statement
        return statement
    }

    /// Runs statements that give no rows and take no values.
    func execute(_ sql: String) throws(StoreError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// The first column of the first row, as a number; `nil` without a row.
    func integer(_ sql: String) throws(StoreError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.next() ? statement.integer(0) : nil
    }

    /// The first column of the first row, as text; `nil` without a row.
    func text(_ sql: String) throws(StoreError) -> String? {
        let statement = try prepare(sql)
        return try statement.next() ? statement.text(0) : nil
    }

    /// Runs a body in a transaction that takes the write lock at once, and rolls back when the body or the commit fails.
    func transaction<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try cached("BEGIN IMMEDIATE").run()
        do throws(StoreError) {
            let result = try body()
            try cached("COMMIT").run()
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Ends a transaction without its changes. A full disk or an I/O error may have done so already; autocommit tells.
    func rollBack() {
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }
    /// Rows that the newest statement changed.
    var changes: Int { Int(sqlite3_changes64(handle)) }

    /// Whether the file at the path is not the one that this connection has open (deleted, moved or replaced): one `stat`.
    var hasMoved: Bool {
        var moved: Int32 = 0
        let code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved)
        return code == SQLITE_OK && moved != 0
    }

    /// Keeps `-wal` and `-shm` when the last connection closes: readers that may not create them need them.
    func keepWALFiles() {
        var keep: Int32 = 1
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep)
    }

    /// Runs a body whose statements are interrupted when it takes longer than a number of seconds.
    func withDeadline<Result>(
        seconds: Double, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let deadline = UnsafeMutablePointer<Double>.allocate(capacity: 1)
        deadline.initialize(to: Self.monotonicSeconds() + seconds)
        defer {
            sqlite3_progress_handler(handle, 0, nil, nil)
            deadline.deallocate()
        }
        let expired: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
            guard let context else { return 0 }
            return SQLiteConnection.monotonicSeconds() > context.load(as: Double.self) ? 1 : 0
        }
        sqlite3_progress_handler(handle, 10_000, expired, deadline)
        return try body()
    }

    private static func monotonicSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// SQLite's words for a result code of this connection.
    func error(_ code: Int32) -> StoreError {
        guard let handle else { return StoreError(.other, code: code, path: files.given, detail: "it is closed") }
        return StoreError(sqlite: code, path: files.given, detail: String(cString: sqlite3_errmsg(handle)))
    }
}
