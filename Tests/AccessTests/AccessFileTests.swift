import Settings
import Testing
import Wire

@testable import Access

@Suite("The access file") struct AccessFileTests {
    private static let token = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    private static let hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

    @Test("The example of the documentation is taken")
    func example() throws {
        let file = try accessFile(
            """
            identities:
              prometheus-eu:                     # Basic: user name and password
                password_hash: \(Self.hash)
                scrape: ["*.eu.example.org"]
                read: true
              edge-fleet:                        # Bearer
                token_hash: \(Self.token)
                register: ["*.edge.example.org"]
              every-machine:                     # a certificate that client_ca has signed
                certificate: true
                register: ["@own"]
              grafana:
                certificate: ["grafana.example.org"]
                read: true
            anonymous: {}
            """)
        #expect(file.identities.map(\.name) == ["prometheus-eu", "edge-fleet", "every-machine", "grafana"])
        #expect(file.notes.isEmpty && file.anonymous.isNothing)
    }

    @Test(
        "What is wrong is one line: where, what, and what to write instead",
        arguments: [
            ("", "access.yml:1: nothing stands here"),
            ("- a", "access.yml:1: expected keys with values: identities, anonymous, found a list"),
            ("users: {}", "access.yml:1: users: there is no such key here; the keys are identities, anonymous"),
            ("identities: [a]", "access.yml:1: identities: expected identities, each under its name, found a list"),
            ("identities:\n  foo:", "access.yml:2: identities.foo: nobody can be known as this"),
            ("identities:\n  foo: {read: true}", "access.yml:2: identities.foo: nobody can be known as this"),
            ("identities:\n  foo: {certificate: false}", "nobody can be known as this"),
            ("identities:\n  foo:\n    scrap: [a]", "access.yml:3: identities.foo.scrap: there is no such key here"),
            (
                "identities:\n  foo:\n    password_hash: hunter2",
                "access.yml:3: identities.foo.password_hash: is no bcrypt hash"
            ),
            (
                "identities:\n  foo:\n    token_hash: hunter2",
                "access.yml:3: identities.foo.token_hash: is no token's hash"
            ),
            ("identities:\n  foo:\n    token_hash: [hunter2]", "identities.foo.token_hash[0]: is no token's hash"),
            ("identities:\n  foo:\n    token_hash: []", "nobody can be known as this"),
            ("identities:\n  foo:\n    token_hash: {a: hunter2}", "expected a token's hash"),
            (
                "identities:\n  foo:\n    certificate: maybe",
                "identities.foo.certificate: expected true or false, found maybe"
            ),
            ("identities:\n  foo:\n    certificate: []", "names nobody"),
            (
                "identities:\n  foo:\n    certificate: ['*.example.org']",
                "identities.foo.certificate[0]: is no DNS name"
            ),
            ("identities:\n  '':\n    certificate: true", "an identity's name is 1 to 128 bytes"),
            ("identities:\n  \"a\\nb\":\n    certificate: true", "an identity's name is 1 to 128 bytes"),
            ("identities:\n  anonymous:\n    certificate: true", "anonymous is who shows no credential"),
            ("identities:\n  a:b:\n    password_hash: \(hash)", "identities.a:b: a user name has no colon"),
            (
                "anonymous:\n  scrape: '*'",
                "access.yml:2: anonymous.scrape: expected a list of names, as [\"*.example.org\"]"
            ),
            ("anonymous:\n  scrape:\n    - web-1\n    - web-1:9100", "access.yml:4: anonymous.scrape[1]: has a colon"),
            ("anonymous:\n  scrape: [[a]]", "anonymous.scrape[0]: expected a name"),
            ("anonymous:\n  register: ['@own']", "anonymous.register[0]: @own is the names in a certificate"),
            ("anonymous:\n  certificate: true", "anonymous.certificate: there is no such key here"),
            ("anonymous:\n  read: 'yes'", "anonymous.read: expected true or false, without quotes"),
            (
                "identities:\n  a:\n    token_hash: \(token)\n    scrape: ['@own']",
                "a.scrape[0]: @own is the names in a certificate"
            ),
            (
                "identities:\n  a:\n    token_hash: \(token)\n  b:\n    token_hash: \(token)",
                "access.yml:5: identities.b.token_hash: is the hash of a token that a has"
            ),
            (
                "identities:\n  a: {certificate: true}\n  b: {certificate: true}",
                "access.yml:3: identities.b.certificate: a has certificate: true"
            ),
            (
                "identities:\n  a: {certificate: [x.org]}\n  b: {certificate: [X.org]}",
                "identities.b.certificate[0]: is a name that a is known by"
            ),
            ("identities:\n  a: {certificate: true}\n  a: {certificate: true}", "the key a stands here a second time"),
        ])
    func wrong(yaml: String, expected: String) {
        let line = refusal(ofFile: yaml) ?? "taken"
        #expect(line.contains(expected), "\(line)")
        #expect(!line.contains("hunter2") && !line.contains("\n"))
    }

    @Test("What is probably not meant is noted, and taken")
    func notes() throws {
        let costly = Self.hash.replacing("$10$", with: "$18$")
        let notes = try accessFile(
            "identities:\n  a:\n    password_hash: \(costly)\n  b:\n    certificate: true\n    read: true"
        ).notes.map(\.description)
        #expect(notes.count == 2)
        #expect(
            notes.contains {
                $0.hasPrefix("access.yml:3: identities.a.password_hash: has a cost of 18: each check takes 4 times")
            })
        #expect(notes.contains { $0.hasPrefix("access.yml:2: identities.a: may do nothing") })
    }

    @Test("Patterns with * have a bound, names have none")
    func bounds() throws {
        let names = (0..<5_000).map { "web-\($0)" }.joined(separator: ", ")
        _ = try accessFile("anonymous: {scrape: [\(names)]}")
        let globs = (0..<1_001).map { "\"web-\($0)*\"" }.joined(separator: ", ")
        #expect(refusal(ofFile: "anonymous: {scrape: [\(globs)]}")?.contains("more than 1000 patterns with *") == true)
    }

    @Test("A file with 50,000 tokens is taken, and each of them found")
    func many() throws {
        var yaml = "identities:\n"
        for index in 0..<50_000 {
            yaml +=
                "  machine-\(index):\n    token_hash: \(Known.tokenHash("t\(index)"))\n    register: [\"machine-\(index).example.org\"]\n"
        }
        let rules = try rules(yaml)
        for index in [0, 25_000, 49_999] {
            let caller = rules.caller(token: "t\(index)")
            #expect(caller.identity == "machine-\(index)")
            #expect(rules.allows(caller, .register, "machine-\(index).example.org"))
            #expect(!rules.allows(caller, .register, "machine-1.example.org"))
        }
    }
}
