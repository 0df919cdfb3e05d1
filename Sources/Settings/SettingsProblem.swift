import Wire

/// What is wrong with a file of settings, and where: one line for people, which holds no secret.
public struct SettingsProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file, as it was named.
    public let file: String
    /// From 1; `nil` when the whole file is meant.
    public let line: Int?
    /// In characters, from 1; only where the text itself is no YAML.
    public let column: Int?
    /// The keys that lead to the value, as `identities.grafana.scrape[0]`; empty for the whole file.
    public let keyPath: String
    /// What is wrong, and what to write instead.
    public let text: String

    public init(file: String, line: Int? = nil, column: Int? = nil, keyPath: String = "", text: String) {
        self.file = file
        self.line = line
        self.column = column
        self.keyPath = keyPath
        self.text = text
    }

    /// `rules.yml:12: identities.grafana.scrape[0]: …`
    public var description: String {
        var place = file.withoutControls
        if let line { place += ":\(line)" }
        if let column { place += ":\(column)" }
        return place + (keyPath.isEmpty ? ": " : ": \(keyPath): ") + text
    }
}

extension String {
    /// A key or a value as an error shows it: on one line, and cut where it is long.
    var shown: String {
        let clean = withoutControls
        let beginning = clean.prefix(utf8Bytes: 64)
        return beginning.utf8.count == clean.utf8.count ? clean : beginning + "…"
    }
}
