/// Numbers as text with a fixed count of decimals.
enum Fixed {
    /// `decimals` is 0 … 9. Not-a-number and infinity become `–`.
    static func text(_ value: Double, _ decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled.isFinite, scaled < 9e18 else { return "–" }
        let whole = UInt64(scaled)
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let fraction = String(whole % UInt64(scale))
        return "\(sign)\(whole / UInt64(scale))." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// Three significant digits: 0.0415, 1.23, 45.6, 789, 12,345.
    static func short(_ value: Double) -> String {
        switch abs(value) {
        case 1_000...: grouped(text(value, 0))
        case 100...: text(value, 0)
        case 10...: text(value, 1)
        case 1...: text(value, 2)
        case 0.1...: text(value, 3)
        case 0: "0"
        default: text(value, 4)
        }
    }

    private static func grouped(_ digits: String) -> String {
        var text = ""
        for (index, digit) in digits.reversed().enumerated() {
            if index > 0, index % 3 == 0, digit != "-" { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}

extension String {
    /// With spaces after it up to `width` characters, or as it is when it is longer.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// With spaces before it.
    func paddedLeft(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
