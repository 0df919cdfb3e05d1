import Glibc

/// Puts a database that was deleted or moved away back at its path, from the connection that still has it open.
///
/// Two steps, so that nothing is given up before the copy is complete: `copy` while the old connection lives, `putInPlace`
/// when it is closed. A proxy killed between the two finds the complete copy at its next start.
struct Rescue {
    let files: DatabaseFiles

    /// Writes everything that the connection sees, its log included, to a file beside the path, and to the disk.
    func copy(from connection: SQLiteConnection) throws(StoreError) {
        do throws(StoreError) {
            try makePartial()
            let copy = try connection.prepare("VACUUM INTO ?1")
            copy.bind(1, files.partialRescue)
            try copy.run()
            try flush(files.partialRescue)
            try move(files.partialRescue, to: files.rescue)
        } catch {
            unlink(files.partialRescue)
            throw error
        }
    }

    /// The file that the copy is written to, empty: SQLite would make it for everybody to read, and its journal like it.
    func makePartial() throws(StoreError) {
        try remove(files.partialRescue)
        let descriptor = open(files.partialRescue, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, DatabaseFiles.mode)
        guard descriptor >= 0 else {
            throw StoreError(errno: errno, path: files.given, doing: "creating \(files.partialRescue)")
        }
        close(descriptor)
    }

    /// Does nothing when there is no copy. What the lost database has left beside the path goes first: SQLite would
    /// replay its `-wal` into the copy.
    func putInPlace() throws(StoreError) {
        guard try FileIdentity.at(files.rescue) != nil else { return }
        try files.removeLeftovers()
        try move(files.rescue, to: files.database)
    }

    /// Removes copies, complete or not: the database at the path is newer.
    func forget() {
        unlink(files.rescue)
        unlink(files.partialRescue)
    }

    private func move(_ source: String, to target: String) throws(StoreError) {
        guard rename(source, target) == 0 else {
            throw StoreError(errno: errno, path: files.given, doing: "moving \(source) to \(target)")
        }
    }

    private func flush(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            let error = StoreError(errno: errno, path: files.given, doing: "writing \(path)")
            if descriptor >= 0 { close(descriptor) }
            throw error
        }
        close(descriptor)
    }

    private func remove(_ path: String) throws(StoreError) {
        guard unlink(path) != 0, errno != ENOENT else { return }
        throw StoreError(errno: errno, path: files.given, doing: "removing \(path)")
    }
}
