/// Writes metric families in Prometheus's text format, version 0.0.4.
struct TextExposition {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ family: MetricFamily) {
        write("# HELP \(family.name) \(Self.escapedHelp(family.help))\n")
        write("# TYPE \(family.name) \(family.kind.rawValue)\n")
        for member in family.members {
            switch member.source {
            case .counter(let counter): line(family.name, member.labels, String(counter.value))
            case .gauge(let gauge): line(family.name, member.labels, String(gauge.value))
            case .sampled(let read): line(family.name, member.labels, Self.number(read()))
            case .histogram(let histogram): append(histogram, name: family.name, labels: member.labels)
            }
        }
    }

    private mutating func append(_ histogram: Histogram, name: String, labels: String) {
        let snapshot = histogram.snapshot()
        let separator = labels.isEmpty ? "" : ","
        for (bound, count) in zip(histogram.bounds + [.infinity], snapshot.counts) {
            line("\(name)_bucket", "\(labels)\(separator)le=\"\(Self.number(bound))\"", String(count))
        }
        line("\(name)_sum", labels, Self.seconds(nanoseconds: snapshot.sumNanoseconds))
        line("\(name)_count", labels, String(snapshot.total))
    }

    private mutating func line(_ name: String, _ labels: String, _ value: String) {
        write(labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n")
    }

    private mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// The shortest text that reads back as the same number; whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }

    /// Nanoseconds as seconds, exactly, without trailing zeros.
    static func seconds(nanoseconds: Int64) -> String {
        let whole = nanoseconds / 1_000_000_000
        let rest = nanoseconds % 1_000_000_000
        if rest == 0 { return String(whole) }
        var digits = String(rest)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    static func escapedHelp(_ text: String) -> String { escaped(text, quotes: false) }

    static func escapedLabelValue(_ text: String) -> String { escaped(text, quotes: true) }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
