import Glibc

/// Which file a path leads to: two paths with the same identity are the same file.
struct FileIdentity: Equatable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    /// Nanoseconds since 1970; not part of the identity, but a sign of writing.
    var modified: Int64
    var isRegular: Bool

    /// `nil` when there is nothing at the path.
    /// - Throws: the `errno` of a path that can't be looked at.
    static func at(_ path: String) throws(StoreError) -> FileIdentity? {
        var status = stat()
        guard stat(path, &status) != 0 else { return FileIdentity(status) }
        let number = errno
        if number == ENOENT || number == ENOTDIR { return nil }
        throw StoreError(errno: number, path: path, doing: "looking at \(path)")
    }

    /// What an open descriptor leads to.
    static func of(_ descriptor: Int32) -> FileIdentity? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? FileIdentity(status) : nil
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        isRegular = status.st_mode & S_IFMT == S_IFREG
    }

    func isSameFile(as other: FileIdentity?) -> Bool {
        guard let other else { return false }
        return device == other.device && inode == other.inode
    }
}
