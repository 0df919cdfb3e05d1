/// The drawing characters, for a terminal that shows Unicode and for one that does not.
struct Glyphs: Equatable, Sendable {
    /// Eight levels, lowest first.
    var levels: [Character]
    /// Eight fillings of one cell from the left, least first.
    var bar: [Character]
    var ellipsis: Character
    var ascending: Character
    var descending: Character
    var rule: Character
    var bullet: Character
    /// Whether text outside ASCII may reach the terminal.
    var unicode: Bool

    static let unicode = Glyphs(
        levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], bar: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
        ellipsis: "…", ascending: "▲", descending: "▼", rule: "─", bullet: "·", unicode: true)

    static let ascii = Glyphs(
        levels: ["_", ".", ":", "-", "=", "+", "*", "#"], bar: ["#", "#", "#", "#", "#", "#", "#", "#"],
        ellipsis: "~", ascending: "^", descending: "v", rule: "-", bullet: "-", unicode: false)

    /// Newest values at the right end, one cell each, scaled from zero to the largest shown; a missing value is blank.
    ///
    /// - Returns: Exactly `width` characters. Any value above zero shows above the lowest level, so that a single failure
    ///   among thousands is seen.
    func sparkline(_ values: [Double?], width: Int) -> String {
        let shown = values.suffix(max(0, width))
        let top = shown.lazy.compactMap { $0 }.max() ?? 0
        var text = String(repeating: " ", count: max(0, width) - shown.count)
        for value in shown {
            guard let value else {
                text.append(" ")
                continue
            }
            guard top > 0, value > 0 else {
                text.append(levels[0])
                continue
            }
            let step = Int((value / top * Double(levels.count - 1)).rounded(.up))
            text.append(levels[min(max(step, 1), levels.count - 1)])
        }
        return text
    }

    /// A horizontal bar of a share of `width` cells; a share above zero is never empty.
    ///
    /// - Parameter share: From 0 to 1; others are clamped, and what is not a number counts as 0.
    func bar(share: Double, width: Int) -> String {
        guard share > 0, width > 0 else { return "" }
        let eighths = max(1, Int((min(share, 1) * Double(width * 8)).rounded()))
        var text = String(repeating: bar[7], count: eighths / 8)
        if eighths % 8 > 0, unicode || eighths < 8 { text.append(bar[eighths % 8 - 1]) }
        return text
    }
}
