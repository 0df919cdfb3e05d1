import Foundation
import Testing

@testable import Admin
@testable import Bench
@testable import Client
@testable import Proxy

@Suite struct FlagTableTests {
    /// Set by `make docs`: the tables are then written, not compared.
    private static let writes = ProcessInfo.processInfo.environment["PUSHPROX_UPDATE_DOCS"] != nil

    private static func commands() throws -> [HelpDump.Command] {
        let dumps = [
            ProxyCommand._dumpHelp(), ClientCommand._dumpHelp(), PushproxAdmin._dumpHelp(), BenchCommand._dumpHelp(),
        ]
        return try dumps.flatMap { try HelpDump($0).command.all }.filter {
            !$0.flags.isEmpty && $0.commandName != "help"
        }
    }

    @Test func theReadmeHasTheFlagsOfEveryProgramAsHelpGivesThem() throws {
        var readme = try Page("README.md")
        for command in try Self.commands() {
            guard let range = readme.range(of: "flags: \(command.path)") else {
                Issue.record("README.md has no table <!-- flags: \(command.path) --> … <!-- end -->")
                continue
            }
            if Self.writes {
                readme.text.replaceSubrange(range, with: command.table)
            } else {
                #expect(readme.text[range] == command.table, "run make docs")
            }
        }
        if Self.writes { try readme.save() }
    }

    @Test func theReadmeHasNoTableOfFlagsThatAreGone() throws {
        let readme = try Page("README.md")
        let paths = Set(try Self.commands().map(\.path))
        for mark in readme.text.matches(of: /<!-- flags: (.+?) -->/) { #expect(paths.contains(String(mark.1))) }
    }

    @Test func everyFlagThatAPageNamesExists() throws {
        let known = Set(
            try Self.commands().flatMap(\.flags).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map(\.name)
        ).union(["help", "version", "generate-completion-script"])
        for path in [
            "README.md", "docs/architecture.md", "docs/wire-protocol.md", "docs/operations.md", "docs/admin.md",
            "docs/security.md", "docs/client.md", "deploy/hardened/pushprox-proxy.env",
            "deploy/hardened/pushprox-client.env",
        ] {
            for mark in try Page(path).text.matches(of: /--([a-z]+[.][a-z.-]+[a-z]|fqdn|proxy-url|metrics-addr)\b/) {
                #expect(known.contains(String(mark.1)), "\(path) names --\(mark.1)")
            }
        }
    }
}
