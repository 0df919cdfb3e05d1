import Foundation

/// The commands of docs/security.md: blocks of shell, each after a line `<!-- recipe: name -->`.
struct SecurityPage {
    struct NoRecipe: Error { let name: String }

    private let recipes: [String: String]

    var names: Set<String> { Set(recipes.keys) }

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/security.md"), encoding: .utf8)
        var recipes: [String: String] = [:]
        for mark in text.matches(of: /<!-- recipe: (.+?) -->\n```sh\n((?:.*\n)*?)```\n/) {
            recipes[String(mark.1)] = String(mark.2)
        }
        self.recipes = recipes
    }

    func recipe(_ name: String) throws -> String {
        guard let text = recipes[name] else { throw NoRecipe(name: name) }
        return text
    }
}
