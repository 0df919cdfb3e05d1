import Glibc

/// Folders and small files, without Foundation.
enum Directory {
    /// A new empty folder in `parent`; `nil` when it cannot be made.
    static func makeUnique(in parent: String, prefix: String) -> String? {
        var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
        return template.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, mkdtemp(base) != nil else { return nil }
            return String(cString: base)
        }
    }

    /// Makes `path`, and the folders above it.
    static func make(_ path: String) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += part
            mkdir(made, 0o755)
            made += "/"
        }
    }

    /// Removes `path` and what is in it, two levels deep: what a proxy under test leaves behind.
    static func remove(_ path: String, depth: Int = 2) {
        for name in names(path) ?? [] {
            let child = "\(path)/\(name)"
            if unlink(child) != 0, depth > 0 { remove(child, depth: depth - 1) }
        }
        rmdir(path)
    }

    /// The whole of a small file, also of one in `/proc`, whose size is said to be 0; `nil` when it cannot be read.
    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces the file at `path`; `false` when it cannot be written.
    static func write(_ text: String, to path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        let written = fputs(text, file) >= 0
        return fclose(file) == 0 && written
    }

    static func entryCount(_ path: String) -> Int? { names(path)?.count }

    /// The names of what is in a folder, in no order; `nil` when it cannot be read.
    static func names(_ path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
