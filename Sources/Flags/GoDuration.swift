import ArgumentParser

/// A length of time as Go's and Prometheus's flags write it: `250ms`, `1m30s`, `1.5h`, `5m`, `30d`, `0`.
///
/// Units are `ns`, `us` (or `µs`), `ms`, `s`, `m`, `h`, `d` (24 h), `w` (7 d) and `y` (365 d). Negative values, and those over
/// `Int64.max` nanoseconds (292 years), are refused. After Go's `time.ParseDuration` and Prometheus's
/// `model.ParseDuration`, of which this takes the union.
public struct GoDuration: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static func milliseconds(_ count: Int64) -> GoDuration { GoDuration(nanoseconds: count * 1_000_000) }
    public static func seconds(_ count: Int64) -> GoDuration { GoDuration(nanoseconds: count * 1_000_000_000) }

    public var milliseconds: Int64 { nanoseconds / 1_000_000 }
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    public static func < (left: GoDuration, right: GoDuration) -> Bool { left.nanoseconds < right.nanoseconds }

    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000), ("w", 604_800_000_000_000),
        ("y", 31_536_000_000_000_000),
    ]

    /// `nil` for text that is not a duration.
    public init?(_ text: String) {
        if text == "0" {
            self.init(nanoseconds: 0)
            return
        }
        var rest = Substring(text)
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            rest = rest.dropFirst(unit.count)
            guard let scale = Self.units.first(where: { $0.name == unit }),
                let part = Self.nanoseconds(number, of: scale.nanoseconds)
            else { return nil }
            let (sum, isOver) = total.addingReportingOverflow(part)
            if isOver { return nil }
            total = sum
        }
        self.init(nanoseconds: total)
    }

    /// `number` times `unit`, exact to the nanosecond: a `Double` of nanoseconds is off after 104 days.
    private static func nanoseconds(_ number: Substring, of unit: Int64) -> Int64? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard number.utf8.count > parts.count - 1, parts.count <= 2,
            let whole = Int64(parts[0].isEmpty ? "0" : parts[0]),
            let fraction = Double(parts.count == 2 ? "0.\(parts[1])0" : "0")
        else { return nil }
        let (product, isOver) = whole.multipliedReportingOverflow(by: unit)
        let (sum, sumIsOver) = product.addingReportingOverflow(Int64((fraction * Double(unit)).rounded()))
        return isOver || sumIsOver ? nil : sum
    }

    /// The shortest form with whole numbers: `1m30s`, `250ms`, `5m`, `30d`.
    public var description: String {
        if nanoseconds == 0 { return "0s" }
        var rest = nanoseconds
        var text = ""
        for (name, scale) in [
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
            ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
        ] as [(String, Int64)] where rest >= scale {
            text += "\(rest / scale)\(name)"
            rest %= scale
        }
        return text
    }
}

extension GoDuration: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}
