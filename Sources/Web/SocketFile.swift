import Glibc

/// The file of a Unix domain socket that a listener is bound to.
struct SocketFile: Sendable {
    private let path: String
    private let device: UInt64
    private let inode: UInt64

    /// The file that is at `path` now; `nil` where there is none.
    init?(at path: String) {
        guard let status = Self.status(path) else { return nil }
        self.path = path
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// Removes it, unless another one has taken its place.
    func remove() {
        guard let now = SocketFile(at: path), now.device == device, now.inode == inode else { return }
        unlink(path)
    }

    /// Removes what a process that is gone has left at a path. Whatever else is there stays: a socket that is listened on, a file of
    /// another kind. Binding fails then.
    static func removeStale(at path: String) {
        guard let status = status(path), status.st_mode & S_IFMT == S_IFSOCK, !isListenedOn(path) else { return }
        unlink(path)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    private static func isListenedOn(_ path: String) -> Bool {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            // The last byte stays 0.
            bytes.copyBytes(from: path.utf8.prefix(bytes.count - 1))
        }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // Nobody listens on it; anything else, a full queue or the lack of permission, may be somebody.
        return result == 0 || errno != ECONNREFUSED
    }
}
