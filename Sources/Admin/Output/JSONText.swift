import Clients

/// JSON, written out by hand: a few kinds of values, and no library that formats dates its own way.
enum JSONText {
    static func value(_ value: FieldValue) -> String {
        switch value {
        case .text(let text): string(text)
        case .integer(let number): String(number)
        case .number(let number): self.number(number)
        case .time(let time): string(ShownTime.utc(time))
        case .boolean(let truth): truth ? "true" : "false"
        case .labels(let labels): object(labels)
        case .targets(let targets):
            "["
                + targets.map { target in
                    "{\"port\": \(target.port), \"path\": \(string(target.path.description)), \"labels\": \(object(target.labels))}"
                }.joined(separator: ", ") + "]"
        case .missing: "null"
        }
    }

    private static func object(_ labels: [Label]) -> String {
        "{" + labels.map { string($0.name) + ": " + string($0.value) }.joined(separator: ", ") + "}"
    }

    /// A row's fields as an object.
    static func object<Row>(_ row: Row, _ fields: [Field<Row>]) -> String {
        "{" + fields.map { string($0.name) + ": " + value($0.value(row)) }.joined(separator: ", ") + "}"
    }

    /// At most six decimals, which is a microsecond; `null` for what JSON has no number for.
    static func number(_ number: Double) -> String {
        var text = Quantity.fixed(number, digits: 6)
        if text == "-" { return "null" }
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }

    static func string(_ text: String) -> String { JSONString.quoted(text) }
}
