/// Follows the record at a path through everything that can happen to the file: missing, created, written, moved aside,
/// replaced, unreadable, readable again.
///
/// Ownership: one thread at a time; not Sendable on purpose.
public final class RecordWatch {
    public let path: String

    private let schema: Schema
    private var reader: StoreReader?
    private var seen: Int64 = 0

    public convenience init(path: String) { self.init(path: path, schema: .current) }

    init(path: String, schema: Schema) {
        self.path = path
        self.schema = schema
    }

    /// Looks whether there is something new to read. Costs a `stat` and a `PRAGMA data_version` when there is not. The
    /// first look that succeeds answers `changed`.
    public func look() -> RecordLook {
        guard let reader else { return reopen() }
        do throws(RecordProblem) {
            guard try stillHolds(reader) else { return reopen() }
            let version = try reader.dataVersion()
            guard version != seen else { return .unchanged(reader) }
            try reader.checkSchema()
            seen = version
            return .changed(reader)
        } catch {
            // Whatever it was, the next look starts from the path again.
            self.reader = nil
            return .unavailable(error)
        }
    }

    private func reopen() -> RecordLook {
        reader = nil
        switch StoreReader.open(path: path, schema: schema) {
        case .unavailable(let problem): return .unavailable(problem)
        case .ready(let opened):
            do throws(RecordProblem) {
                seen = try opened.dataVersion()
            } catch {
                return .unavailable(error)
            }
            reader = opened
            return .changed(opened)
        }
    }

    /// Whether the reader has the file at the path open, in the way that is right for it now.
    private func stillHolds(_ reader: StoreReader) throws(RecordProblem) -> Bool {
        let access = ReadAccess(files: DatabaseFiles(path: path))
        let file = try access.check()
        guard file.isSameFile(as: reader.identity) else { return false }
        guard reader.isImmutable else { return true }
        // Nobody wrote when it was opened; SQLite does not look again, so this does.
        guard file == reader.identity else { return false }
        return try access.nobodyWrites()
    }
}
