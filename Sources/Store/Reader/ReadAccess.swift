import Glibc

/// Whether the files can be read by this user, and which one is in the way if not.
struct ReadAccess {
    let files: DatabaseFiles

    /// - Returns: the file at the path.
    func check() throws(RecordProblem) -> FileIdentity {
        let file: FileIdentity?
        do throws(StoreError) {
            file = try FileIdentity.at(files.database)
        } catch {
            throw .unreadable(path: files.given, reason: "\(error.detail); ask for access to its folder.")
        }
        guard let file else { throw .absent(path: files.given) }
        guard file.isRegular else {
            throw .unreadable(path: files.given, reason: "it is not a regular file; check --storage.path.")
        }
        guard file.size > 0 else { throw .neverWritten(path: files.given) }
        if let reason = obstacle() { throw .unreadable(path: files.given, reason: reason) }
        return file
    }

    /// Whether the file can be read by itself: no proxy lives, and the last one has left nothing in its log. SQLite then
    /// needs none of the files beside it, which this user might not be allowed to make.
    func nobodyWrites() throws(RecordProblem) -> Bool {
        guard WriterLock.isHeld(files) != true else { return false }
        do throws(StoreError) {
            return try FileIdentity.at(files.wal)?.size ?? 0 == 0
        } catch {
            throw problem(error)
        }
    }

    /// What an error means to a reader.
    func problem(_ error: StoreError) -> RecordProblem {
        switch error.kind {
        case .busy: return .busy(path: files.given)
        case .corrupt: return .corrupt(path: files.given, reason: error.detail)
        case .notADatabase: return .notADatabase(path: files.given)
        case .foreignDatabase: return .foreign(path: files.given)
        case .newerSchema(let found, let known): return .tooNew(path: files.given, found: found, known: known)
        case .full, .readOnly, .cannotOpen, .lockedByAnotherProxy, .replaced, .inputOutput, .other:
            if access(files.database, F_OK) != 0, errno == ENOENT { return .absent(path: files.given) }
            let reason = obstacle() ?? missing() ?? "\(error.detail) (SQLite code \(error.code))."
            return .unreadable(path: files.given, reason: reason)
        }
    }

    /// The first file that exists and may not be read.
    private func obstacle() -> String? {
        for path in [files.database, files.wal, files.shm] where access(path, R_OK) != 0 {
            guard errno != ENOENT else { continue }
            let why = String(cString: strerror(errno))
            return "\(path) may not be read by this user (\(why)); give it read access, or run as the proxy's user."
        }
        return nil
    }

    /// A file that SQLite needs beside a log with content, and that this user may not make.
    private func missing() -> String? {
        for path in [files.wal, files.shm] where access(path, F_OK) != 0 {
            return "\(path) is missing and this user may not make it; start the proxy, which makes it."
        }
        return nil
    }
}
