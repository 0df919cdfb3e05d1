import Flags
import Glibc
import Testing

@testable import Admin

/// The C library has it, but its headers show it only to programs that ask for X/Open's extensions.
@_silgen_name("wcwidth")
private func wcwidth(_ character: Int32) -> Int32

@Suite("Text, numbers and times on the screen")
struct TextTests {
    @Test("Widths agree with the C library for nearly every character that is shown")
    func widths() throws {
        let locale = try #require(newlocale(LC_CTYPE_MASK, "C.UTF-8", nil))
        let before = uselocale(locale)
        defer {
            uselocale(before)
            freelocale(locale)
        }
        var differing: [UInt32] = []
        for value in UInt32(0x20)...0x3FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            switch scalar.properties.generalCategory {
            case .control, .unassigned, .privateUse, .format, .surrogate, .lineSeparator, .paragraphSeparator: continue
            default: break
            }
            let theirs = Int(wcwidth(Int32(value)))
            // Characters that this C library does not know yet are nobody's mistake.
            if theirs >= 0, theirs != TextWidth.of(scalar) { differing.append(value) }
        }
        #expect(differing.count < 10, "\(differing.prefix(40).map { String($0, radix: 16) })")
    }

    @Test("Control characters and marks of direction never come out")
    func sanitizing() {
        #expect(
            TextWidth.shown("a\u{1B}[31mb\u{7}\r\n\u{9B}c\u{202E}d\u{2028}")
                == "a\u{FFFD}[31mb\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}c\u{FFFD}d\u{FFFD}")
        #expect(TextWidth.shown("e\u{301}") == "e\u{301}")
        #expect(TextWidth.shown("\u{301}x") == " \u{301}x")
        #expect(TextWidth.of("e" + String(repeating: "\u{301}", count: 100)) == 1)
        #expect(TextWidth.shown("e" + String(repeating: "\u{301}", count: 100)).unicodeScalars.count == 4)
        #expect(TextWidth.of("東京") == 4)
        #expect(TextWidth.of("a\u{200D}b\u{FE0F}") == 2)
    }

    @Test("A frame never cuts a wide character in half, nor lets text out of its stretch")
    func frames() {
        var frame = Frame(size: Size(columns: 6, rows: 1), unicode: true)
        frame.put("a東京b", row: 0, column: 0, width: 4, style: .plain)
        #expect(frame.lines == ["a東"])
        frame.put("xyz", row: 0, column: 5, style: .plain)
        frame.put("out", row: 3, column: 0, style: .plain)
        frame.put("out", row: 0, column: 9, style: .plain)
        #expect(frame.lines == ["a東  x"])
        var plain = Frame(size: Size(columns: 6, rows: 1), unicode: false)
        plain.put("é東京b", row: 0, column: 0, style: .plain)
        #expect(plain.lines == ["???b"])
    }

    @Test("Sparklines scale to the largest value and never hide a single one")
    func sparklines() {
        #expect(Glyphs.unicode.sparkline([0, 1, 1000, nil, 500], width: 6) == " ▁▂█ ▅")
        #expect(
            Glyphs.ascii.sparkline([0, 7, 3.5], width: 3) == "_#-"
                || Glyphs.ascii.sparkline([0, 7, 3.5], width: 3) == "_#=")
        #expect(Glyphs.unicode.sparkline([], width: 3) == "   ")
        #expect(Glyphs.unicode.sparkline([1, 2], width: 0) == "")
        #expect(Glyphs.unicode.bar(share: 0.5, width: 4) == "██")
        #expect(Glyphs.unicode.bar(share: 0.0001, width: 4) == "▏")
        #expect(Glyphs.ascii.bar(share: 1.0 / 3, width: 10) == "###")
        #expect(Glyphs.unicode.bar(share: .nan, width: 4) == "")
    }

    @Test("Numbers fit their columns")
    func quantities() {
        #expect(Quantity.count(1_234_567) == "1,234,567")
        #expect(Quantity.count(-1234) == "-1,234")
        #expect(
            [0, 9_999, 10_000, 99_949, 99_950, 999_499, 999_500, 12_345_678].map(Quantity.compact)
                == ["0", "9999", "10.0k", "99.9k", "100k", "999k", "1.0M", "12.3M"])
        #expect(
            [0, 800, 9_900, 12_300, 999_400, 1_250_000, 59_000_000, 125_000_000, 4_000_000_000].map {
                Quantity.duration(microseconds: $0)
            }
                == ["0.0ms", "0.8ms", "9.9ms", "12ms", "999ms", "1.25s", "59.0s", "2m05s", "1h06m"])
        #expect(
            [-5, 0, 99_000, 100_000, 7_200_000, 200_000_000, 90_000_000_000].map { Quantity.age(milliseconds: $0) }
                == ["0s", "0s", "99s", "1m", "2h", "2d", "2y"])
        #expect(
            [0, 0.0001, 0.005, 0.0994, 0.0996, 0.5, 0.9999, 1, .nan].map(Quantity.share)
                == ["0%", "<0.1%", "0.5%", "9.9%", "10%", "50%", "99%", "100%", "0%"])
        #expect([0, 0.001, 0.07, 3.44, 3333].map(Quantity.rate) == ["0", "<0.01", "0.07", "3.4", "3,333"])
        #expect(Quantity.bytes(5120) == "5.0 KiB" && Quantity.bytes(500) == "500 B")
        #expect(Quantity.fixed(.infinity, digits: 2) == "-")
        #expect(Quantity.span(milliseconds: 273_900_000) == "3d 4h")
    }

    @Test("Local times of today are a clock, others have their date as well")
    func localTimes() {
        let now = Moment(wall: 1_793_887_402_000, uptime: 0, utcOffset: 36_000)
        #expect(ShownTime.local(now.wall, now: now) == "00:03:22")
        #expect(ShownTime.local(now.wall - 203_000, now: now) == "2026-11-05 23:59:59")
        #expect(ShownTime.localClock(now.wall - 203_000, now: now) == "23:59:59")
    }

    @Test("A mark that does not join a wide character leaves one cell that says so")
    func foreignMark() {
        // A vowel of old Hangul, which joins syllables only.
        #expect(TextWidth.pieces("」\u{D7D1}") == [TextWidth.Piece(character: "\u{FFFD}", width: 1)])
        #expect(TextWidth.of("」\u{D7D1}") == 1)
    }

    @Test("A joiner between marks does not let more of them onto one character")
    func marksAroundJoiner() {
        let marks = "\u{301}\u{301}\u{301}"
        #expect(TextWidth.shown("e\(marks)\u{200D}\(marks)") == "e\(marks)")
    }

    @Test("Points in time are durations ago, or dates")
    func pointsInTime() throws {
        #expect(try PointInTime("15m").time(now: 1_000_000_000) == 999_100_000)
        #expect(try PointInTime("2026-11-05T14:03:22Z").time(now: 0) == 1_793_887_402_000)
        #expect(try PointInTime("1970-01-01").time(now: 5) == 0)
        for (wrong, expected) in [
            ("", "a duration"), ("yesterday", "a duration"), ("2026-11-5", "a duration"), ("-5m", "a duration"),
            ("2026-11-05T10:00:00", "2026-11-05T14:03:22Z"), ("2026-02-31", "a date that exists"),
            ("2026-11-05T25:00:00Z", "a time"),
        ] {
            let error = #expect(throws: FlagValue.Expected.self, "\(wrong)") { try PointInTime(wrong) }
            #expect(try #require(error).description.contains(expected), "\(wrong)")
        }
    }

    @Test("A date that does not exist is refused, and the flag named")
    func impossibleDate() throws {
        for command in ["clients", "failures"] {
            let error = #expect(throws: (any Error).self) {
                try PushproxAdmin.parseAsRoot([command, "--since", "2026-02-31"])
            }
            let message = PushproxAdmin.message(for: try #require(error))
            #expect(message.contains("'2026-02-31'") && message.contains("--since"), "\(message)")
            #expect(message.contains("expected a date that exists"), "\(message)")
        }
    }

    @Test("Lines break at spaces where they can")
    func wrapping() {
        #expect(Wrapping.lines("one two three", width: 8) == ["one two", "three"])
        #expect(Wrapping.lines("one two", width: 7) == ["one two"])
        #expect(Wrapping.lines("abcdefghij", width: 4) == ["abcd", "efgh", "ij"])
        #expect(Wrapping.lines("", width: 4) == [""])
        #expect(Wrapping.lines("東京東京", width: 5) == ["東京", "東京"])
    }

    @Test("Colour is used where there is some, and is never the only sign")
    func palettes() {
        #expect(ColorDepth(colors: 256, noColor: nil) == .rich)
        #expect(ColorDepth(colors: 16, noColor: nil) == .basic)
        #expect(ColorDepth(colors: -1, noColor: nil) == .none)
        #expect(ColorDepth(colors: 256, noColor: "1") == .none)
        #expect(ColorDepth(colors: 256, noColor: "") == .rich)
        for role in Role.allCases {
            let plain = Palette(depth: .none).appearance(Style(role: role))
            #expect(plain.foreground == nil && plain.background == nil)
            for depth in [ColorDepth.none, .basic, .rich] {
                #expect(Palette(depth: depth).appearance(Style(role: role, selected: true)).reversed)
            }
        }
        for role in [Role.bad, .banner, .tab, .sorted, .heading, .input] {
            #expect(Palette(depth: .none).appearance(Style(role: role)) != Appearance(), "\(role)")
        }
    }
}
