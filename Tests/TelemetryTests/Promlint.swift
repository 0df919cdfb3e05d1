/// The rules of client_golang's `testutil/promlint` (which `promtool check metrics` runs), applied to an exposition.
enum Promlint {
    private static let baseUnits: Set<String> = [
        "amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres", "seconds", "volts",
    ]
    private static let otherUnits: Set<String> = [
        "minutes", "hours", "days", "weeks", "kelvins", "fahrenheit", "rankine", "inches", "yards", "miles", "bits",
        "calories", "pounds", "ounces",
    ]
    private static let prefixes = [
        "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga",
        "gibi",
        "tera", "tebi", "peta", "pebi",
    ]
    private static let abbreviations: Set<String> = [
        "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
    ]

    /// One text per complaint, beginning with the metric's name.
    static func problems(in exposition: String) -> [String] {
        var problems: [String] = []
        var helps: Set<String> = []
        var types: [String: String] = [:]
        var series: Set<Substring> = []
        for line in exposition.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                if words.count < 4 { problems.append("\(words[2]): no help text") }
                if !helps.insert(words[2]).inserted { problems.append("\(words[2]): two HELP lines") }
            } else if line.hasPrefix("# TYPE ") {
                if types.updateValue(words[3], forKey: words[2]) != nil {
                    problems.append("\(words[2]): two TYPE lines")
                }
                if !helps.contains(words[2]) { problems.append("\(words[2]): no help text") }
                problems += lint(name: words[2], type: words[3])
            } else {
                guard let end = line.lastIndex(of: " ") else { continue }
                if !series.insert(line[..<end]).inserted { problems.append("\(line): metric not unique") }
                let name = String(line.prefix { $0 != "{" && $0 != " " })
                if !types.keys.contains(where: { name == $0 || name.hasPrefix("\($0)_") }) {
                    problems.append("\(name): no TYPE line")
                }
            }
        }
        return problems
    }

    private static func lint(name: String, type: String) -> [String] {
        var problems: [String] = []
        let words = name.lowercased().split(separator: "_").map(String.init)
        if type == "counter", !name.hasSuffix("_total") { problems.append("counter without _total") }
        if type != "counter", name.hasSuffix("_total") { problems.append("_total on a \(type)") }
        if type != "histogram", name.hasSuffix("_bucket") { problems.append("_bucket on a \(type)") }
        if type != "histogram", name.hasSuffix("_count") || name.hasSuffix("_sum") {
            problems.append("_count or _sum on a \(type)")
        }
        if words.dropFirst().contains(type) { problems.append("type in the name") }
        if name.contains(":") { problems.append("colon in the name") }
        if zip(name, name.dropFirst()).contains(where: { $0.isLowercase && $1.isUppercase }) {
            problems.append("camelCase")
        }
        if words.dropFirst().contains(where: abbreviations.contains) { problems.append("abbreviated unit") }
        for word in words {
            let bare = prefixes.first(where: word.hasPrefix).map { String(word.dropFirst($0.count)) } ?? word
            let isKnown = baseUnits.contains(bare) || otherUnits.contains(bare)
            if isKnown, bare != word || otherUnits.contains(bare) { problems.append("\(word) is no base unit") }
        }
        return problems.map { "\(name): \($0)" }
    }
}
