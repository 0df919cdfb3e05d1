import Wire

@testable import Access

extension FuzzBody {
    /// A pattern and a name, separated by a space: matched as trying every way would.
    static let globs = FuzzBody(name: "globs") { bytes in
        let parts = FuzzInput(bytes).text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let text = parts.first.map(String.init), let pattern = try? NamePattern(text) else { return }
        guard parts.count == 2, let name = FQDN(String(parts[1])) else { return }
        let matches = NamePatterns([pattern]).matches(name, own: [])
        switch pattern {
        case .everything: try require(matches, "* does not match \(name)")
        case .own: try require(!matches, "no certificate has \(name)")
        case .name(let other): try require(matches == (other.key == name.key), "\(other) \(name)")
        case .names(let glob):
            let expected = matchesByTable(Array(text.lowercased().utf8), Array(name.key.utf8))
            try require(glob.matches(name.key) == expected, "\(text) \(name)")
            try require(matches == (expected && !name.isAddress), "\(text) \(name), an address: \(name.isAddress)")
        }
    }

    /// For every beginning of the pattern, which beginnings of the name it matches.
    private static func matchesByTable(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var matched = [true] + [Bool](repeating: false, count: name.count)
        for character in pattern {
            if character == UInt8(ascii: "*") {
                for end in matched.indices.dropFirst() where matched[end - 1] { matched[end] = true }
            } else {
                for end in matched.indices.dropFirst().reversed() {
                    matched[end] = matched[end - 1] && name[end - 1] == character
                }
                matched[0] = false
            }
        }
        return matched[name.count]
    }
}
