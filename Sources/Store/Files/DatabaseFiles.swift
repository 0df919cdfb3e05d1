import Calendar
import Glibc

/// The database and the files beside it.
struct DatabaseFiles: Equatable {
    /// As the user named it: for messages.
    let given: String
    /// Absolute, symbolic links resolved as far as the path exists, as SQLite resolves them: the files beside the database
    /// are beside the real one.
    let database: String

    var wal: String { database + "-wal" }
    var shm: String { database + "-shm" }
    /// Held by the proxy that writes; never removed, because a lock on a removed file protects nothing.
    var lock: String { database + ".lock" }
    /// A complete copy of a lost database, about to take its place.
    var rescue: String { database + ".rescue" }
    /// Where that copy is built.
    var partialRescue: String { database + ".rescue-partial" }

    init(path: String) {
        given = path
        let absolute = path.hasPrefix("/") ? path : Self.workingFolder() + "/" + path
        database = Self.resolved(absolute)
    }

    var folder: String { Self.split(database).folder }

    /// For SQLite's URI open: no locks, no files beside it.
    var immutableURI: String {
        let hex = Array("0123456789ABCDEF".utf8)
        var uri = Array("file://".utf8)
        for byte in database.utf8 {
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#"), 0...32, 127...255:
                uri += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default: uri.append(byte)
            }
        }
        return String(decoding: uri, as: UTF8.self) + "?immutable=1"
    }

    /// Creates the folder, its parents too, for owner and group.
    func makeFolder() throws(StoreError) {
        var missing: [String] = []
        var folder = self.folder
        while try FileIdentity.at(folder) == nil, folder != "/" {
            missing.append(folder)
            folder = Self.split(folder).folder
        }
        for folder in missing.reversed() where mkdir(folder, 0o750) != 0 && errno != EEXIST {
            throw StoreError(errno: errno, path: given, doing: "creating the folder \(folder)")
        }
    }

    /// Of every file made here, less the umask: for owner and group.
    static let mode: mode_t = 0o640

    /// Creates an empty database file for owner and group; SQLite gives the files beside it the same mode.
    func makeDatabase() throws(StoreError) {
        let descriptor = open(database, O_RDWR | O_CREAT | O_CLOEXEC, Self.mode)
        guard descriptor >= 0 else { throw StoreError(errno: errno, path: given, doing: "creating the file") }
        Glibc.close(descriptor)
    }

    /// Removes what a deleted database has left behind: SQLite would replay a left `-wal` into a new one.
    func removeLeftovers() throws(StoreError) {
        for path in [wal, shm] where unlink(path) != 0 && errno != ENOENT {
            throw StoreError(errno: errno, path: given, doing: "removing \(path)")
        }
    }

    /// Moves the database and what belongs to it to a name that says so.
    /// - Returns: the database's new path.
    func moveAside(now: UnixMilliseconds) throws(StoreError) -> String {
        let stem = "\(database).corrupt-\(CivilTime(unixMilliseconds: now).basic)"
        var target = stem
        var attempt = 2
        while try FileIdentity.at(target) != nil {
            target = "\(stem)-\(attempt)"
            attempt += 1
        }
        guard rename(database, target) == 0 else {
            throw StoreError(errno: errno, path: given, doing: "moving it aside to \(target)")
        }
        for suffix in ["-wal", "-shm"] where rename(database + suffix, target + suffix) != 0 && errno != ENOENT {
            throw StoreError(errno: errno, path: given, doing: "moving \(database + suffix) aside")
        }
        return target
    }

    private static func workingFolder() -> String {
        guard let folder = getcwd(nil, 0) else { return "." }
        defer { free(folder) }
        return String(cString: folder)
    }

    private static func resolved(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        let (folder, name) = split(path)
        guard folder != path, let real = realpath(folder, nil) else { return path }
        defer { free(real) }
        let base = String(cString: real)
        return base == "/" ? "/" + name : base + "/" + name
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
    }
}
