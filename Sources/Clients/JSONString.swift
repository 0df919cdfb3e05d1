/// Text as a string of JSON. What would steer a terminal, break a line, turn the direction of writing or can't be seen (Unicode's categories Cc, Cf, Zl
/// and Zp) is escaped: programs get the text as it is, and a person who looks at it is not fooled.
public enum JSONString {
    /// With its quotes.
    public static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What stands between the quotes.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        let needsNone = text.utf8.allSatisfy {
            $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if needsNone { return bytes.appendRaw(text) }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes.append("\\\"")
            case "\\": bytes.append("\\\\")
            default:
                if scalar.isShown {
                    bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                } else {
                    for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter { append(unit, to: &bytes) }
                }
            }
        }
    }

    private static func append(_ unit: UInt16, to bytes: inout [UInt8]) {
        bytes.append("\\u")
        for shift in [12, 8, 4, 0] as [UInt16] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 15)
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }
}
