import Glibc

/// The exclusive lock beside the database that a proxy holds as long as it writes.
///
/// An open file description lock (fcntl(2)): it ends with the process, however that ends, is not dropped when something
/// else in the process opens and closes the file, and can be tested without being taken. The file's text is the process
/// id, for messages only: the lock counts, not the text.
struct WriterLock: ~Copyable {
    private let descriptor: Int32
    private let identity: FileIdentity?

    // linux/fcntl.h, the same on every architecture; the C library's module does not show them without _GNU_SOURCE.
    private static let getOpenFileLock: Int32 = 36
    private static let setOpenFileLock: Int32 = 37

    /// Takes the lock, creating the file where it is missing.
    /// - Throws: `.lockedByAnotherProxy` when it is held.
    static func take(_ files: DatabaseFiles, pid: Int) throws(StoreError) -> WriterLock {
        while true {
            let descriptor = open(files.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else {
                throw StoreError(errno: errno, path: files.given, doing: "opening the lock file \(files.lock)")
            }
            let lock = WriterLock(descriptor: descriptor, identity: FileIdentity.of(descriptor))
            var request = wholeFile(F_WRLCK)
            guard fcntl(descriptor, setOpenFileLock, &request) == 0 else {
                if errno == EAGAIN || errno == EACCES {
                    throw StoreError(.lockedByAnotherProxy(pid: holder(files)), path: files.given)
                }
                throw StoreError(errno: errno, path: files.given, doing: "locking \(files.lock)")
            }
            // Between opening and locking somebody may have put another file there: that one counts.
            guard try lock.stands(at: files) else { continue }
            let text = "\(pid)\n"
            ftruncate(descriptor, 0)
            _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
            return lock
        }
    }

    deinit { close(descriptor) }

    /// Whether the file that is locked is still the one at the path.
    func stands(at files: DatabaseFiles) throws(StoreError) -> Bool {
        guard let identity else { return false }
        return identity.isSameFile(as: try FileIdentity.at(files.lock))
    }

    /// Whether a proxy holds the lock; `nil` when the lock file is missing or may not be read.
    static func isHeld(_ files: DatabaseFiles) -> Bool? {
        let descriptor = open(files.lock, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var request = wholeFile(F_RDLCK)
        guard fcntl(descriptor, getOpenFileLock, &request) == 0 else { return nil }
        return Int32(request.l_type) != F_UNLCK
    }

    /// The process id in the lock file.
    private static func holder(_ files: DatabaseFiles) -> Int? {
        let descriptor = open(files.lock, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return Int(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    private static func wholeFile(_ type: Int32) -> flock {
        var request = flock()
        request.l_type = Int16(type)
        request.l_whence = Int16(SEEK_SET)
        return request
    }
}
