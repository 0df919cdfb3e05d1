import Foundation
import Store
import Testing

@testable import Admin

@Suite("Rows as tables, JSON and CSV")
struct OutputTests {
    private func writer(unicode: Bool = true) -> RowWriter<ClientRow> {
        RowWriter(columns: Column.clients, fields: Field.clients, now: Example.moment(), unicode: unicode)
    }

    @Test("A table is as wide as its contents, and nothing in it is cut")
    func table() throws {
        let lines = writer().text(Example.clients, format: .table).split(separator: "\n").map(String.init)
        #expect(lines.count == 9)
        #expect(lines[0].hasPrefix("FQDN                          STATE      VIA      PING  SEEN"))
        #expect(lines[3].hasSuffix("5s target_unreachable: connect to 127.0.0.1:9100: connection refused"))
        #expect(lines[3].contains(String(repeating: ".", count: 18) + "uuuutuuuuuuu"))
        #expect(!lines.joined().contains("\u{1B}"))
        let column = lines[0].distance(
            from: lines[0].startIndex, to: try #require(lines[0].range(of: "STATE")).lowerBound)
        for line in lines.dropFirst() where line.allSatisfy(\.isASCII) {
            #expect(line.dropFirst(column - 1).first == " ")
            #expect(line.dropFirst(column).first != " ")
        }
        #expect(writer(unicode: false).text(Example.clients, format: .table).allSatisfy { $0.isASCII })
        #expect(writer().text([], format: .table).hasPrefix("FQDN"))
    }

    @Test("JSON is read back as it was meant, hostile names included")
    func json() throws {
        let text = writer().text(Example.clients, format: .json)
        #expect(!text.contains("\u{1B}") && !text.contains("\u{7}"))
        let objects = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(objects.map { $0["fqdn"] as? String } == Example.clients.map(\.fqdn))
        #expect(objects[2]["name"] as? String == "db-01.example.com")
        #expect(objects[2]["failure_share"] as? Double == 0.4)
        #expect(objects[2]["median_duration_seconds"] as? Double == 0.0234)
        #expect(objects[2]["last_failure_kind"] as? String == "target_unreachable")
        #expect(objects[2]["last_scrape"] as? String == "2026-11-05T14:03:17.000Z")
        #expect(objects[5]["failure_share"] is NSNull)
        #expect(objects[0]["transport"] as? String == "tunnel" && objects[0]["ping_seconds"] as? Double == 0.0123)
        #expect(objects[2]["transport"] as? String == "poll" && objects[2]["ping_seconds"] is NSNull)
        #expect(objects[1]["connections"] as? Int == 2 && objects[1]["connections_opened"] as? Int == 7)
        #expect(objects[1]["connection_bytes_to_scraper"] as? Int == 3_000_000)
        #expect(Set(objects[0].keys) == Set(Field.clients.map(\.name)))
        #expect(try JSONSerialization.jsonObject(with: Data(writer().text([], format: .json).utf8)) as? [Int] == [])
    }

    @Test("A failure of a connection is told from a scrape's, in tables and for programs")
    func connectionFailures() throws {
        let writer = RowWriter(
            columns: Column.failures, fields: Field.failures, now: Example.moment(), unicode: true)
        let rows = Array(Example.failures[1...2])
        let lines = writer.text(rows, format: .table).split(separator: "\n")
        #expect(!lines[1].contains("CONNECT") && lines[2].contains("CONNECT: connect to 127.0.0.1:9100"))
        #expect(lines[2].contains("CONNECT db-01.example.com:9443"))
        let text = writer.text(rows, format: .json)
        let objects = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(objects.map { $0["connection"] as? Bool } == [false, true])
    }

    @Test("CSV quotes what needs it and lets no control character out")
    func csv() throws {
        var row = Example.clients[2]
        row.lastFailure?.text = "said \"no\", twice\n\u{1B}[0m"
        let lines = writer().text([row], format: .csv).components(separatedBy: "\r\n")
        #expect(lines.count == 3 && lines[2] == "")
        #expect(lines[0].hasPrefix("fqdn,state,transport,ping_seconds,last_seen,queued"))
        #expect(lines[1].contains("\"said \"\"no\"\", twice\u{FFFD}\u{FFFD}[0m\""))
    }

    @Test("Numbers and strings of JSON")
    func jsonText() {
        #expect(JSONText.number(0.1) == "0.1")
        #expect(JSONText.number(12) == "12")
        #expect(JSONText.number(.nan) == "null")
        #expect(JSONText.string("a\"\\\u{1}\u{85}\u{2028}é") == "\"a\\\"\\\\\\u0001\\u0085\\u2028é\"")
        #expect(JSONText.string("\u{7F}\u{9B}\u{202E}\u{2066}\u{FEFF}") == #""\u007f\u009b\u202e\u2066\ufeff""#)
        #expect(JSONText.string("\u{E0001}😀") == #""\udb40\udc01😀""#)
    }

    @Test("Every column has a name of its own, a head that fits, and a place in the help")
    func columns() {
        #expect(Set(Field.clients.map(\.name)).count == Field.clients.count)
        #expect(Set(Field.failures.map(\.name)).count == Field.failures.count)
        for column in Column.clients {
            // With the arrow of the column that sorts, so that it is not taken for the neighbour's.
            let arrow = column.sort == nil || column.alignment == .left ? 0 : 1
            #expect(TextWidth.of(column.title) + arrow <= column.width.lowerBound, "\(column.name)")
            #expect(!column.help.isEmpty)
        }
        for column in Column.failures {
            #expect(TextWidth.of(column.title) <= column.width.lowerBound, "\(column.name)")
        }
        // Every way to sort has its column.
        #expect(Set(Column.clients.compactMap(\.sort)) == Set(ClientSort.allCases))
    }

    @Test("Columns that matter most stay on a narrow screen")
    func layout() {
        func names(_ width: Int, shift: Int = 0) -> [String] {
            ColumnLayout(Column.clients, width: width, shift: shift).places.map { Column.clients[$0.index].name }
        }
        #expect(names(40) == ["fqdn", "state", "last_seen", "failure_share"])
        #expect(
            names(80) == [
                "fqdn", "state", "last_seen", "queued", "in_flight", "failure_share", "outcomes", "last_failure_text",
            ])
        #expect(
            names(100) == [
                "fqdn", "state", "transport", "ping_seconds", "last_seen", "queued", "in_flight", "failure_share",
                "outcomes", "last_failure_text",
            ])
        #expect(names(160) == Column.clients.map(\.name))
        #expect(names(40, shift: 5).prefix(3) == ["fqdn", "in_flight", "scrapes"])
        #expect(names(5) == ["fqdn"])
        for width in 12...300 {
            let places = ColumnLayout(Column.clients, width: width).places
            #expect(places.allSatisfy { $0.column + $0.width <= width })
            for (left, right) in zip(places, places.dropFirst()) { #expect(left.column + left.width < right.column) }
        }
    }
}
