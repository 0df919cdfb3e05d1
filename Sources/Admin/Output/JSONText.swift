/// JSON, written out by hand: a few kinds of values, and no library that formats dates its own way.
enum JSONText {
    static func value(_ value: FieldValue) -> String {
        switch value {
        case .text(let text): string(text)
        case .integer(let number): String(number)
        case .number(let number): self.number(number)
        case .time(let time): string(ShownTime.utc(time))
        case .boolean(let truth): truth ? "true" : "false"
        case .missing: "null"
        }
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

    /// Quoted. Control characters (C1 ones, and the line separators of Unicode, too) are escaped.
    static func string(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: json += "\\\""
            case 0x5C: json += "\\\\"
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
