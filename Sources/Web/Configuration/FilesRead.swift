import Settings

/// Reads files for one value that is made of several, and remembers all of them, those that could not be read too: when one of them
/// changes, the value is worth making anew.
public struct FilesRead: Sendable {
    /// More than anybody writes by hand, or a bundle of all the world's authorities takes; bytes.
    public static let mostBytes = 16 << 20

    public private(set) var files: [WatchedFile] = []

    public init() {}

    public mutating func bytes(_ path: String, most: Int = Self.mostBytes) throws(SettingsProblem) -> [UInt8] {
        // Noted before it is read: what is written meanwhile makes another version.
        files.append(WatchedFile(path: path, version: FileVersion(path: path)))
        return try FileContent(path: path, most: most).bytes
    }

    public mutating func secret(_ path: String) throws(SettingsProblem) -> Secret {
        files.append(WatchedFile(path: path, version: FileVersion(path: path)))
        return try SecretFile(path: path).secret
    }

    public mutating func settings(_ path: String) throws(SettingsProblem) -> SettingsValue {
        try SettingsFile.parse(try bytes(path, most: SettingsFile.mostBytes), path: path)
    }
}
