import Foundation
import Testing

@Suite struct LinkTests {
    private static let pages = [
        "README.md", "docs/architecture.md", "docs/wire-protocol.md", "docs/operations.md", "docs/database.md",
        "docs/benchmarks.md", "docs/admin.md", "docs/security.md", "docs/client.md",
    ]

    @Test(arguments: pages) func everyFileThatAPageLinksToOrNamesExists(_ path: String) throws {
        let page = try Page(path)
        let folder = page.url.deletingLastPathComponent()
        for mark in page.text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
            let target = folder.appending(path: String(mark.1)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(path) links to \(mark.1)")
        }
        for mark in page.text.matches(of: /`((Sources|Tests|docs|deploy|scripts)\/[A-Za-z0-9_+.\/-]+)`/) {
            let target = Page.root.appending(path: String(mark.1)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(path) names \(mark.1)")
        }
    }

    @Test func theReadmeLinksToEveryPage() throws {
        let readme = try Page("README.md").text
        let docs = try FileManager.default.contentsOfDirectory(atPath: Page.root.appending(path: "docs").path)
        for name in docs where name.hasSuffix(".md") { #expect(readme.contains("(docs/\(name)"), "\(name)") }
    }
}
