import Glibc

/// A file that others read while it is replaced: they see the old content or the new one, never a part, and no change at all
/// when nothing changed.
struct AtomicFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let path: String

    /// Replaces the content where it differs.
    /// - Returns: Whether it did.
    /// - Throws: A sentence that names the file and the reason. The file is then as it was.
    func update(_ content: String) throws(Failure) -> Bool {
        // Through links: a link stays one.
        let target = resolved()
        let former = Self.read(target, most: content.utf8.count + 1)
        if let former, former == Array(content.utf8) { return false }
        try replace(target, with: content)
        return true
    }

    private func replace(_ target: String, with content: String) throws(Failure) {
        let slash = target.lastIndex(of: "/")
        let folder = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        let name = slash.map { String(target[target.index(after: $0)...]) } ?? target
        // Hidden, and with another ending, so that no glob of Prometheus's takes it; in the same folder, so that it can be
        // renamed into place.
        let draft = "\(folder)/.\(name).\(getpid()).tmp"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("make a file in \(folder)") }
        var old = stat()
        if stat(target, &old) == 0 { fchmod(file, old.st_mode & 0o777) }
        let problem = Output.write(content, to: file)
        let isSafe = problem == 0 && fsync(file) == 0
        if problem != 0 { errno = problem }
        let saved = errno
        close(file)
        guard isSafe else {
            unlink(draft)
            errno = saved
            throw failure("write")
        }
        guard rename(draft, target) == 0 else {
            let saved = errno
            unlink(draft)
            errno = saved
            throw failure("replace")
        }
        // The name is on disk once the folder is.
        let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if opened >= 0 {
            fsync(opened)
            close(opened)
        }
    }

    private func resolved() -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// The content; `nil` when the file cannot be read, and cut when it is longer than `most`.
    private static func read(_ path: String, most: Int) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < most {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }

    private func failure(_ act: String) -> Failure {
        Failure(
            description:
                "Cannot \(act) for --output \(path): \(String(cString: strerror(errno))). Give a file in a folder that this user "
                + "may write to.")
    }
}
