import Clients
import Testing

@Suite("What a client declares") struct DeclarationTests {
    private func problem(_ body: () throws(DeclarationProblem) -> Void) -> String? {
        do throws(DeclarationProblem) {
            try body()
            return nil
        } catch {
            return error.explanation
        }
    }

    @Test(
        "A label is a name and a value, percent-encoded as text",
        arguments: [
            ("site", "berlin", "site=berlin"), ("_a1", "", "_a1="), ("team", "web ops", "team=web%20ops"),
            ("a", "100%", "a=100%25"), ("a", "é", "a=%C3%A9"), ("a", "b=c,\"\\", "a=b=c,\"\\"),
        ])
    func label(name: String, value: String, text: String) throws {
        let label = try Label(name, value)
        #expect(label.text == text)
        #expect(try Label(text: text) == label)
        #expect(try Label(written: name + "=" + value) == label)
    }

    @Test(
        "What is wrong with a label is said",
        arguments: [
            ("site", "label \"site\" has no value: name=value"),
            ("=x", "label name \"\" is none: letters, digits and _, a digit not at its beginning"),
            ("1a=x", "label name \"1a\" is none: letters, digits and _, a digit not at its beginning"),
            ("a-b=x", "label name \"a-b\" is none: letters, digits and _, a digit not at its beginning"),
            ("é=x", "label name \"é\" is none: letters, digits and _, a digit not at its beginning"),
            ("__foo=x", "label name \"__foo\" is reserved, as all that begin with __"),
            ("__address__=x", "label name \"__address__\" is reserved, as all that begin with __"),
            ("a=%0A", "the value of label \"a\" is no UTF-8, or has control characters"),
            ("a=%7F", "the value of label \"a\" is no UTF-8, or has control characters"),
            ("a=%C2%85", "the value of label \"a\" is no UTF-8, or has control characters"),
            ("a=%FF", "the value of label \"a\" is no UTF-8, or has control characters"),
            ("a=%", "\"a=%\" is not percent-encoded as it should be"),
            ("a=%4", "\"a=%4\" is not percent-encoded as it should be"),
            ("a=%+1", "\"a=%+1\" is not percent-encoded as it should be"),
            ("a=b c", "\"a=b c\" is not percent-encoded as it should be"),
            ("a=é", "\"a=é\" is not percent-encoded as it should be"),
        ])
    func wrongLabel(text: String, explanation: String) {
        #expect(problem { () throws(DeclarationProblem) in _ = try Label(text: text) } == explanation)
    }

    @Test("What is said of a problem is short, and steers no terminal")
    func bounded() {
        let name = String(repeating: "x\u{1B}\u{202E}\n", count: 1_000)
        let said = problem { () throws(DeclarationProblem) in _ = try Label(name, "") } ?? ""
        #expect(said.utf8.count < 150 && said.hasPrefix("label name \"x???x???"))
        #expect(said.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E })
    }

    @Test(
        "A target is a port, perhaps a path with parameters, and labels",
        arguments: [
            ("9100", "9100", "/metrics"), ("9100/metrics", "9100", "/metrics"), ("1/", "1/", "/"),
            ("65535/a/b", "65535/a/b", "/a/b"), ("9116/snmp?module=x", "9116/snmp?module=x", "/snmp?module=x"),
            ("1/a?c=2&b=1", "1/a?b=1&c=2", "/a?b=1&c=2"), ("1/a?", "1/a", "/a"),
            ("1/a?b=x+y&c=%2b", "1/a?b=x%20y&c=%2B", "/a?b=x%20y&c=%2B"),
            ("1/probe?target=https://a.b:1/c", "1/probe?target=https://a.b:1/c", "/probe?target=https://a.b:1/c"),
            ("1/%61%20%c3%a9", "1/a%20%C3%A9", "/a%20%C3%A9"),
            ("9113 job=nginx team=web%20ops", "9113 job=nginx team=web%20ops", "/metrics"),
            ("9113/a  b=2   a=1 ", "9113/a a=1 b=2", "/a"),
        ])
    func target(text: String, canonical: String, path: String) throws {
        let target = try DeclaredTarget(text: text)
        #expect(target.text == canonical && target.path.description == path)
        #expect(try DeclaredTarget(text: canonical) == target)
    }

    @Test(
        "What is wrong with a target is said",
        arguments: [
            ("", "port \"\" is none: 1 to 65535"), ("0", "port \"0\" is none: 1 to 65535"),
            ("65536/x", "port \"65536\" is none: 1 to 65535"), ("+1", "port \"+1\" is none: 1 to 65535"),
            ("metrics", "port \"metrics\" is none: 1 to 65535"), ("1?a=b", "port \"1?a=b\" is none: 1 to 65535"),
            ("1/a#b", "path \"/a#b\" has a #, which is written %23"),
            ("1/a%2fb", "path \"/a%2fb\" has a %2F, which Prometheus can't tell from /"),
            ("1/a%", "path \"/a%\" has a % that two hexadecimal digits don't follow"),
            ("1/a%00", "path \"/a%00\" is no UTF-8, or has control characters"),
            ("1/a%80", "path \"/a%80\" is no UTF-8, or has control characters"),
            ("1/a?b-c=1", "path \"/a?b-c=1\" has a parameter whose name is not made of letters, digits and _ alone"),
            ("1/a?&b=c", "path \"/a?&b=c\" has a parameter whose name is not made of letters, digits and _ alone"),
            ("1/a?b&c=1", "path \"/a?b&c=1\" has a parameter without a value, which Prometheus would leave out"),
            ("1/a?b=", "path \"/a?b=\" has a parameter without a value, which Prometheus would leave out"),
            ("1/a?b=1&%62=2", "path \"/a?b=1&%62=2\" has a parameter twice"),
            ("1 a=1 a=2", "label \"a\" is there twice"),
            ("1 __a=1", "label name \"__a\" is reserved, as all that begin with __"),
            ("1/é", "\"1/é\" is not percent-encoded as it should be"),
            ("1\ta=b", "\"1?a=b\" is not percent-encoded as it should be"),
        ])
    func wrongTarget(text: String, explanation: String) {
        #expect(problem { () throws(DeclarationProblem) in _ = try DeclaredTarget(text: text) } == explanation)
    }

    @Test("People may write a path as it is")
    func writtenPath() throws {
        #expect(try TargetPath("/a é?b=c d").description == "/a%20%C3%A9?b=c%20d")
        #expect(
            problem { () throws(DeclarationProblem) in _ = try TargetPath("a") } == "path \"a\" does not begin with /")
    }

    @Test("A request is for a declared path however it is escaped and its parameters are sorted")
    func requested() throws {
        let path = try TargetPath("/snmp?target=10.0.0.1:161&module=if mib")
        // As Prometheus writes it.
        #expect(TargetPath(requested: "/snmp?module=if+mib&target=10.0.0.1%3A161") == path)
        #expect(TargetPath(requested: "/%73nmp?target=10.0.0.1:161&module=if%20mib") == path)
        for other in ["/snmp", "/snmp?module=if+mib", "/snmp?module=if+mib&target=10.0.0.1%3A161&x=1", "/snmp/"] {
            #expect(TargetPath(requested: other) != path)
        }
        for none in ["", "snmp", "/a%2Fb", "/a%", "/a?x=1&x=2", "/a?x-y=1"] {
            #expect(TargetPath(requested: none) == nil)
        }
    }

    @Test("Two declarations are equal when they say the same, in whatever order")
    func order() throws {
        let one = try Declaration(labelTexts: ["a=1", "b=2"], targetTexts: ["2", "1/b c=1 d=2", "1/a"])
        let other = try Declaration(labelTexts: ["b=2", "a=1"], targetTexts: ["1/a", "1/b d=2 c=1", "2/metrics"])
        #expect(one == other && one.hashValue == other.hashValue)
        #expect(one.targets.map(\.place) == ["1/a", "1/b", "2"])
        #expect(try Declaration(labelTexts: [], targetTexts: []) == .none)
        #expect(Declaration.none.isNone && !one.isNone)
    }

    @Test("No label and no target twice")
    func twice() {
        #expect(
            problem { () throws(DeclarationProblem) in
                _ = try Declaration(labelTexts: ["a=1", "b=1", "a=2"], targetTexts: [])
            } == "label \"a\" is there twice")
        #expect(
            problem { () throws(DeclarationProblem) in
                _ = try Declaration(labelTexts: [], targetTexts: ["1", "2", "1/metrics a=b"])
            } == "target \"1\" is there twice")
    }

    @Test("32 labels, 64 targets and 8 KiB are taken, and no more")
    func bounds() throws {
        let labels = (0..<32).map { "a\($0)=x" }
        let targets = (1...64).map { "\($0)" }
        #expect(try Declaration(labelTexts: labels, targetTexts: targets).targets.count == 64)
        #expect(
            problem { () throws(DeclarationProblem) in
                _ = try Declaration(labelTexts: labels + ["b=x"], targetTexts: [])
            } == "there are more than 32 labels")
        #expect(
            problem { () throws(DeclarationProblem) in
                _ = try Declaration(labelTexts: [], targetTexts: ["1 " + (labels + ["b=x"]).joined(separator: " ")])
            } == "there are more than 32 labels")
        #expect(
            problem { () throws(DeclarationProblem) in
                _ = try Declaration(labelTexts: [], targetTexts: targets + ["65"])
            } == "there are more than 64 targets")
        let most = "a=" + String(repeating: "x", count: 8_190)
        #expect(try Declaration(labelTexts: [most], targetTexts: []).labels.count == 1)
        #expect(
            problem { () throws(DeclarationProblem) in
                _ = try Declaration(labelTexts: [most], targetTexts: ["1"])
            } == "labels and targets take more than 8192 bytes")
        // Its encoding is what counts.
        #expect(
            problem { () throws(DeclarationProblem) in
                _ = try Declaration(labels: [Label("a", String(repeating: " ", count: 2_800))], targets: [])
            } == "labels and targets take more than 8192 bytes")
    }
}
