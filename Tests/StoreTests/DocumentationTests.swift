import Failures
import Foundation
import Testing

@testable import Store

/// The database is an interface: docs/database.md describes all that is in it.
@Suite struct DocumentationTests {
    let document: String
    let connection: SQLiteConnection
    private let scratch: Scratch
    private let writer: StoreWriter

    init() throws {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        document = try String(contentsOf: root.appendingPathComponent("docs/database.md"), encoding: .utf8)
        scratch = try Scratch()
        writer = try scratch.writer()
        connection = try #require(writer.connection)
    }

    /// Tables and views with their columns.
    private func schema() throws -> [String: [String]] {
        var schema: [String: [String]] = [:]
        let row = try connection.prepare(
            """
            SELECT s.name, c.name FROM sqlite_schema s, pragma_table_info(s.name) c
            WHERE s.type IN ('table', 'view') AND s.name NOT LIKE 'sqlite%'
            """)
        while try row.next() { schema[row.text(0), default: []].append(row.text(1)) }
        return schema
    }

    /// The names in backquotes in the first column of the table below a heading.
    private func documented(_ name: String) throws -> [String] {
        let heading = try #require(document.range(of: "\n### \(name)\n"), "no heading for \(name)")
        let section = document[heading.upperBound...].components(separatedBy: "\n#")[0]
        return section.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { line in
            line.dropFirst().split(separator: "|")[0].split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
        }
    }

    @Test func everyColumnIsDocumentedAndNoOther() throws {
        for (name, columns) in try schema() {
            let expected = name == "client_state" ? ["state"] : columns
            #expect(try documented(name).sorted() == expected.sorted(), "\(name)")
        }
    }

    @Test func theStateViewHasEveryColumnOfItsTable() throws {
        let schema = try schema()
        #expect(schema["client_state"] == (schema["client"] ?? []) + ["state"])
    }

    @Test func everyKindIsDocumentedWithItsSymbolAndSummary() {
        for kind in FailureKind.allCases {
            #expect(document.contains("| `\(kind.symbol)` | `\(kind.rawValue)` | \(kind.summary) |"), "\(kind)")
        }
    }

    @Test func theVersionAndTheBoundsAreThose() {
        #expect(document.contains("**\(Schema.current.version)**"))
        #expect(document.contains("\(Schema.applicationID)"))
        #expect(document.contains("| the newest \(Ring.outcomes) |") && document.contains("| the newest 3,600 |"))
        #expect(document.contains("| the newest 10,000, and"))
        #expect(document.contains("the newest 200 of one name") && document.contains("the newest 1,000 of names"))
        #expect(document.contains("| the newest 1,000 |"))
        #expect(Ring.seconds == 3600 && Ring.failures == 10_000 && Ring.failuresPerName == 200)
        #expect(Ring.failuresOfUnknown == 1000 && Ring.unknownNames == 1000)
    }

    @Test func everyQueryOfThePageRuns() throws {
        let blocks = document.components(separatedBy: "```sql\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
        #expect(blocks.count >= 6)
        for block in blocks { #expect(throws: Never.self) { try connection.prepare(block).run() } }
    }
}

@Suite struct FailureKindTests {
    @Test func symbolsAreUniquePrintableAndNotThoseOfSuccesses() {
        let symbols = FailureKind.allCases.map(\.symbol)
        #expect(Set(symbols).count == symbols.count)
        for symbol in symbols {
            #expect(symbol != ".")
            #expect(symbol.asciiValue.map { (33...126).contains($0) } == true)
        }
    }

    @Test func wordsAreFitForLabels() {
        let words = FailureKind.allCases.map(\.rawValue)
        #expect(Set(words).count == words.count)
        for word in words { #expect(word.allSatisfy { $0 == "_" || ($0.isASCII && $0.isLowercase) }) }
    }

    @Test("What happened is told in a sentence that includes whatever else is known")
    func sentences() {
        #expect(FailureKind.noPoll.sentence("") == FailureKind.noPoll.summary)
        #expect(FailureKind.badPush.sentence("why") == "what the client pushed is not an HTTP response: why")
        #expect(
            FailureKind.targetStatus.sentence("503 Service Unavailable")
                == "the target answered 503 Service Unavailable")
    }

    @Test func outcomesHaveTheSymbolOfTheirKind() {
        #expect(Outcome.good(1).symbol == ".")
        #expect(Outcome(time: 0, duration: 0, status: 302, bytes: 0, failure: nil).symbol == ".")
        #expect(Outcome(time: 0, duration: 0, status: 500, bytes: 0, failure: .targetStatus).symbol == "!")
        #expect(Outcome.bad(.queueFull).symbol == FailureKind.queueFull.symbol)
    }
}
