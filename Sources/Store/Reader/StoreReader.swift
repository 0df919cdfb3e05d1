/// Reads the record without ever writing to it: short read transactions that neither block the proxy's writes nor hold up
/// its checkpoints.
///
/// Ownership: one thread at a time; not Sendable on purpose. Every method may find that the file has become unreadable and
/// throws that as a `RecordProblem`; the reader may be asked again, but `RecordWatch` is what opens a replaced file.
public final class StoreReader {
    public let path: String

    init(path: String) { self.path = path }

    /// Opens the record at a path.
    public static func open(path: String) -> ReaderState { .unavailable(.absent(path: path)) }

    /// What the record says about the proxy.
    public func proxy() throws(RecordProblem) -> ProxyRecord { throw .absent(path: path) }

    /// A window of the clients in an order, with counts over all of them: one scan, whatever is asked.
    public func clients(_ query: ClientQuery) throws(RecordProblem) -> ClientPage { throw .absent(path: path) }

    /// Everything about one client; `nil` when the record does not know it (any more).
    public func client(id: Int64) throws(RecordProblem) -> ClientDetail? { throw .absent(path: path) }

    /// Everything about one client by its name, case does not matter.
    public func client(fqdn: String) throws(RecordProblem) -> ClientDetail? { throw .absent(path: path) }

    /// Failures, newest first, with a breakdown by kind.
    public func failures(_ query: FailureQuery) throws(RecordProblem) -> FailurePage { throw .absent(path: path) }

    /// The proxy's seconds at and after a time (Unix seconds), oldest first; at most `Ring.seconds`. Seconds without a
    /// sample (the proxy was down) are left out.
    public func seconds(since: Int64) throws(RecordProblem) -> [SecondSample] { throw .absent(path: path) }

    /// Runs several reads in one transaction, so that they see the same moment. Keep it short: do nothing else inside.
    public func snapshot<Result>(
        _ body: (StoreReader) throws(RecordProblem) -> Result
    ) throws(RecordProblem) -> Result { try body(self) }
}
