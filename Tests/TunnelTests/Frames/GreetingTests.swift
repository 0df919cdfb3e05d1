import Clients
import Failures
import NIOCore
import Testing
import Wire

@testable import Tunnel

@Suite struct GreetingTests {
    private func hello(_ fields: String) -> Hello? { Hello(ByteBuffer(string: fields)) }
    private func welcome(_ fields: String) -> Welcome? { Welcome(ByteBuffer(string: fields)) }

    @Test("A HELLO says who a client is; what it says is read again as the same")
    func helloFields() throws {
        let names = try ["a.example.org", "B"].map { try #require(FQDN($0)) }
        let said = Hello(names: names, streams: 7, instance: InstanceID(), agent: "pushprox/2")
        #expect(Hello(said.payload) == said)
        #expect(hello("fqdn: a\r\nMAX-STREAMS: 9\r\nLabel: x=y\r\n\r\n")?.streams == 9)
        let least = try #require(hello("Fqdn: a\r\n"))
        #expect(least.streams == 100 && least.agent == nil && least.instance == nil)
        #expect(Hello(names: names, streams: 0).streams == 1)
        #expect(Hello(names: names, streams: .max).streams == 10_000)
        #expect(hello("Fqdn: a\r\nMax-Streams: 4000000000\r\n")?.streams == 10_000)
    }

    @Test("A name that is said twice counts once")
    func twice() { #expect(hello("Fqdn: a\r\nFqdn: A\r\nFqdn: b\r\n")?.names.count == 2) }

    @Test(
        "A HELLO without a name, or with what is none, is none",
        arguments: [
            "", "Agent: x\r\n", "Fqdn: \r\n", "Fqdn: a b\r\n", "Fqdn: a\r\nFqdn: /\r\n",
            "Fqdn: a\r\nMax-Streams: 0\r\n",
            "Fqdn: a\r\nMax-Streams: -1\r\n", "Fqdn: a\r\nMax-Streams: many\r\n",
            "Fqdn: a\r\nMax-Streams: 99999999999999999999\r\n",
            "Fqdn a\r\n", "\r\nFqdn: a\r\n", "Fqdn: a",
        ])
    func wrongHello(fields: String) { #expect(hello(fields) == nil) }

    @Test("What a client says of itself is cleaned and cut")
    func agent() throws {
        let agent = try #require(hello("Fqdn: a\r\nAgent: \u{202E}\(String(repeating: "é", count: 200))\r\n")?.agent)
        #expect(agent.utf8.count <= 200 && agent.contains("é"))
        let name = try #require(FQDN("a"))
        let said = Hello(names: [name], streams: 1, agent: "a\r\nFqdn: b" + String(repeating: "x", count: 100_000))
        #expect(Hello(said.payload)?.names == [name])
    }

    @Test("The most names, each of the greatest length, fit into one HELLO, and all their refusals into one WELCOME")
    func most() throws {
        let names = try (0..<Hello.maxNames).map { number in
            try #require(FQDN(String(repeating: "x", count: 249) + String(1_000 + number)))
        }
        #expect(names.allSatisfy { $0.spelling.utf8.count == 253 })
        let hello = Hello(names: names, streams: 1, instance: InstanceID(), agent: String(repeating: "é", count: 300))
        #expect(hello.payload.readableBytes <= 65_536 && Hello(hello.payload)?.names == names)
        let welcome = Welcome(
            window: 1_048_576, pingInterval: .seconds(31_536_000),
            refused: names.map { Welcome.Refused(name: $0, reason: String(repeating: "no ", count: 90)) })
        #expect(welcome.payload.readableBytes <= 65_536)
        #expect(Welcome(welcome.payload)?.refused.map(\.name) == names)
        let more = ByteBuffer(string: String(repeating: "Fqdn: a\r\n", count: 241))
        // One name, however often.
        #expect(Hello(more) == nil || Hello(more)?.names.count == 1)
    }

    @Test("A HELLO says labels and targets behind the name that they belong to")
    func declarations() throws {
        let names = try ["a", "b", "c"].map { try #require(FQDN($0)) }
        let one = try Declaration(labelTexts: ["site=berlin"], targetTexts: ["9100", "9113/snmp?module=x job=a%20b"])
        let other = try Declaration(labelTexts: [], targetTexts: ["1"])
        let said = Hello(
            names: names, streams: 1, declarations: [names[0]: one, names[1]: .none, names[2]: other])
        #expect(
            String(buffer: said.payload)
                == "Max-Streams: 1\r\nFqdn: a\r\nLabel: site=berlin\r\nTarget: 9100\r\n"
                + "Target: 9113/snmp?module=x job=a%20b\r\nFqdn: b\r\nFqdn: c\r\nTarget: 1\r\n")
        let read = try #require(Hello(said.payload))
        #expect(read == said && read.fits)
        #expect(try read.declaration(of: names[0]) == one && read.declaration(of: names[1]) == .none)
    }

    @Test("What is wrong about one name of a HELLO concerns no other")
    func wrongDeclaration() throws {
        let read = try #require(hello("Fqdn: a\r\nLabel: __x=1\r\nFqdn: b\r\nLabel: x=1\r\n"))
        let names = read.names
        #expect(throws: DeclarationProblem.reservedLabelName("__x")) { try read.declaration(of: names[0]) }
        #expect(try read.declaration(of: names[1]).labels == [Label("x", "1")])
        // A name that is there again goes on.
        let again = try #require(hello("Fqdn: a\r\nTarget: 1\r\nFqdn: b\r\nFqdn: A\r\nTarget: 1/metrics\r\n"))
        #expect(throws: DeclarationProblem.targetTwice("1")) { try again.declaration(of: again.names[0]) }
    }

    @Test("Labels and targets before any name make no HELLO", arguments: ["Label: a=b", "Target: 1"])
    func nameless(field: String) { #expect(hello("\(field)\r\nFqdn: a\r\n") == nil) }

    @Test("A HELLO has as many labels as fit, and says when they don't")
    func manyDeclarations() throws {
        let names = (0..<240).compactMap { FQDN("name-\($0)") }
        let labels = try (0..<15).map { try Label("a\($0)", "x") }
        func said(_ labels: [Label]) throws -> Hello {
            let declaration = try Declaration(labels: labels, targets: [])
            return Hello(
                names: names, streams: 1,
                declarations: Dictionary(uniqueKeysWithValues: names.map { ($0, declaration) }))
        }
        let most = try said(labels)
        #expect(most.fits && Hello(most.payload) == most)
        #expect(try !said(labels + (0..<15).map { try Label("b\($0)", "x") }).fits)
    }

    @Test("A WELCOME is read again as what was said")
    func welcomeFields() throws {
        let name = try #require(FQDN("a"))
        let said = Welcome(
            window: 4_096, pingInterval: .milliseconds(1_500),
            refused: [.init(name: name, reason: "another client has it"), .init(name: name, reason: "")])
        #expect(Welcome(said.payload) == said)
        #expect(String(buffer: said.payload).hasPrefix("Version: 2\r\nWindow: 4096\r\nPing-Interval: 1.5\r\n"))
        let lines = Welcome(
            window: 1, pingInterval: .seconds(1), refused: [.init(name: name, reason: "a\r\nRefused: b c")])
        #expect(Welcome(lines.payload)?.refused.count == 1)
    }

    @Test(
        "A WELCOME of another version, or with numbers that could not be meant, is none",
        arguments: [
            "", "Version: 3\r\nWindow: 1\r\nPing-Interval: 1\r\n", "Version: 2\r\nPing-Interval: 1\r\n",
            "Version: 2\r\nWindow: 0\r\nPing-Interval: 1\r\n", "Version: 2\r\nWindow: 1048577\r\nPing-Interval: 1\r\n",
            "Version: 2\r\nWindow: -1\r\nPing-Interval: 1\r\n", "Version: 2\r\nWindow: 1\r\n",
            "Version: 2\r\nWindow: 1\r\nPing-Interval: 0\r\n", "Version: 2\r\nWindow: 1\r\nPing-Interval: nan\r\n",
            "Version: 2\r\nWindow: 1\r\nPing-Interval: 0.0000001\r\n",
            "Version: 2\r\nWindow: 1\r\nPing-Interval: 1\r\nRefused: / x\r\n",
            "Version: 2\r\nWindow: 1\r\nPing-Interval: 1\r\nRefused:\r\n",
        ])
    func wrongWelcome(fields: String) { #expect(welcome(fields) == nil) }

    @Test("A RESET has a word of the closed list, and a text that is cleaned and cut")
    func resets() {
        let written = TunnelReset.write(.targetTimeout, "it took\u{7}" + String(repeating: "é", count: 1_000))
        #expect(written.readableBytes <= FrameReader.maxReset)
        let (kind, text) = TunnelReset.parse(written)
        #expect(kind == .targetTimeout && text.hasPrefix("it took éé") && text.utf8.count == 1_024)
        for (bytes, kind, text) in [
            ("", .scrapeFailed, ""), ("target_broken", .targetBroken, ""), ("unheard_of why", .scrapeFailed, "why"),
            ("no_push not the client's to say", .scrapeFailed, "not the client's to say"), (" x", .scrapeFailed, "x"),
        ] as [(String, FailureKind, String)] {
            #expect(TunnelReset.parse(ByteBuffer(string: bytes)) == (kind, text))
        }
    }
}
