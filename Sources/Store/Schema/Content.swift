import Glibc

/// What is at a database's path.
enum Content: Equatable {
    case absent
    /// An empty file, or a database without anything in it.
    case empty
    /// A record, of this version of the schema.
    case record(version: Int)
    /// Another program's database.
    case foreign(applicationID: Int)
    case notADatabase
    case corrupt(detail: String)

    /// Looks without changing a byte of the database: what will be refused must stay as it is. Only for a file that
    /// this process does not have open through SQLite: closing it would drop SQLite's locks.
    static func inspect(_ files: DatabaseFiles, busyTimeout: Int) throws(StoreError) -> Content {
        guard let file = try FileIdentity.at(files.database) else { return .absent }
        guard file.isRegular else {
            throw StoreError(.cannotOpen, path: files.given, detail: "it is not a regular file")
        }
        guard file.size > 0 else { return .empty }
        guard try hasHeader(files) else { return .notADatabase }
        // Without a log of changes the file alone is the whole truth, and can be read without making files beside it.
        let log = try FileIdentity.at(files.wal)
        let journal = try FileIdentity.at(files.database + "-journal")
        let alone = (log?.size ?? 0) == 0 && journal == nil
        do throws(StoreError) {
            let connection = try SQLiteConnection(files, mode: alone ? .immutable : .readOnly, busyTimeout: busyTimeout)
            return try read(connection)
        } catch  where error.kind == .corrupt {
            return .corrupt(detail: error.detail)
        } catch  where error.kind == .notADatabase {
            return .notADatabase
        }
    }

    /// What a connection finds. The caller handles damage.
    static func read(_ connection: SQLiteConnection) throws(StoreError) -> Content {
        do throws(StoreError) {
            return try readHeader(connection)
        } catch  where error.isSchemaMismatch {
            // These statements fit every schema: the part of the header that says how to read it is damaged.
            throw StoreError(.corrupt, code: error.code, path: error.path, detail: error.detail)
        }
    }

    private static func readHeader(_ connection: SQLiteConnection) throws(StoreError) -> Content {
        let applicationID = Int(try connection.integer("PRAGMA application_id") ?? 0)
        let version = Int(try connection.integer("PRAGMA user_version") ?? 0)
        let tables = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
        if applicationID == Int(Schema.applicationID), version > 0 { return .record(version: version) }
        if applicationID == 0, version == 0, tables == 0 { return .empty }
        return .foreign(applicationID: applicationID)
    }

    private static func hasHeader(_ files: DatabaseFiles) throws(StoreError) -> Bool {
        let descriptor = open(files.database, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError(errno: errno, path: files.given, doing: "opening it") }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &header, header.count, 0)
        guard count >= 0 else { throw StoreError(errno: errno, path: files.given, doing: "reading it") }
        return header == Array("SQLite format 3\0".utf8)
    }
}
