import Clients
import Foundation
import TestKit
import Testing

@Suite("The entries of service discovery") struct DiscoveryWriterTests {
    private func written(
        _ fqdn: String, _ declaration: Declaration, _ options: DiscoveryWriter.Options = .init()
    ) -> String {
        var writer = DiscoveryWriter(options)
        writer.write(fqdn, declaration, state: .connected, agent: "pushprox-client 0.1.0")
        return String(decoding: writer.take(), as: UTF8.self)
    }

    private func nginx() throws -> Declaration {
        try Declaration(
            labelTexts: ["site=berlin", "rack=4"],
            targetTexts: ["9113 job=nginx", "9116/snmp?module=if_mib&target=a%20b rack=5 job=snmp"])
    }

    @Test("A name that declares nothing has upstream's entry, byte for byte")
    func nothing() {
        #expect(written("web-1.example.org", .none) == ",{\"targets\":[\"web-1.example.org\"],\"labels\":{}}")
        #expect(written("fe80::1", .none) == ",{\"targets\":[\"[fe80::1]\"],\"labels\":{}}")
        var writer = DiscoveryWriter()
        #expect(writer.write("a", .none, state: .stale, agent: "") == 1)
        #expect(writer.write("b", .none, state: .stale, agent: "") == 1)
        #expect(
            String(decoding: writer.take(), as: UTF8.self)
                == ",{\"targets\":[\"a\"],\"labels\":{}},{\"targets\":[\"b\"],\"labels\":{}}")
        #expect(writer.take().isEmpty)
    }

    @Test("Each declared target has an entry with port, path, parameters and labels, its own over those of its name")
    func targets() throws {
        #expect(
            written("web-1.example.org", try nginx())
                == ",{\"targets\":[\"web-1.example.org:9113\"],\"labels\":{\"rack\":\"4\",\"site\":\"berlin\",\"job\":\"nginx\","
                + "\"__metrics_path__\":\"/metrics\"}}"
                + ",{\"targets\":[\"web-1.example.org:9116\"],\"labels\":{\"site\":\"berlin\",\"job\":\"snmp\",\"rack\":\"5\","
                + "\"__metrics_path__\":\"/snmp\",\"__param_module\":\"if_mib\",\"__param_target\":\"a b\"}}")
        #expect(
            written("::1", try Declaration(labelTexts: [], targetTexts: ["80/"]))
                == ",{\"targets\":[\"[::1]:80\"],\"labels\":{\"__metrics_path__\":\"/\"}}")
    }

    @Test("A name that declares labels alone has one entry with them")
    func labelsAlone() throws {
        let declaration = try Declaration(labelTexts: ["site=b%22\\%C3%A9"], targetTexts: [])
        #expect(written("n", declaration) == ",{\"targets\":[\"n\"],\"labels\":{\"site\":\"b\\\"\\\\é\"}}")
    }

    @Test("Labels are left out or prefixed where the operator wants it; path and parameters stay")
    func policies() throws {
        let declaration = try Declaration(labelTexts: ["site=berlin"], targetTexts: ["1/a?b=c job=x"])
        #expect(
            written("n", declaration, .init(labels: .off))
                == ",{\"targets\":[\"n:1\"],\"labels\":{\"__metrics_path__\":\"/a\",\"__param_b\":\"c\"}}")
        #expect(
            written("n", declaration, .init(labels: .prefixed))
                == ",{\"targets\":[\"n:1\"],\"labels\":{\"pushprox_site\":\"berlin\",\"pushprox_job\":\"x\","
                + "\"__metrics_path__\":\"/a\",\"__param_b\":\"c\"}}")
        #expect(
            written("n", try Declaration(labelTexts: ["site=berlin"], targetTexts: []), .init(labels: .off))
                == ",{\"targets\":[\"n\"],\"labels\":{}}")
    }

    @Test("There are labels to relabel by where they are wanted")
    func meta() throws {
        #expect(
            written("n", .none, .init(hasMeta: true))
                == ",{\"targets\":[\"n\"],\"labels\":{\"__meta_pushprox_fqdn\":\"n\",\"__meta_pushprox_state\":\"connected\","
                + "\"__meta_pushprox_agent\":\"pushprox-client 0.1.0\"}}")
        let declaration = try Declaration(labelTexts: ["a=b"], targetTexts: ["1"])
        #expect(
            written("n", declaration, .init(hasMeta: true)).hasSuffix(
                "\"__metrics_path__\":\"/metrics\",\"__meta_pushprox_fqdn\":\"n\",\"__meta_pushprox_state\":\"connected\","
                    + "\"__meta_pushprox_agent\":\"pushprox-client 0.1.0\"}}"))
    }

    @Test("Ports choose among declared targets, and are given to names without any")
    func ports() throws {
        #expect(
            written("n", .none, .init(ports: [9_100, 80]))
                == ",{\"targets\":[\"n:9100\",\"n:80\"],\"labels\":{}}")
        let declaration = try Declaration(labelTexts: [], targetTexts: ["1", "9100", "65535"])
        #expect(
            written("n", declaration, .init(ports: [9_100]))
                == ",{\"targets\":[\"n:9100\"],\"labels\":{\"__metrics_path__\":\"/metrics\"}}")
        #expect(written("n", declaration, .init(ports: [2])).isEmpty)
    }

    @Test("Entries can be chosen by the labels that stand in them")
    func having() throws {
        func count(_ labels: DiscoveryLabels, _ having: [Label]) throws -> Int {
            var writer = DiscoveryWriter(.init(labels: labels, having: having))
            return writer.write("n", try nginx(), state: .stale, agent: "")
                + writer.write("m", .none, state: .stale, agent: "")
                + writer.write("l", try Declaration(labelTexts: ["rack=4"], targetTexts: []), state: .stale, agent: "")
        }
        #expect(try count(.asGiven, []) == 4)
        #expect(try count(.asGiven, [Label("site", "berlin")]) == 2)
        #expect(try count(.asGiven, [Label("rack", "4")]) == 2)
        #expect(try count(.asGiven, [Label("rack", "5"), Label("site", "berlin")]) == 1)
        #expect(try count(.asGiven, [Label("site", "bern")]) == 0)
        #expect(try count(.prefixed, [Label("site", "berlin")]) == 0)
        #expect(try count(.prefixed, [Label("pushprox_site", "berlin")]) == 2)
        #expect(try count(.off, [Label("site", "berlin")]) == 0)
        #expect(try count(.off, []) == 4)
    }

    @Test("What is written is JSON that says what was declared", arguments: 0..<20 as Range<UInt64>)
    func isJSON(seed: UInt64) throws {
        struct Entry: Decodable {
            let targets: [String]
            let labels: [String: String]
        }
        var random = Seeded(seed)
        for _ in 0..<20 {
            let declaration = try Drawn.declaration(&random)
            let agent = Drawn.text(&random) + "\u{1}\n\u{1F}"
            var writer = DiscoveryWriter(.init(hasMeta: true))
            writer.write("n", declaration, state: .stale, agent: agent)
            let body = "[" + String(decoding: writer.take().dropFirst(), as: UTF8.self) + "]"
            let entries = try JSONDecoder().decode([Entry].self, from: Data(body.utf8))
            #expect(entries.count == max(1, declaration.targets.count))
            for (entry, target) in zip(entries, declaration.targets) {
                #expect(entry.targets == ["n:\(target.port)"])
                #expect(entry.labels["__meta_pushprox_agent"] == agent)
                var expected = Dictionary(uniqueKeysWithValues: declaration.labels.map { ($0.name, $0.value) })
                for label in target.labels { expected[label.name] = label.value }
                #expect(entry.labels.filter { !$0.key.hasPrefix("__") } == expected)
                // As Prometheus puts it together.
                var parts = URLComponents()
                parts.path = try #require(entry.labels["__metrics_path__"])
                let parameters = entry.labels.filter { $0.key.hasPrefix("__param_") }
                parts.queryItems = parameters.map {
                    URLQueryItem(name: String($0.key.dropFirst("__param_".count)), value: $0.value)
                }
                let asked =
                    parts.percentEncodedPath
                    + (parameters.isEmpty ? "" : "?" + (parts.percentEncodedQuery ?? "").replacing("+", with: "%2B"))
                #expect(TargetPath(requested: asked) == target.path, "\(asked) for \(target.path)")
            }
        }
    }

    @Test("What would steer a terminal or can't be seen is escaped: the meaning stays")
    func unseen() throws {
        var writer = DiscoveryWriter(DiscoveryWriter.Options(hasMeta: true))
        let declaration = try Declaration(
            labelTexts: ["a=%E2%80%AEevil%E2%80%8B%C3%A9"], targetTexts: ["1/%E2%80%AE?x=%F3%A0%80%81"])
        writer.write("n", declaration, state: .stale, agent: "\u{1B}[2J\u{9B}\"")
        let text = String(decoding: writer.take(), as: UTF8.self)
        #expect(text.contains(#""a":"\u202eevil\u200bé""#))
        #expect(text.contains(#""__metrics_path__":"/\u202e""#) && text.contains(#""__param_x":"\udb40\udc01""#))
        #expect(text.contains(#""__meta_pushprox_agent":"\u001b[2J\u009b\"""#))
    }
}
