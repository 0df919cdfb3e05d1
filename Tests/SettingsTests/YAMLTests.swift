import Testing

@testable import Settings

/// What a text is refused with, or `nil`.
func refusal(_ text: String) -> String? {
    do throws(SettingsProblem) {
        _ = try SettingsFile.parse(Array(text.utf8), path: "conf/a.yml")
        return nil
    } catch {
        return error.description
    }
}

func parse(_ text: String) throws -> SettingsValue { try SettingsFile.parse(Array(text.utf8), path: "conf/a.yml") }

@Suite("YAML, with places") struct YAMLTests {
    @Test("Every value knows its line, its column and the keys that lead to it")
    func places() throws {
        let root = try parse("a: 1\nlist:\n  - x\n  - deep:\n      é: [p, q]\n")
        #expect(root.line == 1 && root.column == 1 && root.keyPath.isEmpty)
        let list = try root.map(["a", "list"])["list"]
        let items = try #require(try list?.list())
        #expect(items[0].line == 3 && items[0].column == 5 && items[0].keyPath == "list[0]")
        let deep = try #require(try items[1].members().first).value
        let inner = try #require(try deep.members().first)
        #expect(inner.name == "é" && inner.key.line == 5 && inner.key.column == 7)
        let last = try inner.value.list()[1]
        #expect(last.line == 5 && last.column == 14 && last.keyPath == "list[1].deep.é[1]")
    }

    @Test(
        "What is no YAML, or more of it than settings need, is one line with its place",
        arguments: [
            ("a: [1", "conf/a.yml:2:1: is no YAML: did not find expected ',' or ']'"),
            ("a: b: c", "conf/a.yml:1:5: is no YAML: mapping values are not allowed in this context"),
            ("\tx: 1", "conf/a.yml:1:1: is no YAML"),
            ("a: 1\nb: 2\na: 3", "conf/a.yml:3:1: the key a stands here a second time; the first is in line 1"),
            ("? [x]\n: 1", "conf/a.yml:1:3: a key is a single word or text here"),
            ("? {x: 1}\n: 1", "conf/a.yml:1:3: a key is a single word"),
            ("a: 1\n---\nb: 1", "conf/a.yml:2:1: a second document begins here"),
            ("a: *b", "conf/a.yml:1:4: there is no anchor &b before this alias"),
            ("a: &a [*a]", "conf/a.yml:1:8: there is no anchor &a"),
            ("a: !!python/object:os.system x", "conf/a.yml:1:4: the tag"),
            ("a: !secret {}", "conf/a.yml:1:4: the tag !secret means nothing here"),
            ("a: !!binary aGk=", "the tag"),
            ("a: \"\\0\"", "conf/a.yml:1:4: has a NUL character"),
            ("a: 1\nb\u{0}: 2", "conf/a.yml:2: has a NUL byte"),
            ("a: 1\nb: \u{7}", "conf/a.yml:2: is no YAML: control characters are not allowed"),
            ("<<: 7", "conf/a.yml:1:5: << takes keys with values"),
            ("<<: [7]", "conf/a.yml:1:6: << takes keys with values"),
            (String(repeating: "[", count: 40), "conf/a.yml:1:33: lies deeper than 32 levels"),
            (String(repeating: "[", count: 200_000), "lies deeper than 32 levels"),
            (String(repeating: "- ", count: 40) + "x", "lies deeper than 32 levels"),
        ])
    func refused(text: String, expected: String) throws {
        let line = try #require(refusal(text))
        #expect(line.contains(expected), "\(line)")
        #expect(!line.contains("\n"))
    }

    @Test("Text that is not UTF-8 is refused with its line")
    func encoding() {
        let bytes = Array("a: 1\nb: ".utf8) + [0xE9, 0x0A]
        #expect(throws: SettingsProblem(file: "x", line: 2, text: "is not UTF-8; save it as UTF-8")) {
            try SettingsFile.parse(bytes, path: "x")
        }
    }

    @Test("A mark of UTF-8 at the beginning is no part of it, and an empty file is null")
    func beginnings() throws {
        #expect(try parse("\u{FEFF}a: 1").map(["a"])["a"]?.string() == "1")
        for text in ["", "# nothing\n", "---\n", "null"] { #expect(try parse(text).isNull, "\(text)") }
    }

    @Test("Aliases are written out, within the bound: a file can't grow in memory")
    func aliases() throws {
        let root = try parse("a: &x [1, 2]\nb: *x\nc: {<<: {d: 1, e: 2}, d: 3}\nf: {<<: [{g: 1}, {g: 2, h: 3}]}")
        let map = try root.map(["a", "b", "c", "f"])
        #expect(try map["b"]?.list().map { try $0.string() } == ["1", "2"])
        let merged = try #require(try map["c"]?.map(["d", "e"]))
        #expect(try merged["d"]?.string() == "3" && merged["e"]?.string() == "2")
        let several = try #require(try map["f"]?.map(["g", "h"]))
        #expect(try several["g"]?.string() == "1" && several["h"]?.string() == "3")
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(items)]\n"
        }
        #expect(refusal(bomb)?.contains("there are more than 1000000 values") == true)
        let wide = "[" + String(repeating: "x,", count: 1_000_001) + "]"
        #expect(refusal(wide)?.contains("there are more than 1000000 values") == true)
    }
}
