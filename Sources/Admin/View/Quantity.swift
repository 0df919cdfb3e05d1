/// Numbers and times as people read them. ASCII only, so that they look the same on every terminal.
enum Quantity {
    /// `1,234,567`.
    static func count(_ value: Int64) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    static func count(_ value: Int) -> String { count(Int64(value)) }

    /// At most five characters: `999`, `12.3k`, `4.5M`.
    static func compact(_ value: Int) -> String {
        let size = Double(value)
        switch value {
        case ..<10_000: return String(value)
        case ..<999_500: return scaled(size / 1e3, "k")
        case ..<999_500_000: return scaled(size / 1e6, "M")
        default: return scaled(size / 1e9, "G")
        }
    }

    private static func scaled(_ value: Double, _ unit: String) -> String {
        value < 99.95 ? fixed(value, digits: 1) + unit : fixed(value, digits: 0) + unit
    }

    /// Bytes in powers of 1024: `512 B`, `4.9 KiB`.
    static func bytes(_ value: Int64) -> String {
        if value < 1024 { return "\(value) B" }
        var size = Double(value) / 1024
        for unit in ["KiB", "MiB", "GiB"] {
            if size < 1023.95 { return fixed(size, digits: size < 99.95 ? 1 : 0) + " " + unit }
            size /= 1024
        }
        return fixed(size, digits: 1) + " TiB"
    }

    /// A duration given in microseconds, at most six characters: `0.8ms`, `12ms`, `1.25s`, `2m05s`.
    static func duration(microseconds: Int64) -> String {
        let milliseconds = Double(microseconds) / 1e3
        if milliseconds < 9.95 { return fixed(milliseconds, digits: 1) + "ms" }
        if milliseconds < 999.5 { return fixed(milliseconds, digits: 0) + "ms" }
        let seconds = milliseconds / 1e3
        if seconds < 9.995 { return fixed(seconds, digits: 2) + "s" }
        if seconds < 59.95 { return fixed(seconds, digits: 1) + "s" }
        let whole = Int64(seconds.rounded())
        if whole < 3600 { return "\(whole / 60)m\(padded(whole % 60))s" }
        return "\(whole / 3600)h\(padded(whole % 3600 / 60))m"
    }

    /// How long ago, in one unit and at most four characters: `0s`, `59s`, `12m`, `3h`, `9d`, `2y`.
    static func age(milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        switch seconds {
        case ..<100: return "\(seconds)s"
        case ..<6_000: return "\(seconds / 60)m"
        case ..<172_800: return "\(seconds / 3600)h"
        case ..<63_072_000: return "\(seconds / 86_400)d"
        default: return "\(seconds / 31_536_000)y"
        }
    }

    /// A span in two units: `42s`, `3m 12s`, `4h 5m`, `3d 4h`.
    static func span(milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(seconds % 60)s"
        case ..<86_400: return "\(seconds / 3600)h \(seconds % 3600 / 60)m"
        default: return "\(seconds / 86_400)d \(seconds % 86_400 / 3600)h"
        }
    }

    /// A share from 0 to 1 in at most five characters; only nothing is `0%`, and only everything `100%`.
    static func share(_ share: Double) -> String {
        let percent = share * 100
        if !(percent > 0) { return "0%" }
        if percent < 0.1 { return "<0.1%" }
        if percent >= 100 { return "100%" }
        if percent < 9.95 { return fixed(percent, digits: 1) + "%" }
        return "\(min(99, Int(percent.rounded())))%"
    }

    /// A rate per second: `0`, `0.07`, `3.4`, `3,333`.
    static func rate(_ perSecond: Double) -> String {
        if !(perSecond > 0) { return "0" }
        if perSecond < 0.995 { return perSecond < 0.01 ? "<0.01" : fixed(perSecond, digits: 2) }
        if perSecond < 99.95 { return fixed(perSecond, digits: 1) }
        return count(Int64(min(perSecond, 1e15).rounded()))
    }

    /// A number with so many decimals; `-` for what is not a number.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        let scale: Int64 = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000][min(max(digits, 0), 6)]
        let units = Int64((abs(value) * Double(scale)).rounded())
        let whole = units / scale
        let sign = value < 0 && units > 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(whole)" }
        let rest = String(units % scale)
        return sign + "\(whole)." + String(repeating: "0", count: min(digits, 6) - rest.count) + rest
    }

    static func padded(_ value: Int64, width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
