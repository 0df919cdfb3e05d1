import Wire

@testable import Access
@testable import Settings

extension FuzzBody {
    /// YAML, and access files: refused with one line, or taken, in bounded time and memory.
    static let accessFiles = FuzzBody(name: "access") { bytes in
        let root: SettingsValue
        do throws(SettingsProblem) {
            root = try SettingsFile.parse(bytes, path: "access.yml")
        } catch {
            return try check(error)
        }
        try check(root, depth: 1)
        let rules: AccessRules
        do {
            rules = try AccessRules(file: AccessFile(root))
        } catch let error as SettingsProblem {
            return try check(error)
        }
        try check(rules)
    }

    private static func check(_ problem: SettingsProblem) throws {
        let line = problem.description
        try require(line.hasPrefix("access.yml:"), "no file in \(line)")
        try require(!line.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "a control character in \(line.debugDescription)")
        try require(line.utf8.count < 5_000, "an error of \(line.utf8.count) bytes")
    }

    /// Every reader takes a value or refuses it with a place; names are there once.
    private static func check(_ value: SettingsValue, depth: Int) throws {
        try require(depth <= YAMLComposer.mostLevels, "\(depth) levels")
        try require(value.line >= 1 && value.column >= 1, "line \(value.line), column \(value.column)")
        do throws(SettingsProblem) { _ = try value.bool() } catch { try check(error) }
        do throws(SettingsProblem) { _ = try value.int(in: -7...7) } catch { try check(error) }
        do throws(SettingsProblem) { _ = try value.fileName() } catch { try check(error) }
        switch value.node.content {
        case .list: for item in try value.list() { try check(item, depth: depth + 1) }
        case .map:
            let members = try value.members()
            try require(Set(members.map(\.name)).count == members.count, "a key twice")
            for member in members { try check(member.value, depth: depth + 1) }
        case .scalar, .null: break
        }
    }

    /// Whoever shows nothing may do what stands under anonymous, and nobody may do less.
    private static func check(_ rules: AccessRules) throws {
        guard case .known(let nobody) = rules.authenticate(.none),
            case .known(let stranger) = rules.authenticate(.some(.token(Secret("x"))), certificateNames: [])
        else { throw Violation(description: "a password is checked where none was shown") }
        try require(nobody.identity == nil, "nobody is \(nobody.identity ?? "")")
        for name in ["web-1", "WEB-1", "a.example.org", "10.0.0.1", "::1", "a"].compactMap({ FQDN($0) }) {
            for action in AccessAction.allCases {
                let isAllowed = rules.decide(nobody, action, name).permit != nil
                let isAllowedToStranger = rules.decide(stranger, action, name).permit != nil
                try require(!isAllowed || isAllowedToStranger, "\(action) \(name): a token takes a right away")
                if isAllowed {
                    try require(rules.foreseeableDenial(nobody, action) == nil, "\(action) is denied too soon")
                }
            }
            let isScrapable = rules.scrapableNames(by: nobody).contains(name)
            try require(
                isScrapable == (rules.decide(nobody, .scrape, name).permit != nil), "\(name) is shown otherwise")
        }
    }
}
