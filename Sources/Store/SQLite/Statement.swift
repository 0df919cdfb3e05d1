import CSQLite

/// One compiled statement with typed parameters and columns. Parameters count from 1, columns from 0, as in SQLite.
///
/// Use: bind, then `run()`; or bind, then `next()` until it answers false, or `reset()` before that. An open statement
/// holds a read transaction.
final class Statement {
    /// `nil` once finalized: SQLite answers calls on no statement with an error or an empty value.
    private var handle: OpaquePointer?
    // Statements are used only by what also holds their connection.
    private unowned let connection: SQLiteConnection
    /// The first code with which a bind failed since the last step: reported by the step, where it can be thrown.
    private var bindFailure = SQLITE_OK

    init(_ handle: OpaquePointer, connection: SQLiteConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { finalize() }

    /// Ends the statement for good.
    func finalize() {
        sqlite3_finalize(handle)
        handle = nil
    }

    func bind(_ index: Int32, _ value: Int64) { note(sqlite3_bind_int64(handle, index, value)) }
    func bind(_ index: Int32, _ value: Int) { note(sqlite3_bind_int64(handle, index, Int64(value))) }
    func bind(_ index: Int32, _ value: Bool) { note(sqlite3_bind_int64(handle, index, value ? 1 : 0)) }
    func bindNull(_ index: Int32) { note(sqlite3_bind_null(handle, index)) }

    func bind(_ index: Int32, _ value: Int64?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }

    func bind(_ index: Int32, _ value: String?) {
        guard let value else { return bindNull(index) }
        bind(index, value, atMost: Int.max)
    }

    func bind(_ index: Int32, _ value: String?, atMost limit: Int) {
        if let value { bind(index, value, atMost: limit) } else { bindNull(index) }
    }

    /// Binds a text, cut to a number of bytes at a character boundary.
    func bind(_ index: Int32, _ value: String, atMost limit: Int) {
        var value = value
        let code = value.withUTF8 { bytes in
            var count = min(bytes.count, limit)
            if count < bytes.count {
                while count > 0, bytes[count] & 0xC0 == 0x80 { count -= 1 }
            }
            // An empty buffer may have no address, and a null pointer would bind NULL.
            guard count > 0, let base = bytes.baseAddress else {
                return sqlite3_bind_text64(handle, index, "", 0, pushprox_sqlite_transient(), UInt8(SQLITE_UTF8))
            }
            return base.withMemoryRebound(to: CChar.self, capacity: count) {
                sqlite3_bind_text64(
                    handle, index, $0, UInt64(count), pushprox_sqlite_transient(), UInt8(SQLITE_UTF8))
            }
        }
        note(code)
    }

    /// Binds ASCII text that the caller keeps in place until the statement has run.
    func bindText(_ index: Int32, inPlace bytes: UnsafeBufferPointer<UInt8>) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return bind(index, "", atMost: 0) }
        note(
            base.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                sqlite3_bind_text64(
                    handle, index, $0, UInt64(bytes.count), pushprox_sqlite_static(), UInt8(SQLITE_UTF8))
            })
    }

    /// Binds bytes that the caller keeps in place until the statement has run.
    func bindBlob(_ index: Int32, inPlace bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else {
            return note(sqlite3_bind_zeroblob(handle, index, 0))
        }
        note(sqlite3_bind_blob64(handle, index, base, UInt64(bytes.count), pushprox_sqlite_static()))
    }

    private func note(_ code: Int32) {
        if code != SQLITE_OK, bindFailure == SQLITE_OK { bindFailure = code }
    }

    /// Steps to the next row. Answers false, and resets, when there is none; resets when it throws.
    func next() throws(StoreError) -> Bool {
        if bindFailure != SQLITE_OK {
            let code = bindFailure
            reset()
            throw connection.error(code)
        }
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        case let code:
            let error = connection.error(code)
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs to the end, rows or not.
    func run() throws(StoreError) {
        while try next() {}
    }

    /// Ends a statement that was not read to its end.
    func reset() {
        bindFailure = SQLITE_OK
        sqlite3_reset(handle)
    }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    /// - Parameter limit: Bytes after which the text is cut, wherever that is.
    func text(_ column: Int32, atMost limit: Int = .max) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        let count = min(Int(sqlite3_column_bytes(handle, column)), limit)
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    func optionalText(_ column: Int32, atMost limit: Int = .max) -> String? {
        isNull(column) ? nil : text(column, atMost: limit)
    }

    /// The bytes of a text or blob; valid until the next step or reset.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let base = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(handle, column)))
    }
}
