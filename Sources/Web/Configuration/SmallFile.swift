import Glibc

/// Files that people write: configurations, certificates, keys.
public enum SmallFile {
    /// More than anybody writes by hand, or a bundle of all the world's authorities takes; bytes.
    public static let maxBytes = 4 << 20

    public struct Unreadable: Error, Equatable {
        public let reason: String
    }

    /// The whole file. Blocks.
    public static func read(_ path: String) throws(Unreadable) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Unreadable(reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw Unreadable(reason: "it is no regular file")
        }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Unreadable(reason: String(cString: strerror(errno))) }
            if count == 0 { return bytes }
            bytes += part[..<count]
            guard bytes.count <= maxBytes else { throw Unreadable(reason: "it is larger than \(maxBytes) bytes") }
        }
    }

    /// Whether others than owner and group may read it.
    public static func isReadableByAll(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IROTH != 0
    }
}
