/// A YAML file of settings whose values know where they stand.
public struct SettingsFile: Sendable {
    /// How long a file may be, in bytes: enough for 50,000 identities, several times over.
    public static let mostBytes = 16 << 20

    /// What the whole file holds; null for an empty one.
    public let root: SettingsValue
    /// To know when to read it again.
    public let file: WatchedFile

    /// Reads and parses a file.
    ///
    /// - Throws: A sentence with file and, where it has one, line: for one that can't be read, is longer than `mostBytes`, is not UTF-8 or
    ///   no YAML, or goes beyond the bounds of `YAMLComposer`.
    public init(path: String) throws(SettingsProblem) {
        let content = try FileContent(path: path, most: Self.mostBytes)
        root = try Self.parse(content.bytes, path: path)
        file = content.file
    }

    /// The value of a text that stands, or might stand, at a path.
    public static func parse(_ bytes: [UInt8], path: String) throws(SettingsProblem) -> SettingsValue {
        let node = try YAMLComposer.compose(bytes, file: path)
        return SettingsValue(node: node, file: path, trail: nil)
    }
}
