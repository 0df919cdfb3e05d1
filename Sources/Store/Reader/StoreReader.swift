/// Reads the record without ever writing to it: short read transactions that neither block the proxy's writes nor hold up
/// its checkpoints.
///
/// Ownership: one thread at a time; not Sendable on purpose. Every method may find that the file has become unreadable and
/// throws that as a `RecordProblem`; the reader may be asked again, but `RecordWatch` is what opens a replaced file.
public final class StoreReader {
    public let path: String

    let connection: SQLiteConnection
    /// The file as it was just before it was opened.
    let identity: FileIdentity
    /// Whether the file was opened as one that nobody writes.
    let isImmutable: Bool
    private let schema: Schema
    private var isInSnapshot = false

    /// Opens the record at a path.
    public static func open(path: String) -> ReaderState { open(path: path, schema: .current) }

    static func open(path: String, schema: Schema) -> ReaderState {
        do throws(RecordProblem) {
            return .ready(try StoreReader(path: path, schema: schema))
        } catch {
            return .unavailable(error)
        }
    }

    private init(path: String, schema: Schema) throws(RecordProblem) {
        self.path = path
        self.schema = schema
        let access = ReadAccess(files: DatabaseFiles(path: path))
        identity = try access.check()
        isImmutable = try access.nobodyWrites()
        do throws(StoreError) {
            connection = try SQLiteConnection(
                access.files, mode: isImmutable ? .immutable : .readOnly, busyTimeout: Self.busyTimeout)
            try connection.execute("PRAGMA query_only = 1; PRAGMA cache_size = -\(Self.cacheKiB)")
        } catch {
            throw access.problem(error)
        }
        try checkSchema()
    }

    /// Milliseconds to wait for a lock. In WAL mode readers wait for next to nothing: a recovery, or another program's
    /// exclusive transaction.
    private static let busyTimeout = 250
    private static let cacheKiB = 2 << 10

    /// Whether this program can read what the file holds now; a proxy may have migrated it since it was opened.
    func checkSchema() throws(RecordProblem) {
        try snapshot { (_) throws(RecordProblem) in
            switch try run({ () throws(StoreError) in try Content.read(connection) }) {
            case .record(let version) where version < schema.version:
                throw .tooOld(path: path, found: version, needed: schema.version)
            case .record(let version) where version > schema.version:
                throw .tooNew(path: path, found: version, known: schema.version)
            case .record:
                let rows = try run { () throws(StoreError) in try connection.integer("SELECT count(*) FROM proxy") }
                if rows ?? 0 == 0 { throw .neverWritten(path: path) }
            case .absent, .empty: throw .neverWritten(path: path)
            case .foreign: throw .foreign(path: path)
            case .notADatabase: throw .notADatabase(path: path)
            case .corrupt(let detail): throw .corrupt(path: path, reason: detail)
            }
        }
    }

    /// A number that changes when another connection has written; always the same for an immutable file.
    func dataVersion() throws(RecordProblem) -> Int64 {
        try run { () throws(StoreError) in
            let statement = try connection.cached("PRAGMA data_version")
            defer { statement.reset() }
            return try statement.next() ? statement.integer(0) : 0
        }
    }

    /// Runs several reads in one transaction, so that they see the same moment. Keep it short: do nothing else inside.
    public func snapshot<Result>(
        _ body: (StoreReader) throws(RecordProblem) -> Result
    ) throws(RecordProblem) -> Result {
        if isInSnapshot { return try body(self) }
        isInSnapshot = true
        defer { isInSnapshot = false }
        try run { () throws(StoreError) in try connection.cached("BEGIN").run() }
        do throws(RecordProblem) {
            let result = try body(self)
            try run { () throws(StoreError) in try connection.cached("COMMIT").run() }
            return result
        } catch {
            connection.rollBack()
            throw error
        }
    }

    /// Runs statements and says of a failure what it means to a reader.
    func run<Result>(_ body: () throws(StoreError) -> Result) throws(RecordProblem) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw ReadAccess(files: connection.files).problem(error)
        }
    }
}
