import Testing

@testable import Settings

@Suite("Reading values as what they should be") struct ReadingTests {
    private func problem<Value>(_ text: String, _ read: (SettingsValue) throws -> Value) throws -> String {
        let value = try #require(try parse(text).members().first).value
        do {
            _ = try read(value)
            return ""
        } catch let error as SettingsProblem {
            return error.description
        }
    }

    @Test("Booleans as Go's YAML has them, without quotes")
    func booleans() throws {
        for word in ["true", "Yes", "ON", "y"] { #expect(try parse(word).bool()) }
        for word in ["false", "No", "off", "N"] { #expect(try !parse(word).bool()) }
        #expect(try problem("a: maybe") { try $0.bool() } == "conf/a.yml:1: a: expected true or false, found maybe")
        #expect(try problem("a: 'true'") { try $0.bool() }.contains("without quotes, found text in quotes"))
        #expect(try problem("a: [true]") { try $0.bool() }.hasSuffix("found a list"))
    }

    @Test("Whole numbers within a range")
    func numbers() throws {
        #expect(try parse("7").int(in: 0...9) == 7)
        for text in ["10", "-1", "1.5", "99999999999999999999", "x", "0x1"] {
            let expected = "conf/a.yml:1: a: expected a whole number from 0 to 9, found \(text)"
            #expect(try problem("a: \(text)") { try $0.int(in: 0...9) } == expected)
        }
    }

    @Test("Text is whatever is a single value; errors do not repeat it")
    func text() throws {
        for (text, value) in [("7", "7"), ("yes", "yes"), ("'null'", "null"), ("\"a\\tb\"", "a\tb"), ("!!str 1", "1")] {
            #expect(try parse(text).string() == value)
        }
        #expect(try parse("|\n  a\n  b\n").string() == "a\nb\n")
        let error = try problem("a: {hunter2: hunter2}") { try $0.secret("a password") }
        #expect(error == "conf/a.yml:1: a: expected a password, found keys with values")
        #expect(try problem("a:") { try $0.string() } == "conf/a.yml:1: a: expected text, found nothing")
        #expect(
            try problem("a: ten") { try $0.parsed(as: "a number", { Int($0) }) }
                == "conf/a.yml:1: a: expected a number, found ten")
    }

    @Test("Unknown keys are named with their place, and with those that there are")
    func unknownKeys() throws {
        #expect(
            try problem("a:\n  scrap: 1") { try $0.map(["scrape", "read"]) }
                == "conf/a.yml:2: a.scrap: there is no such key here; the keys are scrape, read")
        #expect(
            try problem("a: 1") { try $0.map(["b"]) }
                == "conf/a.yml:1: a: expected keys with values: b, found another value")
        let hostile = try problem("a:\n  \"x\\nfake: error\\e[31m\(String(repeating: "y", count: 300))\": 1") {
            try $0.map(["b"])
        }
        #expect(!hostile.contains("\n") && !hostile.contains("\u{1B}") && hostile.utf8.count < 200)
    }

    @Test("A key with nothing behind it is one that is not there")
    func nothing() throws {
        let map = try parse("a:\nb: ~\nc: ''").map(["a", "b", "c", "d"])
        #expect(map["a"] == nil && map["b"] == nil && map["d"] == nil && map["c"] != nil)
        #expect(throws: SettingsProblem.self) { try map.required("a", "give a file name") }
        #expect(try parse("").map(["a"])["a"] == nil && parse("").list().isEmpty && parse("").members().isEmpty)
    }

    @Test("File names count from the folder of the file that names them")
    func fileNames() throws {
        func name(_ name: String, in file: String) throws -> String {
            try SettingsFile.parse(Array(name.utf8), path: file).fileName()
        }
        #expect(try name("tls/a.pem", in: "conf/web.yml") == "conf/tls/a.pem")
        #expect(try name("a.pem", in: "web.yml") == "a.pem")
        #expect(try name("a.pem", in: "/web.yml") == "/a.pem")
        #expect(try name("/etc/a.pem", in: "conf/web.yml") == "/etc/a.pem")
        #expect(throws: SettingsProblem.self) { try name("''", in: "conf/web.yml") }
    }
}

extension SettingsValue: Equatable {
    public static func == (left: SettingsValue, right: SettingsValue) -> Bool {
        left.keyPath == right.keyPath && left.line == right.line
    }
}
