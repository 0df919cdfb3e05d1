/// Values under keys that are known.
public struct SettingsMap: Sendable {
    let owner: SettingsValue
    let members: [SettingsMember]

    /// The value under a key; `nil` where there is no such key, and where nothing, or `null`, stands behind it.
    public subscript(_ key: String) -> SettingsValue? {
        guard let value = members.first(where: { $0.name == key })?.value, !value.isNull else { return nil }
        return value
    }

    /// The value under a key that must be there.
    ///
    /// - Parameter expected: What to write, for the error.
    public func required(_ key: String, _ expected: String) throws(SettingsProblem) -> SettingsValue {
        guard let value = self[key] else { throw owner.problem("\(key) is missing: \(expected)") }
        return value
    }

    /// An error at the place of the whole map.
    public func problem(_ text: String) -> SettingsProblem { owner.problem(text) }
}
