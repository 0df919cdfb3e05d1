/// Writes the record: one per process and per file, held by a lock beside the database.
///
/// Ownership: made, used and closed by one thread at a time; not Sendable on purpose (it may be sent to the thread that
/// is to own it). Every method may block on the disk, up to the busy timeout on another program's lock. Times are
/// arguments; nothing reads a clock but the bound on the check for damage.
///
/// An error leaves the writer usable and the record as it was before the call: offer the same batch again later, merged
/// with what has come since.
public final class StoreWriter {
    public let path: String
    /// What opening found.
    public let outcome: OpenOutcome

    private var identity: ProxyIdentity
    private let options: WriterOptions
    private let schema: Schema
    private let files: DatabaseFiles
    /// `nil` after `close`.
    private var lock: WriterLock?
    /// `nil` after `close`, and while a file that had to be made anew could not be opened yet.
    private var session: WriterSession?
    /// A file made anew that no write has reported yet.
    private var untold: Recreation?

    /// Opens the record, creating its folder and the file where they are missing, and takes the lock.
    ///
    /// - Parameters:
    ///   - path: the database; the lock and SQLite's own files stand beside it.
    ///   - now: becomes the proxy's heartbeat; clients that were live at the last one are restored, see `OpenOutcome`.
    /// - Throws: `.lockedByAnotherProxy`, `.newerSchema` and `.foreignDatabase` with the file untouched; `.busy`, `.full`,
    ///   `.readOnly`, `.cannotOpen` and the like when the file cannot be made ready. A damaged file is not an error.
    public convenience init(
        path: String, identity: ProxyIdentity, now: UnixMilliseconds, options: WriterOptions = WriterOptions()
    ) throws(StoreError) {
        try self.init(path: path, identity: identity, now: now, options: options, schema: .current)
    }

    init(
        path: String, identity: ProxyIdentity, now: UnixMilliseconds, options: WriterOptions, schema: Schema
    ) throws(StoreError) {
        self.path = path
        self.identity = identity
        self.options = options
        self.schema = schema
        try DatabaseFiles(path: path).makeFolder()
        files = DatabaseFiles(path: path)
        lock = try WriterLock.take(files, pid: identity.pid)
        let opening = Opening(files: files, schema: schema, options: options, identity: identity, now: now)
        (session, outcome) = try opening.open()
    }

    deinit { session?.connection.close() }

    /// Notes where the proxy listens: known only after the record has been opened, for whoever connects is served at once. Call it
    /// before the first `write`.
    ///
    /// - Parameter address: In place of the one that opening wrote; in a file made anew later too.
    public func listens(at address: String, now: UnixMilliseconds) throws(StoreError) {
        guard address != identity.address else { return }
        identity.address = address
        try currentSession(now: now).listens(at: address)
    }

    /// Writes a batch in one transaction; its time becomes the heartbeat.
    ///
    /// A database that was deleted or moved away is made anew with everything it held; one that turns out damaged is
    /// moved aside. The outcome tells both.
    /// - Throws: `.replaced` when another file is at the path: nothing is written until it is moved away.
    @discardableResult
    public func write(_ batch: RecordBatch) throws(StoreError) -> WriteOutcome {
        try recoverPlace()
        do throws(StoreError) {
            try currentSession(now: batch.time).write(batch)
        } catch  where error.isDamage {
            try moveAside(reason: error, now: batch.time)
            try currentSession(now: batch.time).write(batch)
        }
        defer { untold = nil }
        return untold.map(WriteOutcome.recreated) ?? .written
    }

    /// Removes what is old, a bounded amount per call: call it every minute or so, and again until there is nothing left to
    /// remove.
    ///
    /// - Parameter retention: milliseconds that gone clients and failures are kept.
    /// - Returns: rows removed; when it is not 0 there may be more to remove.
    @discardableResult
    public func prune(now: UnixMilliseconds, retention: Int64) throws(StoreError) -> Int {
        try currentSession(now: now).prune(now: now, retention: retention)
    }

    /// Notes the stop, writes everything back into the database file, closes it and gives up the lock. The writer can't be
    /// used afterwards. Closing happens even when it throws.
    public func close(now: UnixMilliseconds) throws(StoreError) {
        guard lock != nil else { return }
        defer {
            session?.connection.close()
            session = nil
            lock = nil
        }
        try recoverPlace()
        try currentSession(now: now).stop(now: now)
    }

    /// For tests that need SQLite to fail in a certain way.
    var connection: SQLiteConnection? { session?.connection }

    private func currentSession(now: UnixMilliseconds) throws(StoreError) -> WriterSession {
        guard lock != nil else { throw StoreError(.other, path: path, detail: "the writer has been closed") }
        if let session { return session }
        if untold == .rescued {
            // The copy is of this very run: nothing is to be carried over.
            try Rescue(files: files).putInPlace()
            let session = try WriterSession(files, schema: schema, options: options)
            self.session = session
            return session
        }
        let opening = Opening(files: files, schema: schema, options: options, identity: identity, now: now)
        let opened = try opening.open()
        if case .movedAside(let target, let reason) = opened.outcome.origin {
            untold = .startedAfresh(movedTo: target, reason: reason)
        }
        session = opened.session
        return opened.session
    }

    /// Makes sure that the file at the path is the one that is written to.
    private func recoverPlace() throws(StoreError) {
        guard let session, try session.hasMoved() else { return }
        if session.connection.hasMoved, try FileIdentity.at(files.database) != nil {
            throw StoreError(.replaced, path: path)
        }
        try retakeLock()
        do throws(StoreError) {
            // The old connection still knows everything; it is given up only when the copy is complete.
            try Rescue(files: files).copy(from: session.connection)
        } catch  where error.isDamage {
            // What is damaged and has lost its file can only be made afresh.
            session.connection.close()
            self.session = nil
            untold = .startedAfresh(movedTo: nil, reason: error)
            return
        }
        // Closing does not write the log back into a file that was moved; that file is to be whole too, if it can be.
        try? session.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        session.connection.close()
        self.session = nil
        untold = .rescued
    }

    /// The folder may have been deleted with everything in it, the lock file too.
    private func retakeLock() throws(StoreError) {
        try files.makeFolder()
        if try lock?.stands(at: files) == true { return }
        lock = try WriterLock.take(files, pid: identity.pid)
    }

    private func moveAside(reason: StoreError, now: UnixMilliseconds) throws(StoreError) {
        session?.connection.close()
        session = nil
        untold = .startedAfresh(movedTo: try files.moveAside(now: now), reason: reason)
    }
}
