import Foundation

@testable import Store

/// A record that a proxy has left, as the shell of SQLite wrote it down.
enum RecordDump {
    /// - Parameter version: Of the schema: the shell leaves that out.
    static func put(_ dump: String, version: Int, at path: String) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        let connection = try SQLiteConnection(DatabaseFiles(path: path), mode: .readWrite, busyTimeout: 0)
        try connection.execute(
            "PRAGMA journal_mode = WAL; PRAGMA application_id = \(0x5050_5258); PRAGMA user_version = \(version)")
        try connection.execute(dump)
        connection.close()
    }
}
