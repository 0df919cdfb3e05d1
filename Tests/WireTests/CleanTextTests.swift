import Testing
import Wire

@Suite struct CleanTextTests {
    @Test(
        "What steers a terminal, breaks a line, turns the direction of writing or can't be seen becomes a space",
        arguments: [
            0x00...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2064, 0x2066...0x206F,
            0xFEFF...0xFEFF, 0xE0020...0xE007F,
        ] as [ClosedRange<UInt32>])
    func cleaned(scalars: ClosedRange<UInt32>) throws {
        for value in scalars {
            let scalar = try #require(Unicode.Scalar(value))
            #expect("a\(Character(scalar))b".withoutControls == "a b", "U+\(String(value, radix: 16))")
        }
    }

    @Test("Other text stays as it is", arguments: ["", "plain text ~", "Grüße, 東京", "e\u{301}", "👍 \u{FFFD}"])
    func kept(text: String) { #expect(text.withoutControls == text) }

    @Test("A carriage return before a line feed is two characters, and both go")
    func lineEnds() { #expect("a\r\nb".withoutControls == "a  b") }

    @Test("Text is cut between characters, never inside one")
    func cut() {
        #expect("abc".prefix(utf8Bytes: 3) == "abc")
        #expect("abcé".prefix(utf8Bytes: 4) == "abc")
        #expect("é".prefix(utf8Bytes: 0) == "")
    }
}
