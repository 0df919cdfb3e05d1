import Glibc

/// The bytes of a file, read whole, and the version that they are of.
public struct FileContent: Sendable {
    public let bytes: [UInt8]
    public let file: WatchedFile
    /// Whether every user of this machine may read it, as nobody should be able to who has no need of a secret in it.
    public let isReadableByAll: Bool

    /// - Parameters:
    ///   - path: As somebody named it; errors repeat it.
    ///   - most: How many bytes it may have.
    /// - Throws: A sentence, for what is no file, can't be read, or is longer.
    public init(path: String, most: Int) throws(SettingsProblem) {
        // The C functions would read the name only up to there.
        if path.utf8.contains(0) { throw SettingsProblem(file: path, text: "a file's name has no NUL in it") }
        // A pipe would otherwise wait here for somebody who writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
        defer { close(descriptor) }
        // The version first: what is written while this reads makes another one.
        let version = FileVersion(descriptor: descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, errno) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw SettingsProblem(file: path, text: "is a folder; name a file")
        case S_IFREG, S_IFCHR: break
        default: throw SettingsProblem(file: path, text: "is no regular file; name one that can be read more than once")
        }
        bytes = try Self.read(descriptor, path: path, expected: Int(status.st_size), most: most)
        file = WatchedFile(path: path, version: version)
        isReadableByAll = status.st_mode & S_IROTH != 0
    }

    private static func read(
        _ descriptor: Int32, path: String, expected: Int, most: Int
    ) throws(SettingsProblem) -> [UInt8] {
        let tooLong = SettingsProblem(file: path, text: "is longer than \(most) bytes, the most that is read")
        if expected > most { throw tooLong }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expected)
        var piece = [UInt8](repeating: 0, count: min(65_536, max(512, expected + 1)))
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw unreadable(path, errno) }
            if count == 0 { return bytes }
            if bytes.count + count > most { throw tooLong }
            bytes += piece[..<count]
        }
    }

    private static func unreadable(_ path: String, _ error: Int32) -> SettingsProblem {
        switch error {
        case ENOENT: SettingsProblem(file: path, text: "there is no such file")
        case EACCES, EPERM: SettingsProblem(file: path, text: "this user may not read it")
        default: SettingsProblem(file: path, text: "can't be read: \(String(cString: strerror(error)))")
        }
    }
}
