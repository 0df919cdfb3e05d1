/// Breaks text into lines of a width.
enum Wrapping {
    /// Breaks at spaces where it can, and inside of words (paths, mostly) where it must. Never returns an empty list.
    static func lines(_ text: String, width: Int) -> [String] {
        let width = max(1, width)
        var lines: [String] = []
        var line: [TextWidth.Piece] = []
        var used = 0
        /// Where the last space is in the line.
        var space: Int?
        for piece in TextWidth.pieces(text) {
            if used + piece.width > width {
                if piece.character == " " {
                    lines.append(String(line.map(\.character)))
                    (line, used, space) = ([], 0, nil)
                    continue
                }
                let rest = space.map { Array(line[($0 + 1)...]) } ?? []
                lines.append(String((space.map { Array(line[..<$0]) } ?? line).map(\.character)))
                line = rest
                used = rest.reduce(0) { $0 + $1.width }
                space = nil
            }
            if piece.character == " " { space = line.count }
            line.append(piece)
            used += piece.width
        }
        if !line.isEmpty || lines.isEmpty { lines.append(String(line.map(\.character))) }
        return lines
    }
}
