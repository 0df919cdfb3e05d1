import Foundation
import Testing

@testable import Admin

@Suite("Manual pages and documentation are made from the same tables as the program")
struct ManualTests {
    private static let json = """
        {"serializationVersion": 0, "command": {"commandName": "pushprox-x", "abstract": "Do things.", "shouldDisplay": true,
         "discussion": "Running text.\\n.dot and back\\\\slash.\\n\\nEXAMPLES\\n  pushprox-x --flag\\n  more\\n\\nSEE ALSO\\nother(1)",
         "arguments": [
          {"kind": "option", "isOptional": true, "names": [{"kind": "long", "name": "web.listen-address"}],
           "valueName": "address", "defaultValue": ":8080", "abstract": "Where to listen."},
          {"kind": "flag", "isOptional": true, "names": [{"kind": "short", "name": "h"}, {"kind": "long", "name": "help"}],
           "abstract": "Show help information."},
          {"kind": "option", "isOptional": true, "shouldDisplay": false, "names": [{"kind": "long", "name": "secret"}]}]}}
        """

    @Test("A page has the sections of a manual page, and nothing in it is taken for a macro")
    func page() throws {
        let help = try JSONDecoder().decode(ToolHelp.self, from: Data(Self.json.utf8))
        let lines = ManualPage(help, version: "1.2").text.split(separator: "\n").map(String.init)
        #expect(lines.first == ".TH PUSHPROX\\-X 1 \"\" \"pushprox 1.2\"")
        #expect(
            lines.filter { $0.hasPrefix(".SH") } == [
                ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS", ".SH EXAMPLES", ".SH SEE ALSO",
            ])
        #expect(lines.contains("pushprox\\-x \\- do things"))
        #expect(lines.contains("\\&.dot and back\\eslash."))
        #expect(lines.contains("\\fB\\-\\-web.listen\\-address\\fR \\fIaddress\\fR"))
        #expect(lines.contains("Where to listen. Default: :8080."))
        #expect(!lines.joined().contains("secret"))
        let example = try #require(lines.firstIndex(of: ".nf"))
        #expect(lines[example + 1] == "  pushprox\\-x \\-\\-flag")
        #expect(lines[example + 3] == ".fi")
    }

    @Test("The program makes its own page")
    func own() throws {
        let dump = try ProgramFile.run(["--experimental-dump-help"])
        let help = try JSONDecoder().decode(ToolHelp.self, from: Data(dump.output.utf8))
        let page = ManualPage(help, version: "0").text
        for word in [".SS clients", ".SS sd", "\\-\\-storage.path", ".SH EXAMPLES", ".SH EXIT STATUS"] {
            #expect(page.contains(word), "\(word)")
        }
        #expect(!page.contains("manual\\-page"))
    }

    @Test("docs/admin.md has the keys and the columns of the tables")
    func documentation() throws {
        let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs/admin.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let keys = HelpPage.keys(unicode: true).map { "| `\($0.keys)` | \($0.help) |" }
        let columns = Column.clients.map {
            "| \($0.title) | `\($0.name)` | \($0.help.replacingOccurrences(of: "|", with: "\\|")) |"
        }
        for line in keys + columns { #expect(text.contains(line), "docs/admin.md lacks the line:\n\(line)") }
    }
}
