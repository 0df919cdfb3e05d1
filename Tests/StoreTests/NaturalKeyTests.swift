import Testing

@testable import Store

@Suite("The natural order of names")
struct NaturalKeyTests {
    @Test(
        "goes by the value of numbers, of any length, wherever they stand",
        arguments: [
            ["web-2", "web-10", "web-100"], ["a", "a1", "a1b", "a2", "ab"], ["1.example", "9.example", "10.example"],
            ["db-2.eu10", "db-10.eu2", "db-10.eu10"], ["x00", "x1", "x001a", "x2"],
            ["10.0.0.9", "10.0.0.10", "10.0.1.1"],
            ["n99999999", "n999999999", "n1000000000", "n12345678901234567890", "n123456789012345678901"],
            ["a-1", "a1", "a_1"], ["", "0", "1"],
        ])
    func order(names: [String]) {
        #expect(names.shuffled().sorted { NaturalKey.of($0) < NaturalKey.of($1) } == names)
    }

    @Test("is that of the list, whatever the order of registration")
    func list() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        try writer.write(
            .sample(.sample("web-10"), .sample("db-1"), .sample("web-9"), .sample("web-2"), .sample("web-01")))
        #expect(
            try scratch.reader().clients(ClientQuery()).rows.map(\.fqdn) == [
                "db-1", "web-01", "web-2", "web-9", "web-10",
            ])
        #expect(
            try scratch.outsider().text("SELECT group_concat(fqdn) FROM live_clients")
                == "db-1,web-01,web-2,web-9,web-10")
    }
}
