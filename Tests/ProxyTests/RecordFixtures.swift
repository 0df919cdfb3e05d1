import CSQLite
import Store
import TestKit

@testable import Proxy

/// Holds the write lock of a database, as somebody's forgotten shell does.
final class DatabaseLock {
    private var handle: OpaquePointer?

    struct Failed: Error { let code: Int32 }

    init(path: String) throws {
        var code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil)
        if code == SQLITE_OK {
            sqlite3_busy_timeout(handle, 10_000)
            code = sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil)
        }
        guard code == SQLITE_OK else { throw Failed(code: code) }
    }

    func release() {
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
        sqlite3_close(handle)
        handle = nil
    }
}

/// Waits until the reader shows what it should; each look follows an answer of the proxy.
func until<Value>(
    _ it: TestProxy, _ path: String, _ look: (StoreReader) throws -> Value?
) async throws -> Value {
    try await eventually("the expected state of the record") {
        _ = try await it.get("/-/healthy")
    } look: {
        guard case .ready(let reader) = StoreReader.open(path: path) else { return nil }
        return try look(reader)
    }
}
