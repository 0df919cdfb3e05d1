import Wire

/// A value of a file of settings, with the place where it stands: read it as what it should be, and an error says where it is not.
public struct SettingsValue: Sendable {
    /// The keys that lead to a value, from the last one back.
    final class Trail: Sendable {
        let before: Trail?
        let step: String

        init(_ step: String, after before: Trail?) {
            self.before = before
            self.step = step
        }
    }

    let node: SettingsNode
    let file: String
    let trail: Trail?

    /// From 1.
    public var line: Int { Int(node.place.line) }
    /// In characters, from 1.
    public var column: Int { Int(node.place.column) }
    /// Whether nothing stands there, or `null`.
    public var isNull: Bool {
        if case .null = node.content { true } else { false }
    }

    /// Whether a list stands there.
    public var isList: Bool {
        if case .list = node.content { true } else { false }
    }

    /// As `identities.grafana.scrape[0]`; empty for the whole file.
    public var keyPath: String {
        var steps: [String] = []
        var next = trail
        while let trail = next {
            steps.append(trail.step)
            next = trail.before
        }
        return steps.reversed().reduce("") { path, step in
            path.isEmpty || step.hasPrefix("[") ? path + step : "\(path).\(step)"
        }
    }

    /// What is wrong with this value, at its place.
    ///
    /// - Parameter text: What is wrong and what to write instead; never the value itself where that may be a secret.
    public func problem(_ text: String) -> SettingsProblem {
        SettingsProblem(file: file, line: line, keyPath: keyPath, text: text)
    }

    /// A single value as text, whatever it looks like: `7` and `yes` are text as well.
    ///
    /// - Parameter expected: What should stand here, for the error: "a file name".
    public func string(_ expected: String = "text") throws(SettingsProblem) -> String {
        guard case .scalar(let text, _) = node.content else { throw wanted(expected) }
        return text
    }

    /// `true` or `false`, or one of YAML 1.1's other words for them: Go's programs take those too.
    public func bool() throws(SettingsProblem) -> Bool {
        guard case .scalar(let text, isPlain: true) = node.content else {
            throw wanted("true or false, without quotes")
        }
        switch text {
        case "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON": return true
        case "false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF": return false
        default: throw problem("expected true or false, found \(text.shown)")
        }
    }

    /// A whole number, in decimal digits.
    public func int(in range: ClosedRange<Int>) throws(SettingsProblem) -> Int {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard case .scalar(let text, isPlain: true) = node.content else { throw wanted(expected + ", without quotes") }
        guard let number = Int(text), range.contains(number) else {
            throw problem("expected \(expected), found \(text.shown)")
        }
        return number
    }

    /// Text that means something, and is no secret.
    ///
    /// - Parameters:
    ///   - expected: What it should be, for the error: "a duration such as 1s".
    ///   - parse: `nil` when it is not.
    public func parsed<Value>(
        as expected: String, _ parse: (String) -> Value?
    ) throws(SettingsProblem) -> Value {
        let text = try string(expected)
        guard let value = parse(text) else { throw problem("expected \(expected), found \(text.shown)") }
        return value
    }

    /// The name of a file, from the folder of this one where it is relative.
    public func fileName() throws(SettingsProblem) -> String {
        let name = try string("a file name")
        if name.isEmpty { throw wanted("a file name") }
        guard !name.hasPrefix("/"), let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else { return name }
        return file[...slash] + name
    }

    /// Text that nobody should read in a log.
    public func secret(_ expected: String = "text") throws(SettingsProblem) -> Secret { Secret(try string(expected)) }

    /// The values of a list; none where nothing stands.
    ///
    /// - Parameter expected: For the error: `a list, as ["*.example.org"]`.
    public func list(_ expected: String = "a list, as [a, b]") throws(SettingsProblem) -> [SettingsValue] {
        switch node.content {
        case .null: return []
        case .list(let nodes):
            return nodes.enumerated().map { index, node in
                SettingsValue(node: node, file: file, trail: Trail("[\(index)]", after: trail))
            }
        default: throw wanted(expected)
        }
    }

    /// Values with names that are the writer's to choose, in their order; none where nothing stands.
    public func members(_ expected: String = "names with values") throws(SettingsProblem) -> [SettingsMember] {
        switch node.content {
        case .null: return []
        case .map(let entries):
            return entries.map { entry in
                let trail = Trail(entry.name.shown, after: trail)
                return SettingsMember(
                    name: entry.name, value: SettingsValue(node: entry.value, file: file, trail: trail),
                    key: SettingsValue(node: SettingsNode(.null, at: entry.place), file: file, trail: trail))
            }
        default: throw wanted(expected)
        }
    }

    /// Values under keys that are known; an empty map where nothing stands.
    ///
    /// - Throws: Also for a key that is none of them.
    public func map(_ keys: [String]) throws(SettingsProblem) -> SettingsMap {
        let members = try members("keys with values: \(keys.joined(separator: ", "))")
        for member in members where !keys.contains(member.name) {
            throw member.key.problem("there is no such key here; the keys are \(keys.joined(separator: ", "))")
        }
        return SettingsMap(owner: self, members: members)
    }

    /// An error that says what should stand here.
    public func wanted(_ expected: String) -> SettingsProblem { problem("expected \(expected), found \(found)") }

    /// What stands here, without repeating it: it may be a secret.
    private var found: String {
        switch node.content {
        case .scalar(let text, _) where text.isEmpty: "empty text"
        case .scalar(_, isPlain: true): "another value"
        case .scalar: "text in quotes"
        default: node.kind
        }
    }
}

/// A value under a name that the file's writer chose.
public struct SettingsMember: Sendable {
    public let name: String
    public let value: SettingsValue
    /// The place of the name, for what is wrong with that.
    public let key: SettingsValue
}
