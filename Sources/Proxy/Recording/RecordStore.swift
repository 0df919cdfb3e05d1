import NIOCore
import Store

/// Where the record is kept. Calls come one after the other.
protocol RecordStore: Sendable {
    /// Writes all of the batch or, if it throws, nothing of it.
    ///
    /// - Throws: `CancellationError` when the program stops meanwhile; anything else is trouble, and the batch comes again.
    func write(_ batch: RecordBatch) async throws -> WriteOutcome
    /// Removes a part of what is older than `retention`.
    ///
    /// - Returns: Rows removed; when it is not 0 there may be more to remove.
    func prune(at now: UnixMilliseconds, retention: TimeAmount) async throws -> Int
    /// Notes that the proxy stopped in good order; nothing is called after it.
    func close(at now: UnixMilliseconds) async throws
}
