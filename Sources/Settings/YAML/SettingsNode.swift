/// A value of a YAML document, with the place where it begins.
struct SettingsNode: Sendable {
    enum Content: Sendable {
        /// Nothing, `~` or `null`.
        case null
        /// - Parameter isPlain: Without quotes, so that `true` and `7` may be meant as what they look like.
        case scalar(String, isPlain: Bool)
        case list([SettingsNode])
        /// Each key once, in the order of the file.
        case map([SettingsEntry])
    }

    let content: Content
    let place: YAMLPlace
    /// How many values it is, itself included, with every alias written out.
    let weight: Int

    init(_ content: Content, at place: YAMLPlace, weight: Int = 1) {
        self.content = content
        self.place = place
        self.weight = weight
    }

    /// For errors: what it is.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar: "a single value"
        case .list: "a list"
        case .map: "keys with values"
        }
    }
}

/// A key and its value.
struct SettingsEntry: Sendable {
    let name: String
    let place: YAMLPlace
    let value: SettingsNode
}

/// Line and column of a file, both from 1.
struct YAMLPlace: Sendable, Hashable {
    let line: UInt32
    let column: UInt32

    static let start = YAMLPlace(line: 1, column: 1)
}
