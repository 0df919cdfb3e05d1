import TestKit
import Testing
import Wire

@testable import Access

@Suite("Patterns of names") struct NameTests {
    private func matches(_ pattern: String, _ name: String) throws -> Bool {
        let fqdn = try #require(FQDN(name), "\(name)")
        return NamePatterns([try NamePattern(pattern)]).matches(fqdn, own: [])
    }

    @Test(
        "What matches",
        arguments: [
            ("*", "web-1"), ("*", "10.0.0.1"), ("*", "::1"), ("**", "::1"), ("web-1", "web-1"),
            ("WEB-1.Example.org", "web-1.example.ORG"),
            ("*.example.org", "a.example.org"), ("*.example.org", "a.b.example.org"),
            ("*.EXAMPLE.org", "a.example.ORG"),
            ("web-*", "web-"), ("web-*", "web-1.example.org"), ("w*b*1", "web-b-1"), ("**-1", "web-1"), ("*a*a*", "aa"),
            ("10.0.0.1", "10.0.0.1"), ("[2001:DB8::1]", "2001:db8::1"), ("2001:db8::1", "[2001:DB8::1]"),
            ("a.", "a."), ("web-1", "web-1."), ("*.example.org", "a.example.org."), ("rack.*", "rack.12"),
        ])
    func matching(pattern: String, name: String) throws { #expect(try matches(pattern, name)) }

    @Test(
        "What does not",
        arguments: [
            ("web-1", "web-10"), ("web-1", "xweb-1"), ("*.example.org", "example.org"),
            ("*.example.org", "a.example.org.evil.net"),
            ("*.example.org", "aexample.org"),
            ("web-*", "web"), ("a*a", "a"), ("ab*ba", "aba"), ("*a*a*", "a"), ("*ab*abc", "abc"),
            // Addresses in all their forms, by patterns that would match their text.
            ("*f*", "2001:db8::f"), ("*x*", "0x7f.0.0.1"), ("*x*", "0x7f000001"), ("0x*", "0X7F.1"),
            ("***.*", "10.0.0.1"),
            ("*.*", "127.1"),
            ("10.0.0.1", "10.0.0.01"), ("10.0.0.1", "10.0.0.10"), ("::1", "0:0:0:0:0:0:0:1"),
        ])
    func notMatching(pattern: String, name: String) throws { #expect(try !matches(pattern, name)) }

    @Test("Numbers of one to four parts are addresses, names with numbers in them are not")
    func addresses() throws {
        for text in ["1", "127.1", "10.0.0.1", "10.0.0.1.", "0x7f.1", "0X7F000001", "010.1.1.1", "::1", "fe80::1"] {
            #expect(try #require(FQDN(text)).isAddress, "\(text)")
        }
        for text in ["a", "web-1", "rack.12", "1.2.3.4.5", "10.0.0.1.example.org", "cafe", "be.ef", "0x7g", "1..2"] {
            #expect(try !#require(FQDN(text)).isAddress, "\(text)")
        }
    }

    @Test(
        "What is no pattern is refused with what to write instead",
        arguments: [
            ("", "is empty"), ("http://web-1/", "is a URL"), ("web-1:9100", "without a port"),
            ("a, b", "an entry of its own"),
            ("a b*", "an entry of its own"), ("we?-1", "is no name"), ("[ab]*", "is no name"),
            ("@Own", "@own is the only word"),
            ("@", "@own is the only word"), ("10.0.*", "an IP address is matched by itself"), ("*.5", "an IP address"),
            ("2001:db8:*", "has a colon"), ("wéb", "is no name"), ("wéb*", "is no name"), ("...", "is no name"),
            (String(repeating: "a", count: 254), "is longer than 253"),
            (String(repeating: "a", count: 253) + "*", "is longer"),
            ("a\u{0}*", "is no name"), ("a\n", "is no name"),
        ])
    func refused(pattern: String, expected: String) {
        do {
            _ = try NamePattern(pattern)
            Issue.record("taken: \(pattern)")
        } catch {
            #expect(error.description.contains(expected), "\(error)")
        }
    }

    /// With every way of taking `*`; for short texts.
    static func matchesNaively(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return matchesNaively(pattern.dropFirst(), name)
                || !name.isEmpty && matchesNaively(pattern, name.dropFirst())
        }
        return name.first == first && matchesNaively(pattern.dropFirst(), name.dropFirst())
    }

    @Test("Matching is as trying everything finds it")
    func naive() throws {
        var random = Seeded(7)
        var matched = 0
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...6, using: &random)
            let pattern = String(
                (0...length).map { _ in ["a", "b", ".", "*", "*"].randomElement(using: &random) ?? "a" })
            let name = String(
                (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    ["a", "b", "."].randomElement(using: &random) ?? "a"
                })
            guard let glob = Glob(pattern) else { continue }
            let expected = Self.matchesNaively(pattern[...], name[...])
            #expect(glob.matches(name) == expected, "\(pattern) \(name)")
            matched += expected ? 1 : 0
        }
        #expect(matched > 1_000)
    }

    @Test("Hostile patterns end: the work is bounded by the product of the lengths")
    func hostile() throws {
        let glob = try #require(Glob(String(repeating: "a*", count: 126)))
        let name = String(repeating: "a", count: 252) + "b"
        for _ in 0..<100 { #expect(glob.matches(name)) }
        let none = try #require(Glob(String(repeating: "*a", count: 120) + "*c"))
        for _ in 0..<100 { #expect(!none.matches(name)) }
    }

    @Test("A grant of thousands of names is looked up, not walked")
    func many() throws {
        let names = try (0..<20_000).map { try NamePattern("web-\($0).example.org") }
        let patterns = NamePatterns(names)
        #expect(patterns.matches(try #require(FQDN("WEB-19999.example.org")), own: []))
        #expect(!patterns.matches(try #require(FQDN("web-20000.example.org")), own: []))
        #expect(NamePatterns.nothing.isNothing && !NamePatterns.everything.isNothing && !patterns.isNothing)
    }
}
