import Wire

/// The patterns of one grant, made ready: names are found at once, whatever their number; those with `*` are tried one after the other.
struct NamePatterns: Sendable {
    static let nothing = NamePatterns([])
    static let everything = NamePatterns([.everything])
    /// How many patterns with `*` a list may have: some 15 µs for a name that none of them matches.
    static let mostGlobs = 1_000

    let isEverything: Bool
    let hasOwn: Bool
    private let names: Set<String>
    private let globs: [Glob]

    init(_ patterns: [NamePattern]) {
        var names: Set<String> = []
        var globs: [Glob] = []
        for pattern in patterns {
            switch pattern {
            case .everything, .own: break
            case .name(let name): names.insert(name.key)
            case .names(let glob): globs.append(glob)
            }
        }
        isEverything = patterns.contains(.everything)
        hasOwn = patterns.contains(.own)
        self.names = names
        self.globs = globs
    }

    var isNothing: Bool { !isEverything && !hasOwn && names.isEmpty && globs.isEmpty }

    /// - Parameter own: The names in the peer's certificate.
    func matches(_ name: FQDN, own: [FQDN]) -> Bool {
        isEverything || names.contains(name.key) || hasOwn && own.contains(name)
            || globs.contains { $0.matches(name.key) } && !name.isAddress
    }
}
