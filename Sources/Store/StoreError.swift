/// What went wrong with the record: a closed set of kinds, the place, SQLite's code, and a sentence that says what to do.
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller can tell apart.
    public enum Kind: Sendable, Equatable {
        /// Another program holds a lock on the database for longer than the busy timeout. Passes.
        case busy
        /// The disk, a quota or the database's own size limit is full. Passes when space is made.
        case full
        /// The file or its file system may only be read.
        case readOnly
        /// The file is damaged.
        case corrupt
        /// The file is not a SQLite database.
        case notADatabase
        /// The file or its folder cannot be opened or created.
        case cannotOpen
        /// A newer program's schema; the file has been left untouched.
        case newerSchema(found: Int, known: Int)
        /// Another program's database; the file has been left untouched.
        case foreignDatabase(applicationID: Int)
        /// Another proxy writes to this database; its process id where the lock file tells it.
        case lockedByAnotherProxy(pid: Int?)
        /// Another file was put at the path while the proxy was writing; that file has been left untouched.
        case replaced
        /// Reading or writing the file failed (the device, the network file system).
        case inputOutput
        /// Anything else; `detail` has SQLite's words.
        case other
    }

    public let kind: Kind
    /// SQLite's extended result code, or a negative `errno` where a system call failed; 0 where neither applies.
    public let code: Int32
    /// The file it is about.
    public let path: String
    /// The lower layer's words; may be empty.
    public let detail: String

    public init(_ kind: Kind, code: Int32 = 0, path: String, detail: String = "") {
        self.kind = kind
        self.code = code
        self.path = path
        self.detail = detail
    }

    /// A bounded word for metric labels.
    public var label: String {
        switch kind {
        case .busy: "busy"
        case .full: "full"
        case .readOnly: "read_only"
        case .corrupt: "corrupt"
        case .notADatabase: "not_a_database"
        case .cannotOpen: "cannot_open"
        case .newerSchema: "newer_schema"
        case .foreignDatabase: "foreign_database"
        case .lockedByAnotherProxy: "locked_by_another_proxy"
        case .replaced: "replaced"
        case .inputOutput: "io"
        case .other: "other"
        }
    }

    /// One sentence: what is wrong, where, and what to do.
    public var description: String {
        let why = detail.isEmpty ? "" : " (\(detail))"
        switch kind {
        case .busy:
            return "the database \(path) is locked by another program\(why): end that program's transaction"
        case .full:
            return "no space is left for the database \(path)\(why): free some space or raise the quota"
        case .readOnly:
            return
                "the database \(path) may not be written\(why): check the owner and mode of the file and its folder, "
                + "and that the file system is mounted read-write"
        case .corrupt:
            return "the database \(path) is damaged\(why): restart the proxy, which moves it aside and starts afresh"
        case .notADatabase:
            return "\(path) is not a SQLite database\(why): check --storage.path"
        case .cannotOpen:
            return
                "the database \(path) cannot be opened or created\(why): check that its folder exists and may be written"
        case .newerSchema(let found, let known):
            return
                "the database \(path) has schema version \(found), this proxy knows \(known); it was left untouched: "
                + "run the newer proxy, or choose another --storage.path"
        case .foreignDatabase(let applicationID):
            return "\(path) is another program's database (application id \(applicationID)); it was left untouched: "
                + "choose another --storage.path"
        case .lockedByAnotherProxy(let pid):
            let who = pid.map { "process \($0)" } ?? "another process"
            return "another proxy (\(who)) is writing to \(path): stop it, or choose another --storage.path"
        case .replaced:
            return
                "another file was put at \(path) while the proxy was writing\(why); it was left untouched: move it away and "
                + "the proxy writes its record anew, or restart the proxy to use that file"
        case .inputOutput:
            return "reading or writing the database \(path) failed\(why): check the disk"
        case .other:
            return "the database \(path) cannot be used\(why)"
        }
    }
}
