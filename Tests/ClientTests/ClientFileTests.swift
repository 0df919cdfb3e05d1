import ArgumentParser
import Clients
import NIOCore
import Settings
import TestKit
import Testing
import Web
import Wire

@testable import Client

@Suite struct ClientFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String) throws -> ClientFile {
        var files = FilesRead()
        return try ClientFile(path: folder.write(text, to: "client.yml"), reading: &files)
    }

    private func problem(_ text: String) -> String {
        do {
            _ = try read(text)
            return "none"
        } catch {
            return "\(error)".replacing(folder.path + "/", with: "")
        }
    }

    @Test("Every key of the file is read")
    func everything() throws {
        try folder.write(TestCertificates.authority, to: "ca.pem")
        try folder.write("token-one\n", to: "token")
        let file = try read(
            """
            proxy_url: https://proxy.example.org/prefix/
            fqdn: Web-1.example.org
            address: 127.0.0.1
            labels: {site: berlin, rack: "4", up: yes}
            targets:
              - port: 9100
                labels: {job: node}
              - port: 9113
                path: /stub?b=2&a=1
                address: 127.0.0.1:9113
              - port: 8443
                address: https://[::1]:8443
                tls: {ca_file: ca.pem, server_name: edge.example, insecure_skip_verify: false}
                authorization: {credentials_file: token}
              - port: 8444
                address: https://localhost:8444
                tls: {insecure_skip_verify: true}
                authorization: {type: Token, credentials_file: token}
            only_targets: true
            names:
              - fqdn: printer.berlin.example.org
                address: 192.168.1.20
                targets: [{port: 9116, path: "/snmp?module=printer_mib"}]
                labels: {site: berlin}
              - fqdn: "::1"
            """)
        #expect(file.proxyURL?.host == "proxy.example.org" && file.proxyURL?.path == "/prefix")
        #expect(file.fqdn?.spelling == "Web-1.example.org" && file.address == "127.0.0.1")
        #expect(file.labels.map(\.text) == ["site=berlin", "rack=4", "up=yes"])
        #expect(
            file.targets.map(\.declared.text) == ["9100 job=node", "9113/stub?a=1&b=2", "8443", "8444"])
        #expect(
            file.targets.map(\.address) == [
                nil, TargetAddress("127.0.0.1:9113"), TargetAddress("https://[::1]:8443"),
                TargetAddress("https://localhost:8444"),
            ])
        #expect(file.targets[2].address?.host == "::1" && file.targets[2].address?.isHTTPS == true)
        #expect(
            file.targets.map(\.authorization) == [nil, nil, Secret("Bearer token-one"), Secret("Token token-one")])
        #expect(file.targets.map(\.tls) == [nil, nil, file.tls[0].number, file.tls[1].number])
        #expect(file.tls.map(\.serverName) == ["edge.example", nil] && file.tls.map(\.isVerified) == [true, false])
        #expect(file.onlyTargets)
        #expect(file.names.map(\.fqdn.spelling) == ["printer.berlin.example.org", "::1"])
        #expect(file.names.map(\.address) == ["192.168.1.20", nil])
        #expect(file.names[0].declaration.targets.map(\.text) == ["9116/snmp?module=printer_mib"])
        #expect(file.names[0].declaration.labels.map(\.text) == ["site=berlin"])
    }

    @Test("Everything may be left out")
    func nothing() throws {
        let file = try read("")
        #expect(file.proxyURL == nil && file.fqdn == nil && file.labels.isEmpty && !file.onlyTargets)
    }

    @Test(
        "An error says file, line and key",
        arguments: [
            ("proxy: x", "client.yml:1: proxy: there is no such key here; the keys are proxy_url, fqdn,"),
            (
                "\nproxy_url: ftp://user:hidden@x",
                "client.yml:2: proxy_url: expected an http:// or https:// URL of a proxy, but"
            ),
            ("fqdn: a b", "client.yml:1: fqdn: expected a host name"),
            ("fqdn: [a]", "client.yml:1: fqdn: expected a host name"),
            (
                "address: 127.0.0.1:80",
                "client.yml:1: address: expected a host name or an IP address, found 127.0.0.1:80"
            ),
            ("labels: [a]", "client.yml:1: labels: expected labels with their values"),
            ("labels:\n  site: [x]", "client.yml:2: labels.site: expected a label's value"),
            ("labels:\n  site:", "client.yml:2: labels.site: expected a label's value"),
            (
                "labels:\n  __a: x",
                "client.yml:2: labels.__a: label name \"__a\" is reserved, as all that begin with __"
            ),
            ("labels:\n  a-b: x", "client.yml:2: labels.a-b: label name \"a-b\" is none"),
            ("labels:\n  a: \"x\\n\"", "client.yml:2: labels.a: the value of label \"a\" is no UTF-8, or has control"),
            ("targets: 9100", "client.yml:1: targets: expected a list of targets"),
            ("targets:\n  - 9100", "client.yml:2: targets[0]: expected keys with values: port, path,"),
            ("targets:\n  - path: /x", "client.yml:2: targets[0]: port is missing: the port that Prometheus scrapes"),
            (
                "targets:\n  - port: 0",
                "client.yml:2: targets[0].port: expected a whole number from 1 to 65535, found 0"
            ),
            ("targets:\n  - port: 9\n    uri: /", "client.yml:3: targets[0].uri: there is no such key here"),
            (
                "targets:\n  - port: 9\n    path: metrics",
                "client.yml:3: targets[0].path: path \"metrics\" does not begin with /"
            ),
            (
                "targets:\n  - {port: 9, path: '/a?x=1&x=2'}",
                "client.yml:2: targets[0].path: path \"/a?x=1&x=2\" has a parameter twice"
            ),
            (
                "targets:\n  - port: 9\n    address: 127.0.0.1",
                "client.yml:3: targets[0].address: expected an address such as 127.0.0.1:9113 or https://127.0.0.1:8443, found"
            ),
            ("targets:\n  - port: 9\n    address: http://a:1", "client.yml:3: targets[0].address: expected an address"),
            (
                "targets:\n  - port: 9\n    labels: {__name__: x}",
                "client.yml:3: targets[0].labels.__name__: label name"
            ),
            (
                "targets:\n  - port: 9\n  - port: 9\n    path: /metrics",
                "client.yml:3: targets[1]: target \"9\" is there twice"
            ),
            (
                "targets:\n  - port: 9\n    tls: {}",
                "client.yml:3: targets[0].tls: is of targets with an address that begins with https://"
            ),
            (
                "targets:\n  - {port: 9, address: 'https://a:1', tls: {ca: x}}",
                "client.yml:2: targets[0].tls.ca: there is no such key"
            ),
            (
                "targets:\n  - {port: 9, address: 'https://a:1', tls: {ca_file: none}}",
                "client.yml:2: targets[0].tls.ca_file: none: there is no such file"
            ),
            (
                "targets:\n  - {port: 9, address: 'https://a:1', tls: {ca_file: client.yml}}",
                "client.yml:2: targets[0].tls.ca_file: client.yml holds no certificate in PEM"
            ),
            (
                "targets:\n  - {port: 9, address: 'https://a:1', tls: {server_name: a/b}}",
                "client.yml:2: targets[0].tls.server_name: expected a host name"
            ),
            (
                "targets:\n  - {port: 9, address: 'https://a:1', tls: {insecure_skip_verify: 7}}",
                "client.yml:2: targets[0].tls.insecure_skip_verify: expected true or false"
            ),
            (
                "targets:\n  - {port: 9, address: 'https://a:1', tls: {insecure_skip_verify: true, ca_file: x}}",
                "client.yml:2: targets[0].tls: ca_file means nothing with insecure_skip_verify"
            ),
            (
                "targets:\n  - port: 9\n    authorization: {}",
                "client.yml:3: targets[0].authorization: credentials_file is missing"
            ),
            (
                "targets:\n  - port: 9\n    authorization: {credentials: x}",
                "client.yml:3: targets[0].authorization.credentials: there is no such key"
            ),
            (
                "targets:\n  - port: 9\n    authorization: {credentials_file: none}",
                "client.yml:3: targets[0].authorization.credentials_file: none: there is no such file"
            ),
            (
                "targets:\n  - port: 9\n    authorization: {credentials_file: client.yml}",
                "client.yml:3: targets[0].authorization.credentials_file: client.yml: holds more than one line"
            ),
            (
                "targets:\n  - port: 9\n    authorization: {type: 'a b', credentials_file: x}",
                "client.yml:3: targets[0].authorization.type: expected a scheme of HTTP such as Bearer"
            ),
            ("only_targets: maybe", "client.yml:1: only_targets: expected true or false, found maybe"),
            ("names: {a: b}", "client.yml:1: names: expected a list of names"),
            ("names:\n  - address: x", "client.yml:2: names[0]: fqdn is missing: the name that the client answers for"),
            ("names:\n  - fqdn: /", "client.yml:2: names[0].fqdn: expected a host name"),
            ("names:\n  - fqdn: a\n  - fqdn: A.", "client.yml:3: names[1].fqdn: this name is there twice"),
            (
                "names:\n  - fqdn: a\n    address: ''",
                "client.yml:3: names[0].address: expected a host name or an IP address"
            ),
            ("names:\n  - fqdn: a\n    labels: {__x: y}", "client.yml:3: names[0].labels.__x: label name"),
            (
                "names:\n  - fqdn: a\n    targets: [{port: x}]",
                "client.yml:3: names[0].targets[0].port: expected a whole number"
            ),
            (
                "names:\n  - fqdn: a\n    only_targets: true",
                "client.yml:3: names[0].only_targets: there is no such key here"
            ),
            ("labels: {a: b\n", "client.yml:"),
        ])
    func errors(text: String, expected: String) {
        let said = problem(text)
        #expect(said.hasPrefix(expected), "\(said)")
        #expect(!said.contains("hidden") && !said.contains("\n"))
    }

    @Test("More than a name can have is refused at its list, before anything is sent")
    func bounds() {
        let labels = (0..<33).map { "a\($0): x" }.joined(separator: ", ")
        #expect(problem("labels: {\(labels)}") == "client.yml:1: labels: there are more than 32 labels")
        let targets = (1...65).map { "{port: \($0)}" }.joined(separator: ", ")
        #expect(problem("\ntargets: [\(targets)]") == "client.yml:2: targets: there are more than 64 targets")
        let long = String(repeating: "x", count: 5_000)
        #expect(
            problem("names:\n  - fqdn: a\n    labels: {a: \(long)}\n    targets: [{port: 1, labels: {a: \(long)}}]")
                == "client.yml:2: names[0]: labels and targets take more than 8192 bytes")
    }

    @Test("Flags win over the file, and add to its labels and targets")
    func flags() throws {
        let path = try folder.write(
            """
            proxy_url: http://file/
            fqdn: file.example
            address: 10.0.0.1
            labels: {site: berlin, rack: "4"}
            targets: [{port: 9100, labels: {job: node}}]
            """, to: "client.yml")
        let bare = try ClientCommand.parse(["--config.file", path]).clientConfiguration()
        #expect(bare.fqdn.spelling == "file.example" && bare.proxyURL.host == "file")
        let name = try offer(bare).names[0]
        #expect(name.address == "10.0.0.1" && name.declaration.targets.map(\.text) == ["9100 job=node"])
        let full = try ClientCommand.parse([
            "--config.file", path, "--proxy-url=http://flag/", "--fqdn=flag.example", "--scrape.address=127.0.0.1",
            "--label=site=bern west", "--label", "a=", "--target=9100", "--target", "9116/snmp?module=x",
        ]).clientConfiguration()
        #expect(full.fqdn.spelling == "flag.example" && full.proxyURL.host == "flag")
        let flagged = try offer(full).names[0]
        #expect(flagged.address == "127.0.0.1")
        #expect(flagged.declaration.labels.map(\.text) == ["a=", "rack=4", "site=bern%20west"])
        #expect(flagged.declaration.targets.map(\.text) == ["9100 job=node", "9116/snmp?module=x"])
    }

    @Test("Without a file, flags are all that is offered")
    func flagsAlone() throws {
        let configuration = try ClientCommand.parse([
            "--proxy-url=http://proxy", "--fqdn=a", "--label=site=berlin", "--target=9100",
        ]).clientConfiguration()
        let offer = try offer(configuration)
        #expect(offer.names.count == 1 && !offer.onlyTargets)
        #expect(offer.names[0].declaration.targets.map(\.text) == ["9100"])
    }

    @Test(
        "What is wrong with flags and file together is said",
        arguments: [
            (["--config.file=FILE"], "labels: {}", "give --proxy-url, or proxy_url in --config.file"),
            ([], "", "Missing expected argument '--proxy-url <url>', or proxy_url in --config.file"),
            (["--config.file=FILE"], "proxy_url: http://u@p/\nfqdn: [x]", "client.yml:2: fqdn: expected a host name"),
            (["--config.file=FILE", "--proxy.password-file=x"], "proxy_url: http://p/", "needs the user's name"),
            (["--config.file=NONE"], "", "there is no such file (--config.file)"),
            (["--proxy-url=http://p", "--label=a=1", "--label=a=2"], "", "label \"a\" is there twice"),
            (["--proxy-url=http://p", "--target=1", "--target=1/metrics"], "", "target \"1\" is there twice"),
        ] as [([String], String, String)])
    func together(arguments: [String], file: String, expected: String) throws {
        let path = try folder.write(file, to: "client.yml")
        let arguments = arguments.map { $0.replacing("FILE", with: path).replacing("NONE", with: path + "x") }
        let error = #expect(throws: (any Error).self) {
            _ = try ClientCommand.parse(arguments).clientConfiguration()
        }
        #expect(ClientCommand.message(for: try #require(error)).contains(expected))
    }

    @Test("A name that is the client's own already is refused where it stands, and a user of proxy_url where that is")
    func places() throws {
        let path = try folder.write("fqdn: a\nnames:\n  - fqdn: A\n", to: "client.yml")
        let configuration = try ClientCommand.parse(["--config.file", path, "--proxy-url=http://p"])
            .clientConfiguration()
        let error = #expect(throws: SettingsProblem.self) { _ = try offer(configuration) }
        #expect(error.map { "\($0)" }?.contains("client.yml:3: names[0].fqdn: this is the client's own name") == true)

        let other = try folder.write("fqdn: a\nproxy_url: http://user:hidden@p\n", to: "other.yml")
        let refused = #expect(throws: (any Error).self) {
            _ = try ClientCommand.parse(["--config.file", other, "--proxy.token-file=t"]).clientConfiguration()
        }
        let text = refused.map { ClientCommand.message(for: $0) } ?? ""
        #expect(text.contains("other.yml:2: proxy_url: --proxy.token-file takes the place of the user in proxy_url"))
        #expect(!text.contains("hidden"))
    }

    @Test("An address goes for a path that nobody declares only where all targets of the port trust the same there")
    func agreement() throws {
        try folder.write(TestCertificates.authority, to: "ca.pem")
        let unverified = "tls: {insecure_skip_verify: true}"
        let (pinned, named) = ("tls: {ca_file: ca.pem}", "tls: {ca_file: ca.pem, server_name: edge.example}")
        func place(_ first: String, _ second: String, _ path: String = "/other") throws -> TargetRequest.Place {
            let address = "address: \"https://127.0.0.1:8443\""
            let file = try read(
                "targets:\n  - {port: 7, path: /a, \(address), \(first)}\n  - {port: 7, path: /b, \(address), \(second)}\n"
            )
            let policy = TargetPolicy(
                Offer(names: [
                    Offer.Name(
                        fqdn: try #require(FQDN("edge")), address: nil, declaration: .none, targets: file.targets)
                ]))
            let request = try PolledRequest(
                parsing: ByteBuffer(
                    string: "GET http://edge:7\(path) HTTP/1.1\r\nHost: edge:7\r\nId: x\r\n"
                        + "X-Prometheus-Scrape-Timeout-Seconds: 9\r\n\r\n"), maxHeadBytes: 4_096)
            return try policy.admit(request, deadline: NIODeadline.now() + .seconds(9), at: .now()).place
        }
        for (one, other) in [(unverified, pinned), (pinned, unverified), (unverified, "labels: {}"), (named, pinned)] {
            let undeclared = try place(one, other)
            #expect(undeclared.host == "edge" && undeclared.port == 7 && undeclared.tls == nil, "\(one), \(other)")
            #expect(try place(one, other, "/a").port == 8443)
        }
        for same in [unverified, pinned, named, "labels: {}"] {
            let undeclared = try place(same, same)
            let declared = try place(same, same, "/b")
            #expect(undeclared.host == "127.0.0.1" && undeclared.port == 8443, "\(same)")
            #expect((declared.tls == nil) == (same == "labels: {}"))
        }
    }

    @Test(
        "What can't be offered together is refused with the file",
        arguments: [
            ("fqdn: a\nnames: [{fqdn: A}]", "this is the client's own name already"),
            (
                "fqdn: a\nlabels: {" + (0..<32).map { "a\($0): x" }.joined(separator: ", ") + "}",
                "there are more than 32 labels"
            ),
            (
                "fqdn: a\nnames: [" + (0..<240).map { "{fqdn: n\($0)}" }.joined(separator: ", ") + "]",
                "more names, labels and targets than a client can say at once: 240 names, or 64 KiB"
            ),
            (
                "fqdn: a\nnames: ["
                    + (0..<9).map { "{fqdn: n\($0), labels: {a: \(String(repeating: "x", count: 8_000))}}" }
                    .joined(separator: ", ") + "]",
                "more names, labels and targets than a client can say at once: 240 names, or 64 KiB"
            ),
        ])
    func merged(file: String, expected: String) throws {
        let path = try folder.write(file, to: "client.yml")
        let configuration = try ClientCommand.parse([
            "--config.file", path, "--proxy-url=http://p", "--label=b=1",
        ]).clientConfiguration()
        let error = #expect(throws: SettingsProblem.self) { _ = try offer(configuration) }
        #expect(error?.file == path && error?.text.hasPrefix(expected) == true, "\(error?.text ?? "")")
    }

    private func offer(_ configuration: ClientConfiguration) throws -> Offer {
        let metrics = ClientMetrics(readiness: Readiness())
        return try OfferSource(configuration, metrics: metrics, logger: LogLines().logger).current.offer
    }
}
