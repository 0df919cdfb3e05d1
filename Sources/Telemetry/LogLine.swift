import Logging

/// One log line being put together, in the shape that Go's `slog` gives Prometheus's programs.
///
/// Whatever a value contains, the line stays one line and its fields can be told apart: what is not printable is
/// escaped, what is too long is cut.
struct LogLine {
    /// Longer values are cut, so that no peer can fill a disk with one line. In UTF-8 bytes.
    static let maximumValueLength = 4_096

    private let format: LogFormat
    private var bytes: [UInt8] = []

    init(format: LogFormat) {
        self.format = format
        bytes.reserveCapacity(256)
        if format == .json { write("{") }
    }

    mutating func append(_ key: String, _ value: String) {
        beginField(key)
        format == .json ? writeQuoted(value) : writeText(value)
    }

    mutating func append(_ key: String, _ value: Logger.MetadataValue) {
        if format == .logfmt, case .dictionary(let dictionary) = value {
            for (name, value) in dictionary.sorted(by: { $0.key < $1.key }) { append("\(key).\(name)", value) }
            return
        }
        beginField(key)
        format == .json ? writeJSON(value) : writeText(Self.plain(value))
    }

    consuming func finished() -> [UInt8] {
        if format == .json { write("}") }
        write("\n")
        return bytes
    }

    private mutating func beginField(_ key: String) {
        switch format {
        case .json:
            if bytes.count > 1 { write(",") }
            writeQuoted(key)
            write(":")
        case .logfmt:
            if !bytes.isEmpty { write(" ") }
            writeText(key)
            write("=")
        }
    }

    private static func plain(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let value): value.description
        case .array(let values): "[" + values.map(plain).joined(separator: " ") + "]"
        case .dictionary(let dictionary):
            "map["
                + dictionary.sorted { $0.key < $1.key }.map { "\($0.key):\(plain($0.value))" }.joined(separator: " ")
                + "]"
        }
    }

    private mutating func writeJSON(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): writeQuoted(text)
        case .stringConvertible(let value):
            // Numbers and Booleans stay what they are; everything else is text.
            switch value {
            case let number as any BinaryInteger: write("\(number)")
            case let truth as Bool: write(truth ? "true" : "false")
            case let number as Double where number.isFinite: write("\(number)")
            default: writeQuoted(value.description)
            }
        case .array(let values):
            write("[")
            for (index, value) in values.enumerated() {
                if index > 0 { write(",") }
                writeJSON(value)
            }
            write("]")
        case .dictionary(let dictionary):
            write("{")
            for (index, pair) in dictionary.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { write(",") }
                writeQuoted(pair.key)
                write(":")
                writeJSON(pair.value)
            }
            write("}")
        }
    }

    /// A bare word where that can't be misread, else quoted.
    private mutating func writeText(_ text: String) {
        let isBare =
            !text.isEmpty && text.utf8.count <= Self.maximumValueLength
            && text.unicodeScalars.allSatisfy {
                $0 != " " && $0 != "\"" && $0 != "=" && $0 != "\\" && Self.isPrintable($0)
            }
        isBare ? write(text) : writeQuoted(text)
    }

    private mutating func writeQuoted(_ text: String) {
        write("\"")
        let start = bytes.count
        for scalar in text.unicodeScalars {
            guard bytes.count - start < Self.maximumValueLength else {
                write("…")
                break
            }
            switch scalar {
            case "\"": write("\\\"")
            case "\\": write("\\\\")
            case "\n": write("\\n")
            case "\r": write("\\r")
            case "\t": write("\\t")
            case _ where Self.isPrintable(scalar):
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            default: writeEscape(scalar)
            }
        }
        write("\"")
    }

    /// `\u001b`; above U+FFFF as the two surrogates that JSON asks for.
    private mutating func writeEscape(_ scalar: Unicode.Scalar) {
        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
            let digits = String(unit, radix: 16)
            write("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        }
    }

    private mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Whether a scalar may appear in a line as it is. Those are escaped that steer a terminal, break a line, turn the
    /// direction of writing or cannot be seen.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value >= 0x20 }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .privateUse,
            .unassigned:
            return false
        default: return true
        }
    }
}
