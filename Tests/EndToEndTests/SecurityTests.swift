import TestKit
import Testing

extension EndToEnd {
    @Suite("The recipes of docs/security.md") struct SecurityTests {
        private static let web = "web-1.example.org"
        private static let edge = "cam-7.edge.example.org"

        /// What `up` of a job was last, by target.
        private static func up(_ prometheus: LivePrometheus, _ job: String) async throws -> [String: Double] {
            var last: [String: Double] = [:]
            for (labels, samples) in try await prometheus.samples("up{job=\"\(job)\"}[1h]") {
                last[labels["instance"] ?? ""] = samples.last?.value
            }
            return last
        }

        @Test("are all run by the tests here")
        func allAreRun() throws {
            #expect(
                try RecipePage("docs/security.md").names == [
                    "ca", "server certificate", "client certificate", "rules", "web file", "proxy",
                    "client with certificate", "client with token", "prometheus", "prometheus with certificate",
                    "labels",
                    "denied", "why", "next server certificate", "next ca", "old ca out", "next token", "old token out",
                    "next password", "old password out",
                ])
        }

        @Test(
            "let Prometheus find and scrape a client with a certificate and one with a token, with password and with certificate"
        )
        func asWritten() async throws {
            let site = try await SecureSite.start()
            let web = try site.client(recipe: "client with certificate")
            let edge = try site.client(recipe: "client with token")
            try await site.registered(Self.web, Self.edge)
            try await site.run(recipe: "prometheus")
            try await site.run(recipe: "prometheus with certificate")
            let all = try await LivePrometheus.start(
                in: try TemporaryFolder(), configuration: site.folder.file("prometheus.yml"))
            let some = try await LivePrometheus.start(
                in: try TemporaryFolder(), configuration: site.folder.file("prometheus-web.yml"))
            try await eventually("both clients up, for who may scrape both") {
                try await Self.up(all, "node") == ["\(Self.web):9100": 1, "\(Self.edge):9100": 1] ? true : nil
            }
            try await eventually("one client up, for who may scrape that one") {
                try await Self.up(some, "web") == ["\(Self.web):9100": 1] ? true : nil
            }
            #expect(try await all.series("node_cpu_seconds_total").count > 0)
            #expect(try await site.metric("pushprox_access_denied_total{action=\"scrape\"}") == 0)

            #expect(try await site.run(recipe: "denied").contains("HTTP 407"))
            try await site.onRecord("access_denied", Self.web)
            let secrets = try await [
                site.run("cat prometheus.password"), site.run("cat prometheus.token"), site.run("cat edge.token"),
            ]
            for program in [site.proxy, web, edge] {
                for secret in secrets { #expect(!program.errors.text.contains(secret)) }
            }
            #expect(try await all.program.stop() == .code(0))
            #expect(try await some.program.stop() == .code(0))
            #expect(try await site.stop(web, edge).dropLast().allSatisfy { $0 == .code(0) })
        }

        @Test("give nothing to a client that has one thing wrong, and say what it is")
        func wrongClients() async throws {
            let site = try await SecureSite.start()
            try await site.run(
                recipe: "ca", ["ca.key": "other-ca.key", "ca.crt": "other-ca.crt", "PushProx CA": "Other CA"])
            try await site.run(
                recipe: "client certificate",
                ["web-1.": "expired.", "-days 90": "-days -1", "DNS:expired.": "DNS:web-1."])
            try await site.run(
                recipe: "client certificate",
                ["ca.key": "other-ca.key", "ca.crt": "other-ca.crt", "web-1.": "other.", "DNS:other.": "DNS:web-1."])
            try await site.run("echo no-such-token >wrong.token")

            func refused(
                _ recipe: String, _ changes: KeyValuePairs<String, String>, _ words: String..., counted sample: String?
            ) async throws {
                let before = if let sample { try await site.metric(sample) } else { 0.0 }
                let client = try site.client(recipe: recipe, changes)
                let line = try await client.errors.line(with: "trying on")
                for word in words { #expect(line.contains(word), "\(line)") }
                if let sample {
                    try await eventually("\(sample) above \(before)") {
                        try await site.metric(sample) > before ? true : nil
                    }
                }
                #expect(try await client.stop() == .code(0))
            }
            func handshake(_ reason: String) -> String {
                "pushprox_web_tls_handshake_failures_total{reason=\"\(reason)\"}"
            }
            let register = "pushprox_access_denied_total{action=\"register\"}"
            try await refused(
                "client with certificate", ["web-1.crt": "expired.crt", "web-1.key": "expired.key"],
                counted: handshake("expired"))
            try await refused(
                "client with certificate", ["web-1.crt": "other.crt", "web-1.key": "other.key"],
                counted: handshake("unknown_ca"))
            try await refused(
                "client with certificate", ["ca.crt": "other-ca.crt"], "certificate",
                counted: handshake("refused_by_peer"))
            // The handshake itself is sound; the client alone knows that the name is another.
            try await refused(
                "client with certificate", ["proxy.example.org:8443": "127.0.0.1:\(site.ports.clients)"],
                "not valid for 127.0.0.1",
                counted: nil)
            try await refused(
                "client with certificate", [Self.web: "web-2.example.org"], "403", "every-machine", counted: register)
            try await refused("client with token", ["edge.token": "wrong.token"], "401", counted: register)
            try await refused("client with token", [Self.edge: Self.web], "403", "edge", counted: register)
            #expect(try await site.ask("/clients").contains("targets") == false)

            for words in [
                ["web-2.example.org", "every-machine"], [Self.web, "the identity edge is not granted it"],
            ] {
                try await site.proxy.errors.lines(1, with: ["level=WARN"] + words)
                try await site.onRecord("access_denied", words[0])
            }
            for reason in [
                "a certificate that has expired", "a certificate that no known authority has signed",
                "a token that no identity has",
            ] {
                try await site.proxy.errors.line(with: "level=WARN", reason)
                try await site.onRecord("access_denied", reason, "from 127.0.0.1")
            }
            #expect(try await site.stop().first == .code(0))
        }

        @Test("give nothing to a Prometheus that has one thing wrong, and say what it is")
        func wrongScrapers() async throws {
            let site = try await SecureSite.start()
            let web = try site.client(recipe: "client with certificate")
            let edge = try site.client(recipe: "client with token")
            try await site.registered(Self.web, Self.edge)
            try await site.run(
                recipe: "ca", ["ca.key": "other-ca.key", "ca.crt": "other-ca.crt", "PushProx CA": "Other CA"])
            try await site.run(recipe: "prometheus with certificate")
            try await site.run(
                recipe: "prometheus with certificate",
                ["-days 90": "-days -1", "prometheus.": "expired.", "expired.example.org": "prometheus.example.org"])
            try await site.run("echo no-such-token >wrong.token")
            let password = try await site.run("cat prometheus.password")

            func scrape(
                _ job: String, _ login: String = "", _ tls: String = "ca_file: ca.crt", target: String = Self.web,
                host: String = "localhost"
            ) -> String {
                """
                  - job_name: \(job)
                    proxy_url: https://\(login)\(host):\(site.ports.scrapes)/
                    tls_config: {\(tls)}
                    static_configs: [{targets: ['\(target):9100']}]

                """
            }
            func find(_ job: String, token file: String) -> String {
                """
                  - job_name: \(job)
                    http_sd_configs:
                      - url: https://localhost:\(site.ports.scrapes)/clients
                        authorization: {type: Bearer, credentials_file: \(file)}
                        tls_config: {ca_file: ca.crt}

                """
            }
            let jobs =
                scrape("right", "prometheus:\(password)@")
                + scrape("nothing shown") + scrape("wrong password", "prometheus:wrong@")
                + scrape("unknown user", "nobody:\(password)@")
                + scrape("other CA", "prometheus:\(password)@", "ca_file: other-ca.crt")
                + scrape("other name", "prometheus:\(password)@", host: "127.0.0.1")
                + scrape("expired", "", "ca_file: ca.crt, cert_file: expired.crt, key_file: expired.key")
                + scrape(
                    "no grant", "", "ca_file: ca.crt, cert_file: prometheus.crt, key_file: prometheus.key",
                    target: Self.edge)
                + find("wrong token", token: "wrong.token") + find("no read", token: "edge.token")
            // Wrong passwords from an address slow down those that have not been checked yet.
            try await site.run(
                "curl --silent --fail --proxy-cacert ca.crt --proxy-user \"prometheus:$(cat prometheus.password)\" "
                    + "--noproxy '' --proxy https://proxy.example.org:8080 http://\(Self.web):9100/metrics >scraped")
            let prometheus = try await LivePrometheus.start(in: site.folder, jobs: jobs)
            try await eventually("the one that is right up") {
                try await Self.up(prometheus, "right") == ["\(Self.web):9100": 1] ? true : nil
            }
            for job in [
                "nothing shown", "wrong password", "unknown user", "other CA", "other name", "expired", "no grant",
            ] {
                try await eventually("\(job) has been scraped") {
                    try await Self.up(prometheus, job).isEmpty ? nil : true
                }
                let values = try await prometheus.samples("up{job=\"\(job)\"}[1h]").values.joined().map(\.value)
                #expect(values.allSatisfy { $0 == 0 }, "\(job)")
            }
            try await prometheus.program.errors.line(with: "wrong token", "401")
            try await prometheus.program.errors.line(with: "no read", "403")
            for job in ["wrong token", "no read"] { #expect(try await Self.up(prometheus, job).isEmpty) }

            for action in ["scrape", "read"] {
                try await site.counted("pushprox_access_denied_total{action=\"\(action)\"}")
            }
            for reason in ["refused_by_peer", "expired"] {
                try await site.counted("pushprox_web_tls_handshake_failures_total{reason=\"\(reason)\"}")
            }
            for reason in [
                "no credential", "a wrong password, or a user that does not exist",
                "the identity prometheus-web is not granted it", "a token that no identity has",
                "the identity edge is not granted it",
            ] { try await site.proxy.errors.line(with: "level=WARN", reason) }
            try await site.onRecord("access_denied", Self.web, "no credential")
            try await site.onRecord("access_denied", Self.web, "a wrong password")
            try await site.onRecord("access_denied", Self.edge, "prometheus-web")
            #expect(try await prometheus.program.stop() == .code(0))
            #expect(try await site.stop(web, edge).dropLast().allSatisfy { $0 == .code(0) })
        }
    }
}
