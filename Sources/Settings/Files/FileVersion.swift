import Glibc

/// Which content a path leads to, as far as `stat` can tell: two versions that differ are worth reading again.
///
/// Links are followed, so that the atomic swap of a mounted Kubernetes secret (a link to another folder) is seen, as is a file that is
/// renamed over another. The time of the last change of its attributes counts too: a file that could not be read may be readable now. What
/// is written in place within the same tick of the file system's clock (some 4 ms), and is as long, goes unseen; renaming a file into place
/// has no such gap.
public struct FileVersion: Sendable, Hashable {
    private enum State: Sendable, Hashable {
        case present(device: UInt64, inode: UInt64, size: Int64, modified: Time, changed: Time)
        case unreachable(errno: Int32)
    }

    private struct Time: Sendable, Hashable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = Int(time.tv_sec)
            nanoseconds = Int(time.tv_nsec)
        }
    }

    private let state: State

    /// Of what a path leads to now; a path that leads nowhere has a version as well.
    public init(path: String) {
        var status = stat()
        self.init(status: stat(path, &status) == 0 ? status : nil, errno: errno)
    }

    /// Of an open file; a descriptor that is none has a version as well.
    public init(descriptor: Int32) {
        var status = stat()
        self.init(status: fstat(descriptor, &status) == 0 ? status : nil, errno: errno)
    }

    private init(status: stat?, errno: Int32) {
        guard let status else {
            state = .unreachable(errno: errno)
            return
        }
        state = .present(
            device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino),
            size: Int64(status.st_size), modified: Time(status.st_mtim), changed: Time(status.st_ctim))
    }

    /// Whether there was a file at all.
    public var isPresent: Bool {
        if case .present = state { true } else { false }
    }
}

/// A file, and the version of it that was read.
public struct WatchedFile: Sendable, Hashable {
    public let path: String
    public let version: FileVersion

    public init(path: String, version: FileVersion) {
        self.path = path
        self.version = version
    }

    /// Whether it should be read again: the path leads to another version now, or nowhere. One system call.
    public var hasChanged: Bool { FileVersion(path: path) != version }
}

extension Sequence<WatchedFile> {
    /// Whether one of them should be read again.
    public var haveChanged: Bool { contains(where: \.hasChanged) }
}
