import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// Whole programs, set up by docs/security.md, and its recipes for what changes later.
    @Suite("The recipes of docs/security.md for rotation") struct RotationTests {
        private static let web = "web-1.example.org"
        private static let edge = "cam-7.edge.example.org"
        private static let trouble = "trying on"
        private static let register = "pushprox_access_denied_total{action=\"register\"}"

        /// Who has signed the certificate that the proxy serves now.
        private func issuer(_ site: SecureSite) async throws -> String {
            try await site.run(
                "openssl s_client -connect proxy.example.org:8443 -servername localhost -CAfile ca.crt </dev/null 2>&1 "
                    + "| sed -n 's/^issuer=//p'")
        }

        private func isRefused(_ site: SecureSite, _ config: String) async throws {
            site.proxy.signal(SIGHUP)
            try await site.proxy.errors.line(with: "cannot be used, the one before stays", "config=\(config)")
            #expect(
                try await site.metric("pushprox_config_last_reload_successful{config=\"\(config)\"}") == 0, "\(config)")
        }

        @Test(
            "bring a new CA, and new certificates of proxy and client, without an outage; then the old ones are no good"
        )
        func certificates() async throws {
            let site = try await SecureSite.start()
            let client = try site.client(recipe: "client with certificate")
            try await site.registered(Self.web)
            #expect(try await site.scrape(Self.web) == "200")
            try await site.run("cp web-1.crt old.crt; cp web-1.key old.key; cp ca.crt old-ca.crt")

            try await site.run(recipe: "next ca")
            try await site.reload(site.proxy, "web")
            try await site.reload(client, "tls")
            try await site.run(
                recipe: "next server certificate", ["-CA ca.crt": "-CA ca-2.crt", "-CAkey ca.key": "-CAkey ca-2.key"])
            try await site.run(
                recipe: "client certificate",
                [
                    "-CA ca.crt": "-CA ca-2.crt", "-CAkey ca.key": "-CAkey ca-2.key", "web-1.key": "web-1.key.new",
                    "-out web-1.crt": "-out web-1.crt.new",
                ])
            try await site.run("mv web-1.key.new web-1.key; mv web-1.crt.new web-1.crt")
            try await site.reload(site.proxy, "web")
            try await site.reload(client, "tls")
            #expect(try await issuer(site).contains("PushProx CA 2"))
            #expect(try await site.scrape(Self.web) == "200")

            try await site.run(recipe: "old ca out")
            try await site.reload(site.proxy, "web")
            try await site.reload(client, "tls")
            for _ in 0..<3 { #expect(try await site.scrape(Self.web) == "200") }
            #expect(!client.errors.text.contains(Self.trouble), "\(client.errors.text)")
            let late = try site.client(
                recipe: "client with certificate", ["web-1.crt": "old.crt", "web-1.key": "old.key"])
            try await late.errors.line(with: Self.trouble)
            try await site.counted("pushprox_web_tls_handshake_failures_total{reason=\"unknown_ca\"}")
            let distrustful = try site.client(recipe: "client with certificate", ["ca.crt": "old-ca.crt"])
            try await distrustful.errors.line(with: Self.trouble, "certificate")
            for program in [late, distrustful] { #expect(try await program.stop() == .code(0)) }

            // What is bad changes nothing, and the next good one is taken.
            try await site.run("cp proxy.crt good.crt; echo nonsense >proxy.crt.new; mv proxy.crt.new proxy.crt")
            try await isRefused(site, "web")
            try await site.proxy.errors.line(with: "level=ERROR", "proxy.crt", "no certificate in PEM")
            #expect(try await issuer(site).contains("PushProx CA 2"))
            #expect(try await site.scrape(Self.web) == "200")
            try await site.run("mv good.crt proxy.crt")
            try await site.reload(site.proxy, "web")
            #expect(try await site.metric("pushprox_config_last_reload_successful{config=\"web\"}") == 1)
            #expect(try await site.stop(client).dropLast().allSatisfy { $0 == .code(0) })
        }

        @Test("bring a new token without a denial; then the old one is no good")
        func token() async throws {
            let site = try await SecureSite.start()
            let client = try site.client(recipe: "client with token")
            try await site.registered(Self.edge)
            try await site.run("cp edge.token old.token")

            try await site.run(recipe: "next token")
            try await site.reload(site.proxy, "access")
            try await site.run("mv edge.token.new edge.token")
            try await site.reload(client, "credential")
            #expect(try await site.scrape(Self.edge) == "200")
            try await site.run(recipe: "old token out")
            try await site.reload(site.proxy, "access")
            // The poll that is there was let in by the token that is out, or has begun since: either ends well.
            for _ in 0..<3 { #expect(try await site.scrape(Self.edge) == "200") }
            let late = try site.client(
                recipe: "client with token", ["edge.token": "old.token", Self.edge: "old.edge.example.org"])
            try await late.errors.line(with: Self.trouble, "401")
            #expect(try await late.stop() == .code(0))
            #expect(!client.errors.text.contains(Self.trouble), "\(client.errors.text)")
            #expect(try await site.stop(client).dropLast().allSatisfy { $0 == .code(0) })
        }

        @Test("bring a new password without a denial; then the old one is no good. A bad file changes nothing")
        func password() async throws {
            let site = try await SecureSite.start()
            let client = try site.client(recipe: "client with token")
            try await site.registered(Self.edge)
            let (new, file) = ("prometheus-2", "prometheus.password.new")
            #expect(try await site.scrape(Self.edge) == "200")
            try await site.run(recipe: "next password")
            try await site.reload(site.proxy, "access")
            #expect(try await site.scrape(Self.edge, user: new, password: file) == "200")
            #expect(try await site.scrape(Self.edge) == "200")
            #expect(try await site.metric("pushprox_access_denied_total{action=\"scrape\"}") == 0)
            try await site.run(recipe: "old password out")
            try await site.reload(site.proxy, "access")
            #expect(try await site.scrape(Self.edge) == "407")
            #expect(try await site.scrape(Self.edge, user: new, password: file) == "200")

            try await site.run("cp access.yml good.yml; echo 'no_such_key: 1' >>access.yml")
            try await isRefused(site, "access")
            try await site.proxy.errors.line(with: "level=ERROR", "access.yml", "no_such_key")
            #expect(try await site.scrape(Self.edge, user: new, password: file) == "200")
            try await site.run("mv good.yml access.yml")
            try await site.reload(site.proxy, "access")
            #expect(try await site.stop(client).dropLast().allSatisfy { $0 == .code(0) })
        }

        @Test("take a grant away without a signal to anybody, and give it again")
        func grants() async throws {
            let site = try await SecureSite.start()
            let client = try site.client(recipe: "client with token")
            try await site.registered(Self.edge)
            try await site.run(
                "cp access.yml good.yml; sed 's/[*].edge.example.org/*.other.example.org/' access.yml >access.yml.new; "
                    + "mv access.yml.new access.yml")
            try await client.errors.line(with: Self.trouble, "403", "may not be a client of this name")
            #expect(try await site.ask("/clients").contains(Self.edge) == false)
            try await site.counted(Self.register)
            try await site.onRecord("access_denied", Self.edge)
            try await site.run("mv good.yml access.yml")
            try await client.errors.line(with: "the proxy takes our polls again")
            try await site.registered(Self.edge)
            #expect(try await site.scrape(Self.edge) == "200")
            #expect(try await site.stop(client).dropLast().allSatisfy { $0 == .code(0) })
        }
    }
}
