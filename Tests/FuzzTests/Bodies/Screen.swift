@testable import Admin

extension FuzzBody {
    /// Texts on their way to the screen, and times that `--since` takes.
    static let screen = FuzzBody(name: "screen") { bytes in
        let text = FuzzInput(bytes).text
        let pieces = TextWidth.pieces(text)
        try require(pieces.allSatisfy { $0.width == 1 || $0.width == 2 }, "a cell that is neither narrow nor wide")
        let shown = TextWidth.shown(text)
        for scalar in shown.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator:
                throw Violation(description: "U+\(String(scalar.value, radix: 16)) reaches the terminal")
            default: break
            }
        }
        let width = pieces.reduce(0) { $0 + $1.width }
        try require(TextWidth.of(text) == width, "\(TextWidth.of(text)) cells are reckoned, \(width) taken")
        try require(TextWidth.shown(shown) == shown, "shown once as \(shown), twice as \(TextWidth.shown(shown))")
        try require(TextWidth.of(shown) == width, "\(width) cells become \(TextWidth.of(shown))")

        let now: Int64 = 1_793_887_402_000
        guard let time = try? PointInTime(text).time(now: now) else { return }
        if text.utf8.first == UInt8(ascii: "-") || text.utf8.contains(UInt8(ascii: "-")) {
            let date = ShownTime.utc(time)
            try require(date.hasPrefix(text.dropLast(text.hasSuffix("Z") ? 1 : 0)), "\(text) is taken for \(date)")
        } else {
            try require(time <= now, "\(text) ago is in the future")
        }
    }
}
