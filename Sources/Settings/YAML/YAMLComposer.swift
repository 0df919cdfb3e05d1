/// Makes a tree of the events of a YAML text. Stricter than YAML where a file of settings gains by it: one document, keys that are text, each
/// key once, and bounds for depth and size, aliases written out.
struct YAMLComposer {
    /// How deep values may lie in one another.
    static let mostLevels = 32
    /// How many values there may be, every alias written out: some 50,000 identities have 400,000.
    static let mostValues = 1_000_000

    private let events: YAMLEvents
    private let file: String
    private var anchors: [String: SettingsNode] = [:]
    private var values = 0

    private init(_ bytes: [UInt8], file: String) {
        events = YAMLEvents(bytes, file: file)
        self.file = file
    }

    /// The document of a file; that of an empty one is null.
    static func compose(_ bytes: [UInt8], file: String) throws(SettingsProblem) -> SettingsNode {
        if let index = bytes.firstIndex(of: 0) {
            throw SettingsProblem(
                file: file, line: line(of: index, in: bytes), text: "has a NUL byte in it; write text")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw SettingsProblem(file: file, line: lineOfBadText(bytes), text: "is not UTF-8; save it as UTF-8")
        }
        var composer = YAMLComposer(bytes, file: file)
        return try composer.document()
    }

    private static func line(of index: Int, in bytes: [UInt8]) -> Int {
        1 + bytes[..<index].count { $0 == UInt8(ascii: "\n") }
    }

    private static func lineOfBadText(_ bytes: [UInt8]) -> Int {
        var line = 1
        var decoder = UTF8()
        var rest = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&rest) { line += scalar == "\n" ? 1 : 0 }
        return line
    }

    private mutating func document() throws(SettingsProblem) -> SettingsNode {
        var root: SettingsNode?
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnds: return root ?? SettingsNode(.null, at: .start)
            case .documentBegins where root != nil:
                throw problem(event.place, "a second document begins here; a file of settings is one")
            case .documentBegins, .other: break
            default: root = try node(event, depth: 1)
            }
        }
    }

    private mutating func node(_ event: YAMLEvents.Event, depth: Int) throws(SettingsProblem) -> SettingsNode {
        try count(1, at: event.place)
        if depth > Self.mostLevels {
            throw problem(event.place, "lies deeper than \(Self.mostLevels) levels")
        }
        switch event.kind {
        case .scalar(let text, let isPlain, let tag, let anchor):
            let node = try scalar(text, isPlain: isPlain, tag: tag, at: event.place)
            if let anchor { anchors[anchor] = node }
            return node
        case .listBegins(let tag, let anchor):
            try check(tag, is: "tag:yaml.org,2002:seq", at: event.place)
            let node = try list(at: event.place, depth: depth)
            if let anchor { anchors[anchor] = node }
            return node
        case .mapBegins(let tag, let anchor):
            try check(tag, is: "tag:yaml.org,2002:map", at: event.place)
            let node = try map(at: event.place, depth: depth)
            if let anchor { anchors[anchor] = node }
            return node
        case .alias(let name):
            guard let node = anchors[name] else {
                throw problem(event.place, "there is no anchor &\(name.shown) before this alias")
            }
            try count(node.weight, at: event.place)
            return node
        default: throw problem(event.place, "is no YAML: a value is missing")
        }
    }

    private func scalar(
        _ text: String, isPlain: Bool, tag: String?, at place: YAMLPlace
    ) throws(SettingsProblem) -> SettingsNode {
        if text.utf8.contains(0) { throw problem(place, "has a NUL character in it; write text") }
        switch tag {
        case nil:
            if isPlain, ["", "~", "null", "Null", "NULL"].contains(text) { return SettingsNode(.null, at: place) }
            return SettingsNode(.scalar(text, isPlain: isPlain), at: place)
        case "!", "tag:yaml.org,2002:str": return SettingsNode(.scalar(text, isPlain: false), at: place)
        case "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int":
            return SettingsNode(.scalar(text, isPlain: true), at: place)
        case "tag:yaml.org,2002:null": return SettingsNode(.null, at: place)
        case let tag?: throw problem(place, "the tag \(tag.shown) means nothing here; leave it out")
        }
    }

    private func check(_ tag: String?, is core: String, at place: YAMLPlace) throws(SettingsProblem) {
        if let tag, tag != core, tag != "!" {
            throw problem(place, "the tag \(tag.shown) means nothing here; leave it out")
        }
    }

    private mutating func list(at place: YAMLPlace, depth: Int) throws(SettingsProblem) -> SettingsNode {
        var items: [SettingsNode] = []
        var weight = 1
        while true {
            let event = try events.next()
            if case .listEnds = event.kind { return SettingsNode(.list(items), at: place, weight: weight) }
            let item = try node(event, depth: depth + 1)
            weight += item.weight
            items.append(item)
        }
    }

    private mutating func map(at place: YAMLPlace, depth: Int) throws(SettingsProblem) -> SettingsNode {
        var entries: [SettingsEntry] = []
        var names: [String: YAMLPlace] = [:]
        var merged: [SettingsNode] = []
        var weight = 1
        while true {
            let event = try events.next()
            guard case .scalar(let name, let isPlain, _, _) = event.kind else {
                if case .mapEnds = event.kind { break }
                throw problem(event.place, "a key is a single word or text here")
            }
            if name.utf8.contains(0) { throw problem(event.place, "a key has a NUL character in it; write text") }
            let value = try node(try events.next(), depth: depth + 1)
            weight += value.weight
            if isPlain, name == "<<" {
                merged.append(value)
                continue
            }
            if let earlier = names.updateValue(event.place, forKey: name) {
                throw problem(
                    event.place, "the key \(name.shown) stands here a second time; the first is in line \(earlier.line)"
                )
            }
            entries.append(SettingsEntry(name: name, place: event.place, value: value))
        }
        for node in merged { try merge(node, into: &entries, names: &names) }
        return SettingsNode(.map(entries), at: place, weight: weight)
    }

    /// YAML 1.1's `<<`: keys of another map, or of several, that this one does not have itself.
    private func merge(
        _ node: SettingsNode, into entries: inout [SettingsEntry], names: inout [String: YAMLPlace]
    ) throws(SettingsProblem) {
        switch node.content {
        case .map(let others):
            for other in others where names.updateValue(other.place, forKey: other.name) == nil {
                entries.append(other)
            }
        case .list(let nodes):
            for node in nodes {
                guard case .map = node.content else { throw unmergeable(node) }
                try merge(node, into: &entries, names: &names)
            }
        default: throw unmergeable(node)
        }
    }

    private func unmergeable(_ node: SettingsNode) -> SettingsProblem {
        problem(node.place, "<< takes keys with values, or a list of such")
    }

    private mutating func count(_ more: Int, at place: YAMLPlace) throws(SettingsProblem) {
        values += more
        if values > Self.mostValues {
            throw problem(place, "there are more than \(Self.mostValues) values, with those that aliases repeat")
        }
    }

    private func problem(_ place: YAMLPlace, _ text: String) -> SettingsProblem {
        SettingsProblem(file: file, line: Int(place.line), column: Int(place.column), text: text)
    }
}
