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

    /// Quoted. What would steer a terminal, break a line, turn the direction of writing or can't be seen (Unicode's categories Cc,
    /// Cf, Zl and Zp) is escaped: programs get the text as it is, and a person who looks at it is not fooled.
    static func string(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case " "..."~": json.unicodeScalars.append(scalar)
            default:
                append(scalar, to: &json)
            }
        }
        return json + "\""
    }

    /// JSON with the same meaning, in which strings have such characters escaped as `string` does; line breaks between values stay.
    static func unsteering(_ json: String) -> String {
        if json.utf8.allSatisfy({ $0 < 0x7F }) { return json }
        var text = ""
        for scalar in json.unicodeScalars {
            if scalar.value < 0x7F { text.unicodeScalars.append(scalar) } else { append(scalar, to: &text) }
        }
        return text
    }

    private static func append(_ scalar: Unicode.Scalar, to json: inout String) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        default: json.unicodeScalars.append(scalar)
        }
    }
}
