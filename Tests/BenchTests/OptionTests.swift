import Testing

@testable import Bench

@Suite("What is given on the command line")
struct OptionTests {
    @Test("A command is split at white space, and quotes keep it together")
    func splitting() {
        #expect(
            CommandTemplate("./proxy  --a=1 'b c' \"d 'e'\" f\\ g ''")?.words == [
                "./proxy", "--a=1", "b c", "d 'e'", "f g", "",
            ])
        #expect(CommandTemplate("") == nil)
        #expect(CommandTemplate("proxy 'open") == nil)
        #expect(CommandTemplate("proxy \\") == nil)
    }

    @Test("Known placeholders are filled, wherever they stand; others stay")
    func filling() {
        let command = CommandTemplate("{bin} --l=127.0.0.1:{port} {dir}/a{port}b {other} {")
        #expect(
            command?.filled(["port": "81", "dir": "/d", "bin": "x"]) == [
                "x", "--l=127.0.0.1:81", "/d/a81b", "{other}", "{",
            ])
    }

    @Test("A contestant has a name and a command")
    func contestants() {
        let named = NamedCommand("ours-2=./p --storage.path=")
        #expect(named?.name == "ours-2")
        #expect(named?.command.words == ["./p", "--storage.path="])
        for wrong in ["./p", "=./p", "a b=./p", "a=", "a/b=./p"] { #expect(NamedCommand(wrong) == nil) }
    }

    @Test(
        "Sizes have units",
        arguments: [
            ("5k", 5_000), ("5kB", 5_000), ("1M", 1_000_000), ("1MiB", 1_048_576), ("64KiB", 65_536), ("12", 12),
            ("1.5k", 1_500),
        ])
    func sizes(text: String, bytes: Int) { #expect(ByteSize(text)?.bytes == bytes) }

    @Test("What is no size is refused", arguments: ["", "k", "-1", "5x", "2000M", "nan", "inf"])
    func notSizes(text: String) { #expect(ByteSize(text) == nil) }

    @Test("A distribution of sizes is drawn from by weight, and alike for one seed")
    func distribution() {
        let sizes = BodySizes("1k:90,1M:10")
        var random = SeededRandom(seed: 3)
        let drawn = (0..<1_000).compactMap { _ in sizes?.pick(&random) }
        #expect((800..<980).contains(drawn.filter { $0 == 1_000 }.count))
        var again = SeededRandom(seed: 3)
        #expect(drawn == (0..<1_000).compactMap { _ in sizes?.pick(&again) })
        for wrong in ["", "1k:0", "1k:x", "1k,,2k"] { #expect(BodySizes(wrong) == nil) }
    }

    @Test("A proxy's address is HTTP or HTTPS with a port")
    func addresses() {
        #expect(ProxyAddress("http://127.0.0.1:8080/")?.authority == "127.0.0.1:8080")
        #expect(ProxyAddress("[::1]:80")?.host == "::1")
        #expect(ProxyAddress("https://a:1")?.isTLS == true && ProxyAddress("a:1")?.isTLS == false)
        #expect(ProxyAddress("[::1]:80")?.authority == "[::1]:80")
        for wrong in ["127.0.0.1", "https://http://a:1", "http://a:1/x", ":80", "a:0", "a:70000", "::1:80", "a:+80"] {
            #expect(ProxyAddress(wrong) == nil)
        }
    }

    @Test("Ratios and commands that do not fit are refused with a reason")
    func validation() throws {
        #expect(RatioRequest("a/b") == RatioRequest(numerator: "a", denominator: "b"))
        #expect(RatioRequest("a") == nil)
        #expect(throws: (any Error).self) { try CompareCommand.parse([]) }
        #expect(throws: (any Error).self) { try CompareCommand.parse(["--proxy", "a=x", "--proxy", "a=y"]) }
        #expect(throws: (any Error).self) { try CompareCommand.parse(["--proxy", "a=x", "--ratio", "a/b"]) }
        #expect(throws: (any Error).self) { try CompareCommand.parse(["--proxy", "a=x", "--workload", "client"]) }
        #expect(try CompareCommand.parse(["--proxy", "a=x {port}", "--workload", "idle"]).workload == [.idle])
        #expect(throws: (any Error).self) {
            try ScrapeCommand.parse(["--url", "http://a:1", "--rate", "1", "--in-flight", "2"])
        }
    }

    @Test("CPUs are halved between what is measured and the load")
    func pinning() {
        #expect(Pinning(cpus: 1) == nil)
        #expect(Pinning(cpus: 2)?.measured == "0")
        #expect(Pinning(cpus: 2)?.load == "1")
        #expect(Pinning(cpus: 8)?.measuring(["p"]) == ["taskset", "-c", "0-3", "p"])
        #expect(Pinning(cpus: 8)?.load == "4-7")
    }
}
