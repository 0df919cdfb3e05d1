/// Why the record cannot be read just now. Every case may pass: look again after a while.
public enum RecordProblem: Error, Sendable, Equatable {
    /// No file is at the path.
    case absent(path: String)
    /// A file is there, but no proxy has written to it.
    case neverWritten(path: String)
    /// The file, its folder or one of the files beside it may not be read; `reason` names which and why.
    case unreadable(path: String, reason: String)
    /// The file is not a SQLite database.
    case notADatabase(path: String)
    /// The file is a damaged database.
    case corrupt(path: String, reason: String)
    /// The file is another program's database.
    case foreign(path: String)
    /// The schema is older than this program reads; a proxy of this version migrates it when it starts.
    case tooOld(path: String, found: Int, needed: Int)
    /// The schema is newer than this program knows.
    case tooNew(path: String, found: Int, known: Int)
    /// Somebody holds the database exclusively.
    case busy(path: String)

    /// One sentence: what is wrong, where, and what to do.
    public var sentence: String {
        switch self {
        case .absent(let path):
            "There is no database at \(path): start pushprox-proxy with this --storage.path, or name the path it uses."
        case .neverWritten(let path):
            "No proxy has written to \(path) yet: start pushprox-proxy with this --storage.path."
        case .unreadable(let path, let reason):
            "The database \(path) cannot be read: \(reason)"
        case .notADatabase(let path):
            "\(path) is not a SQLite database: check --storage.path; a proxy started on it moves it aside."
        case .corrupt(let path, let reason):
            "The database \(path) is damaged (\(reason)): restart pushprox-proxy, which moves it aside and starts afresh."
        case .foreign(let path):
            "\(path) is another program's database: check --storage.path."
        case .tooOld(let path, let found, let needed):
            "The database \(path) has schema version \(found), this program reads \(needed): start pushprox-proxy of "
                + "the same version as this program, which migrates it."
        case .tooNew(let path, let found, let known):
            "The database \(path) has schema version \(found), this program knows \(known): use the pushprox-admin that "
                + "came with the running proxy."
        case .busy(let path):
            "Another program holds \(path) exclusively: wait until it is done."
        }
    }
}
