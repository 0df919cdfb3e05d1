import CSQLite
import Glibc

extension StoreError {
    /// The kind for one of SQLite's extended result codes (https://sqlite.org/rescode.html).
    init(sqlite code: Int32, path: String, detail: String) {
        let kind: Kind =
            switch code & 0xFF {
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL: .full
            case SQLITE_READONLY, SQLITE_PERM: .readOnly
            // The statements here fit every record: what violates a constraint was in the file before.
            case SQLITE_CORRUPT, SQLITE_CONSTRAINT: .corrupt
            case SQLITE_NOTADB: .notADatabase
            case SQLITE_CANTOPEN, SQLITE_AUTH: .cannotOpen
            case SQLITE_IOERR: .inputOutput
            default: .other
            }
        self.init(kind, code: code, path: path, detail: detail)
    }

    /// The kind for a system call that failed.
    init(errno number: Int32, path: String, doing: String) {
        let kind: Kind =
            switch number {
            case ENOSPC, EDQUOT: .full
            case EROFS: .readOnly
            case EIO: .inputOutput
            default: .cannotOpen
            }
        self.init(kind, code: -number, path: path, detail: "\(doing): \(String(cString: strerror(number)))")
    }

    /// SQLite's code for "interrupted", which only our own deadlines cause.
    var isInterrupted: Bool { code & 0xFF == SQLITE_INTERRUPT }
    /// SQLite's code for a statement that does not fit the schema: a table or column is missing.
    var isSchemaMismatch: Bool { code & 0xFF == SQLITE_ERROR }
    /// Whether the file itself is beyond use.
    var isDamage: Bool { kind == .corrupt || kind == .notADatabase }
}
