/// How many cells characters take, and which characters may reach a terminal at all.
enum TextWidth {
    /// Cells that a scalar takes: 0 for combining marks and for what is never shown, 2 for wide ones, else 1.
    ///
    /// After East Asian Width (UAX #11, Unicode 15) W and F; ambiguous ones are narrow, as terminals have it outside of
    /// East Asian locales. A test compares this with the C library's `wcwidth`.
    static func of(_ scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return value == 0xAD ? 0 : 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return 0 }
        return isWide(value) ? 2 : 1
    }

    /// Cells that a text takes after `shown(_:)`.
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
        return pieces(text).reduce(0) { $0 + $1.width }
    }

    /// A character as a cell holds it: what is written, and how many cells it takes (1 or 2).
    struct Piece: Equatable {
        var character: Character
        var width: Int
    }

    /// Marks that may sit on one character; more would overflow what ncurses stores in a cell, or smear over other lines.
    private static let maximumMarks = 3

    /// A text as cells: control characters and those that reorder or hide text become `�`, combining marks join the
    /// character before them.
    ///
    /// Characters that join others into one picture (emoji sequences) are dropped, because terminals disagree about the
    /// width of the result: the parts are shown one after the other.
    static func pieces(_ text: some StringProtocol) -> [Piece] {
        var pieces: [Piece] = []
        pieces.reserveCapacity(text.utf8.count)
        var marks = 0
        for scalar in text.unicodeScalars {
            if scalar.value >= 0x20, scalar.value < 0x7F {
                pieces.append(Piece(character: Character(scalar), width: 1))
                marks = 0
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator:
                pieces.append(Piece(character: "\u{FFFD}", width: 1))
                marks = 0
            case .format:
                // A soft hyphen, joiners and variation selectors say nothing here; marks of direction could forge a name.
                // What is dropped must not let more marks onto the character before it.
                if isHarmless(scalar.value) { continue }
                pieces.append(Piece(character: "\u{FFFD}", width: 1))
                marks = 0
            case .nonspacingMark, .enclosingMark:
                if (0xFE00...0xFE0F).contains(scalar.value) || (0xE0100...0xE01EF).contains(scalar.value) { continue }
                guard marks < maximumMarks else { continue }
                marks += 1
                attach(scalar, to: &pieces)
            default:
                let width = TextWidth.of(scalar)
                if width == 0 {
                    guard marks < maximumMarks else { continue }
                    marks += 1
                    attach(scalar, to: &pieces)
                } else {
                    pieces.append(Piece(character: Character(scalar), width: width))
                    marks = 0
                }
            }
        }
        return pieces
    }

    /// A text as the terminal may have it: see `pieces(_:)`.
    static func shown(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        return String(String.UnicodeScalarView(pieces(text).flatMap { $0.character.unicodeScalars }))
    }

    private static func attach(_ mark: Unicode.Scalar, to pieces: inout [Piece]) {
        guard let last = pieces.last else {
            // A mark with nothing before it gets a space to sit on.
            var view = String.UnicodeScalarView([" "])
            view.append(mark)
            pieces.append(Piece(character: single(String(view)), width: 1))
            return
        }
        var view = String.UnicodeScalarView(last.character.unicodeScalars)
        view.append(mark)
        let character = single(String(view))
        pieces[pieces.count - 1] = Piece(character: character, width: character == "\u{FFFD}" ? 1 : last.width)
    }

    /// A character of the text, or the replacement character where the text turns out to be several.
    private static func single(_ text: String) -> Character {
        text.count == 1 ? Character(text) : "\u{FFFD}"
    }

    private static func isHarmless(_ value: UInt32) -> Bool {
        value == 0xAD || value == 0x200C || value == 0x200D || value == 0x2060 || value == 0xFEFF
    }

    /// Ranges of scalars that take two cells, ascending.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3,
        0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F, 0x2693...0x2693, 0x26A1...0x26A1,
        0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA,
        0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B,
        0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
        0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x2E80...0x2E99,
        0x2E9B...0x2EF3, 0x2F00...0x2FD5, 0x2FF0...0x2FFB, 0x3000...0x303E, 0x3041...0x3096, 0x3099...0x30FF,
        0x3105...0x312F, 0x3131...0x318E, 0x3190...0x31E3, 0x31F0...0x321E, 0x3220...0xA48C,
        0xA490...0xA4C6, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
        0xFE30...0xFE52, 0xFE54...0xFE66, 0xFE68...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x16FE4,
        0x16FF0...0x16FF1, 0x17000...0x187F7, 0x18800...0x18CD5, 0x18D00...0x18D08, 0x1AFF0...0x1AFF3,
        0x1AFF5...0x1AFFB, 0x1AFFD...0x1AFFE, 0x1B000...0x1B122, 0x1B132...0x1B132, 0x1B150...0x1B152,
        0x1B155...0x1B155, 0x1B164...0x1B167, 0x1B170...0x1B2FB, 0x1F004...0x1F004, 0x1F0CF...0x1F0CF,
        0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F200...0x1F202, 0x1F210...0x1F23B, 0x1F240...0x1F248,
        0x1F250...0x1F251, 0x1F260...0x1F265, 0x1F300...0x1F320, 0x1F32D...0x1F335, 0x1F337...0x1F37C,
        0x1F37E...0x1F393, 0x1F3A0...0x1F3CA, 0x1F3CF...0x1F3D3, 0x1F3E0...0x1F3F0, 0x1F3F4...0x1F3F4,
        0x1F3F8...0x1F43E, 0x1F440...0x1F440, 0x1F442...0x1F4FC, 0x1F4FF...0x1F53D, 0x1F54B...0x1F54E,
        0x1F550...0x1F567, 0x1F57A...0x1F57A, 0x1F595...0x1F596, 0x1F5A4...0x1F5A4, 0x1F5FB...0x1F64F,
        0x1F680...0x1F6C5, 0x1F6CC...0x1F6CC, 0x1F6D0...0x1F6D2, 0x1F6D5...0x1F6D7, 0x1F6DC...0x1F6DF,
        0x1F6EB...0x1F6EC, 0x1F6F4...0x1F6FC, 0x1F7E0...0x1F7EB, 0x1F7F0...0x1F7F0, 0x1F90C...0x1F93A,
        0x1F93C...0x1F945, 0x1F947...0x1F9FF, 0x1FA70...0x1FA7C, 0x1FA80...0x1FA88, 0x1FA90...0x1FABD,
        0x1FABF...0x1FAC5, 0x1FACE...0x1FADB, 0x1FAE0...0x1FAE8, 0x1FAF0...0x1FAF8, 0x20000...0x2FFFD,
        0x30000...0x3FFFD,
    ]

    private static func isWide(_ value: UInt32) -> Bool {
        var low = 0
        var high = wide.count
        while low < high {
            let middle = (low + high) / 2
            if wide[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < wide.count && wide[low].contains(value)
    }
}
