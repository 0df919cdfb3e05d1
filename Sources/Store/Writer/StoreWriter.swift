/// Writes the record: one per process and per file, held by a lock beside the database.
///
/// Ownership: made, used and closed by one thread at a time; not Sendable on purpose (it may be sent to the thread that
/// is to own it). Every method may block on the disk, up to the busy timeout on another program's lock. Times are
/// arguments; nothing reads a clock.
///
/// An error leaves the writer usable and the record as it was before the call: offer the same batch again later, merged
/// with what has come since.
public final class StoreWriter {
    public let path: String
    /// What opening found.
    public let outcome: OpenOutcome

    /// Opens the record, creating its folder and the file where they are missing, and takes the lock.
    ///
    /// - Parameters:
    ///   - now: becomes the proxy's heartbeat; clients that were live at the last one are restored, see `OpenOutcome`.
    /// - Throws: `.lockedByAnotherProxy`, `.newerSchema` and `.foreignDatabase` with the file untouched; `.busy`, `.full`,
    ///   `.readOnly`, `.cannotOpen` and the like when the file cannot be made ready. A damaged file is no error.
    public init(
        path: String, identity: ProxyIdentity, now: UnixMilliseconds, options: WriterOptions = WriterOptions()
    ) throws(StoreError) {
        throw StoreError(.other, path: path)
    }

    /// Writes a batch in one transaction; its time becomes the heartbeat.
    @discardableResult
    public func write(_ batch: RecordBatch) throws(StoreError) -> WriteOutcome { .written }

    /// Removes what is old or too much, a bounded amount per call: call it every minute or so.
    ///
    /// - Parameters:
    ///   - retention: milliseconds that gone clients and failures are kept.
    ///   - maxClients: clients kept at most; those gone longest are removed first, connected ones never.
    /// - Returns: rows removed; when it is not 0 there may be more to remove.
    @discardableResult
    public func prune(
        now: UnixMilliseconds, retention: Int64 = 30 * 86_400_000, maxClients: Int = 200_000
    ) throws(StoreError) -> Int { 0 }

    /// Notes the stop, writes everything back into the database file, closes it and gives up the lock. The writer can't be
    /// used afterwards. Closing happens even when it throws.
    public func close(now: UnixMilliseconds) throws(StoreError) {}
}
