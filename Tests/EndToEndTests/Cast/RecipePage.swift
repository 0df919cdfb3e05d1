import Foundation

/// What a page of docs/ has its readers type or copy: blocks of code, each after a line `<!-- recipe: name -->`.
struct RecipePage {
    struct NoRecipe: Error { let name: String }

    private let recipes: [String: String]

    var names: Set<String> { Set(recipes.keys) }

    /// - Parameter path: from the repository's root.
    init(_ path: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        var recipes: [String: String] = [:]
        for mark in text.matches(of: /<!-- recipe: (.+?) -->\n```[a-z]+\n((?:.*\n)*?)```\n/) {
            recipes[String(mark.1)] = String(mark.2)
        }
        self.recipes = recipes
    }

    func recipe(_ name: String) throws -> String {
        guard let text = recipes[name] else { throw NoRecipe(name: name) }
        return text
    }
}
