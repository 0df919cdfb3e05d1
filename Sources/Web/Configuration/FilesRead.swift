import Settings

/// Reads files for one value that is made of several, and remembers all of them, those that could not be read too: when one of them
/// changes, the value is worth making anew.
public struct FilesRead: Sendable {
    /// More than anybody writes by hand, or a bundle of all the world's authorities takes; bytes.
    public static let mostBytes = 16 << 20

    public private(set) var files: [WatchedFile] = []
    private var readableByAll: Set<String> = []

    public init() {}

    public mutating func bytes(_ path: String, most: Int = Self.mostBytes) throws(SettingsProblem) -> [UInt8] {
        // Noted before it is read: what is written meanwhile makes another version.
        files.append(WatchedFile(path: path, version: FileVersion(path: path)))
        let content = try FileContent(path: path, most: most)
        if content.isReadableByAll { readableByAll.insert(path) }
        return content.bytes
    }

    public mutating func secret(_ path: String) throws(SettingsProblem) -> Secret {
        files.append(WatchedFile(path: path, version: FileVersion(path: path)))
        let content = try SecretFile(path: path)
        if content.isReadableByAll { readableByAll.insert(path) }
        return content.secret
    }

    /// What is to be said of a file with a secret in it that was read and that every user of this machine may read; `nil` for others.
    public func exposure(of path: String) -> String? {
        readableByAll.contains(path) ? "every user of this machine can read it" : nil
    }

    public mutating func settings(_ path: String) throws(SettingsProblem) -> SettingsValue {
        try SettingsFile.parse(try bytes(path, most: SettingsFile.mostBytes), path: path)
    }
}
