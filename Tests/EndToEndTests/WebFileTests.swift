import TestKit
import Testing

extension EndToEnd {
    /// exporter-toolkit itself is the judge: node_exporter is given the same file as our programs.
    @Suite("A web configuration file that node_exporter takes") struct WebFileTests {
        /// With every key that the toolkit of Debian's node_exporter knows.
        private static func file(_ authority: TestAuthority, _ pair: TestAuthority.Pair) -> String {
            """
            tls_server_config:
              cert_file: \(pair.certificate)
              key_file: \(pair.key)
              client_ca_file: \(authority.certificate)
              client_auth_type: VerifyClientCertIfGiven
              min_version: TLS12
              max_version: TLS13
              cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]
              prefer_server_cipher_suites: true
              curve_preferences: [CurveP256, X25519]
            http_server_config:
              http2: false
              headers:
                X-Frame-Options: deny
                X-Content-Type-Options: nosniff
                X-XSS-Protection: 1; mode=block
                Strict-Transport-Security: max-age=31536000
                Content-Security-Policy: default-src 'self'
            basic_auth_users:
              u: $2y$04$abcdefghijklmnopqrstuudMegMbPN37MbpdEfAtP66w1z0RBCtLG

            """
        }

        /// The three programs with this file, and what their line says that has the port.
        private static func programs(_ file: String) throws -> [(name: String, program: Program, words: [String])] {
            let flag = "--web.config.file=\(file)"
            return [
                (
                    "node_exporter",
                    try Program(
                        Executable.installed("prometheus-node-exporter"), ["--web.listen-address=127.0.0.1:0", flag]),
                    ["Listening on", "address="]
                ),
                (
                    "proxy",
                    try Program(
                        Executable.built("pushprox-proxy"),
                        ["--web.listen-address=127.0.0.1:0", "--storage.path=", flag]), ["msg=listening", "address="]
                ),
                (
                    "client",
                    try Program(
                        Executable.built("pushprox-client"),
                        ["--proxy-url=http://127.0.0.1:1", "--fqdn=localhost", "--metrics-addr=127.0.0.1:0", flag]),
                    ["serving metrics", "address="]
                ),
            ]
        }

        @Test("is taken by proxy and client, and means the same to them")
        func taken() async throws {
            let authority = try await TestAuthority()
            let pair = try await authority.issue("server", "DNS:localhost")
            let path = try authority.folder.write(Self.file(authority, pair), to: "web.yml")
            for (name, program, words) in try Self.programs(path) {
                let lines = try await program.errors.lines(1, with: words)
                let port = try LogText.port(in: try #require(lines.first))
                func ask(_ arguments: String...) async throws -> String {
                    let curl = try Program(
                        Executable.installed("curl"),
                        [
                            "--silent", "--include", "--cacert", authority.certificate,
                            "https://localhost:\(port)/metrics",
                        ] + arguments)
                    try await curl.exited()
                    return curl.output.text.lowercased()
                }
                let right = ["--user", "u:p"]
                for version in ["1.2", "1.3"] {
                    let answer = try await ask(right[0], right[1], "--tlsv\(version)", "--tls-max", version)
                    #expect(answer.hasPrefix("http/1.1 200"), "\(name): \(answer)")
                    for field in [
                        "x-frame-options: deny", "x-content-type-options: nosniff", "x-xss-protection: 1; mode=block",
                        "strict-transport-security: max-age=31536000", "content-security-policy: default-src 'self'",
                    ] { #expect(answer.contains("\r\n\(field)\r\n"), "\(name): \(field)") }
                }
                #expect(try await ask().hasPrefix("http/1.1 401"), "\(name)")
                #expect(try await ask("--user", "u:wrong").hasPrefix("http/1.1 401"), "\(name)")
                let weak = try await ask(
                    right[0], right[1], "--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384")
                #expect(weak.isEmpty, "\(name): \(weak)")
                _ = try await program.stop()
            }
        }

        @Test(
            "differs by no mistake from one that it refuses, and so do we",
            arguments: [
                ("min_version: TLS12", "min_version: TLS9"), ("max_version: TLS13", "no_such_key: 1"),
                ("VerifyClientCertIfGiven", "Sometimes"), ("[CurveP256,", "[CurveP257,"),
                ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_NO_SUCH_SUITE"), ("X-Frame-Options", "X-Other"),
                ("cert_file: ", "cert_file: /no/such"),
            ])
        func refused(_ good: String, _ bad: String) async throws {
            let authority = try await TestAuthority()
            let pair = try await authority.issue("server", "DNS:localhost")
            let text = Self.file(authority, pair)
            #expect(text.contains(good))
            let path = try authority.folder.write(text.replacing(good, with: bad), to: "web.yml")
            for (name, program, _) in try Self.programs(path) {
                #expect(try await program.exited() == .code(1), "\(name) and \(bad)")
            }
        }
    }
}
