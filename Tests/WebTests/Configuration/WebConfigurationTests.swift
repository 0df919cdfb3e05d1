import Access
import Flags
import Foundation
import NIOCore
import Settings
import TestKit
import Testing

@testable import Web

/// The format of exporter-toolkit, key by key: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
@Suite struct WebConfigurationTests {
    /// A folder with `server.crt`, `server.key` and `ca.crt`.
    private static func folder() async throws -> TemporaryFolder {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("server", "DNS:a.example")
        let folder = authority.folder
        try folder.write(try String(contentsOfFile: pair.certificate, encoding: .utf8), to: "server.crt")
        try folder.write(try String(contentsOfFile: authority.certificate, encoding: .utf8), to: "ca.crt")
        chmod(pair.key, 0o600)
        return folder
    }

    private static func read(_ text: String, in folder: TemporaryFolder) throws -> WebConfiguration {
        var files = FilesRead()
        let path = try folder.write(text, to: "web.yml")
        return try WebConfiguration(path: path, reading: &files, now: Int64(time(nil)))
    }

    /// The error's line, without the folder.
    private static func refusal(_ text: String, in folder: TemporaryFolder) throws -> String? {
        do throws(SettingsProblem) {
            var files = FilesRead()
            let path = folder.file("web.yml")
            _ = try? folder.write(text, to: "web.yml")
            _ = try WebConfiguration(path: path, reading: &files, now: Int64(time(nil)))
            return nil
        } catch {
            return "\(error)".replacingOccurrences(of: folder.path + "/", with: "")
        }
    }

    private static func notes(_ text: String, in folder: TemporaryFolder) throws -> [String] {
        try read(text, in: folder).notes.map {
            "\($0)".replacingOccurrences(of: folder.path + "/", with: "")
        }
    }

    private static let hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"

    @Test("Every key of the format is taken")
    func everyKey() async throws {
        let folder = try await Self.folder()
        let certificate = try String(contentsOfFile: folder.file("server.crt"), encoding: .utf8)
        let key = try String(contentsOfFile: folder.file("server.key"), encoding: .utf8)
        let authority = try String(contentsOfFile: folder.file("ca.crt"), encoding: .utf8)
        func block(_ text: String) -> String {
            "|\n" + text.split(separator: "\n").map { "    \($0)\n" }.joined()
        }
        let rest = """
              client_auth_type: RequireAndVerifyClientCert
              client_allowed_sans: [a.example, 192.0.2.7]
              min_version: TLS12
              max_version: TLS13
              cipher_suites:
                - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                - TLS_AES_128_GCM_SHA256
              prefer_server_cipher_suites: true
              curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]
            http_server_config:
              http2: true
              headers:
                Content-Security-Policy: "default-src 'self'"
                X-Frame-Options: deny
                X-Content-Type-Options: nosniff
                X-XSS-Protection: 1
                Strict-Transport-Security: max-age=31536000; includeSubDomains
            basic_auth_users:
              alice: \(Self.hash)
              bob: \(Self.hash)
            rate_limit:
              interval: 100ms
              burst: 20

            """
        let inline = """
            tls_server_config:
              cert: \(block(certificate))
              key: \(block(key))
              client_ca: \(block(authority))

            """
        let named = """
            tls_server_config:
              cert_file: server.crt
              key_file: server.key
              client_ca_file: ca.crt

            """
        for text in [inline + rest, named + rest] {
            let configuration = try Self.read(text, in: folder)
            #expect(configuration.notes.isEmpty, "\(configuration.notes)")
            let tls = try #require(configuration.tls)
            #expect(tls.clientAuthentication == .requireAndVerify)
            #expect(tls.allowedNames == ["a.example", "192.0.2.7"])
            #expect(
                configuration.headers.map { "\($0.name)=\($0.value)" } == [
                    "Content-Security-Policy=default-src 'self'", "X-Frame-Options=deny",
                    "X-Content-Type-Options=nosniff", "X-XSS-Protection=1",
                    "Strict-Transport-Security=max-age=31536000; includeSubDomains",
                ])
            #expect(configuration.users.map(\.name) == ["alice", "bob"])
            #expect(configuration.rateLimit == RateLimit(interval: .milliseconds(100), burst: 20))
        }
        // All keys that the reader knows are in there.
        for key in TLSSettingsReader.keys { #expect((inline + named + rest).contains("  \(key):"), "\(key)") }
    }

    @Test(
        "What asks for no TLS speaks plain HTTP",
        arguments: [
            "", "# nothing\n", "{}", "tls_server_config:\n", "basic_auth_users:\n", "rate_limit: {interval: 0}",
            "http_server_config: {headers: {X-Frame-Options: ''}}",
        ])
    func noTLS(text: String) async throws {
        let folder = try TemporaryFolder()
        let configuration = try Self.read(text, in: folder)
        #expect(configuration.tls == nil && configuration.users.isEmpty && configuration.rateLimit == nil)
        #expect(configuration.headers.isEmpty && configuration.notes.isEmpty)
    }

    @Test(
        "What people have in their files is taken",
        arguments: [
            "client_auth_type: ''", "client_auth_type: NoClientCert", "client_auth_type: RequestClientCert",
            "client_auth_type: RequireAnyClientCert", "client_auth_type: RequireClientCert",
            "client_auth_type: VerifyClientCertIfGiven", "client_auth_type: RequireAndVerifyClientCert",
            "client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.crt", "cert: ''\n  key: ''",
            "max_version: TLS12", "min_version: TLS13", "prefer_server_cipher_suites: false", "cipher_suites:",
            "cipher_suites: [TLS_AES_256_GCM_SHA384]", "cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA]",
            "cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12", "curve_preferences: []",
        ])
    func accepted(more: String) async throws {
        let folder = try await Self.folder()
        let text = "tls_server_config:\n  cert_file: server.crt\n  key_file: \(folder.file("server.key"))\n  \(more)\n"
        #expect(try Self.refusal(text, in: folder) == nil)
        #expect(try Self.read(text, in: folder).tls != nil)
    }

    private static let pair = "  cert_file: server.crt\n  key_file: server.key\n"

    @Test(
        "What is wrong is one line with file, line and key",
        arguments: [
            ("tls_server_confg: {}", "web.yml:1: tls_server_confg: there is no such key here"),
            ("hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n", "web.yml:1: expected keys with values"),
            (
                "tls_server_config:\n  cert_filse: server.crt",
                "web.yml:2: tls_server_config.cert_filse: there is no such"
            ),
            (
                "tls_server_config:\n  cert_file: ''\n  key_file: server.key",
                "web.yml:2: tls_server_config: cert_file or cert"
            ),
            ("tls_server_config:\n  cert_file: server.crt\n  key: ''", "web.yml:2: tls_server_config: key_file or key"),
            ("tls_server_config:\n  client_auth_type: NoClientCert", "web.yml:2: tls_server_config: cert_file or cert"),
            (
                "tls_server_config:\n  cert_file: somefile\n  key_file: server.key",
                "web.yml:2: tls_server_config.cert_file: somefile: there is no such file"
            ),
            (
                "tls_server_config:\n  cert_file: server.crt\n  key_file: somefile",
                "web.yml:3: tls_server_config.key_file: somefile: there is no such file"
            ),
            (
                "tls_server_config:\n  cert_file: server.crt\n  key_file: ca.crt",
                "web.yml:3: tls_server_config.key_file: ca.crt: it holds no private key"
            ),
            (
                "tls_server_config:\n  cert_file: ca.crt\n  key_file: server.key",
                "web.yml:3: tls_server_config.key_file: it does not belong to the certificate"
            ),
            (
                "tls_server_config:\n\(pair)  client_ca_file: ca.crt",
                "web.yml:4: tls_server_config.client_ca_file: client_auth_type says that no client certificate"
            ),
            (
                "tls_server_config:\n\(pair)  client_ca_file: somefile\n  client_auth_type: VerifyClientCertIfGiven",
                "web.yml:4: tls_server_config.client_ca_file: somefile: there is no such file"
            ),
            (
                "tls_server_config:\n\(pair)  client_auth_type: x",
                "web.yml:4: tls_server_config.client_auth_type: expected one of NoClientCert, RequestClientCert"
            ),
            (
                "tls_server_config:\n\(pair)  min_version: TLS11",
                "web.yml:4: tls_server_config.min_version: TLS 1.0 and 1.1 are not served"
            ),
            (
                "tls_server_config:\n\(pair)  max_version: TLS111",
                "web.yml:4: tls_server_config.max_version: expected TLS12 or TLS13"
            ),
            (
                "tls_server_config:\n\(pair)  min_version: TLS13\n  max_version: TLS12",
                "web.yml:5: tls_server_config.max_version: it is below min_version"
            ),
            (
                "tls_server_config:\n\(pair)  cipher_suites:\n  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048",
                "web.yml:5: tls_server_config.cipher_suites[0]: there is no such cipher suite"
            ),
            (
                "tls_server_config:\n\(pair)  cipher_suites: [TLS_RSA_WITH_AES_128_GCM_SHA256]",
                "web.yml:4: tls_server_config.cipher_suites[0]: TLS_RSA_WITH_AES_128_GCM_SHA256 is not secure"
            ),
            (
                "tls_server_config:\n\(pair)  curve_preferences: [CurveP257]",
                "web.yml:4: tls_server_config.curve_preferences[0]: expected one of X25519, CurveP256"
            ),
            (
                "tls_server_config:\n\(pair)  prefer_server_cipher_suites: maybe",
                "web.yml:4: tls_server_config.prefer_server_cipher_suites: expected true or false"
            ),
            ("http_server_config: {http2: 3}", "web.yml:1: http_server_config.http2: expected true or false"),
            (
                "http_server_config:\n  headers:\n    Content-Type: foo",
                "web.yml:3: http_server_config.headers.Content-Type: this header"
            ),
            (
                "http_server_config:\n  headers:\n    X-Frame-Options: foo",
                "web.yml:3: http_server_config.headers.X-Frame-Options: expected deny or sameorigin"
            ),
            (
                "http_server_config:\n  headers:\n    X-Content-Type-Options: sniff",
                "web.yml:3: http_server_config.headers.X-Content-Type-Options: expected nosniff"
            ),
            (
                "http_server_config:\n  headers:\n    X-XSS-Protection: \"1\\r\\nSet-Cookie: a\"",
                "web.yml:3: http_server_config.headers.X-XSS-Protection: a header's value has no control characters"
            ),
            ("basic_auth_users:\n  john: opensesame", "web.yml:2: basic_auth_users.john: is no bcrypt hash"),
            ("rate_limit: {interval: soon}", "web.yml:1: rate_limit.interval: expected a duration"),
            ("rate_limit: {interval: -1s}", "web.yml:1: rate_limit.interval: expected a duration"),
            ("rate_limit: {interval: 1s, burst: -1}", "web.yml:1: rate_limit.burst: expected a whole number"),
            ("a: [", "web.yml:"),
        ])
    func refused(text: String, line: String) async throws {
        let folder = try await Self.folder()
        let refusal = try #require(try Self.refusal(text, in: folder))
        #expect(refusal.hasPrefix(line), "\(refusal)")
        #expect(!refusal.contains("\n"))
        #expect(!refusal.contains("opensesame"), "a password in an error")
    }

    @Test("A file that isn't there is said to be so")
    func missing() throws {
        let folder = try TemporaryFolder()
        var files = FilesRead()
        #expect(throws: SettingsProblem.self) {
            try WebConfiguration(path: folder.file("none.yml"), reading: &files, now: 0)
        }
        #expect(files.files.map(\.path) == [folder.file("none.yml")])
    }

    @Test("What is taken but probably not meant is noted")
    func notes() async throws {
        let folder = try await Self.folder()
        #expect(
            try Self.notes(
                """
                tls_server_config:
                  cert_file: server.crt
                  key_file: server.key
                  key: x
                  client_allowed_sans: [a]
                basic_auth_users:
                  a:b: \(Self.hash)
                rate_limit: {interval: 1s}
                """, in: folder) == [
                    "web.yml:3: tls_server_config.key_file: is used, and key is not: give one of them",
                    "web.yml:5: tls_server_config.client_allowed_sans: has no effect while client_auth_type is NoClientCert",
                    "web.yml:7: basic_auth_users.a:b: nobody can be this user: in a request, a user name ends at a colon",
                    "web.yml:8: rate_limit: with a burst of 0 no request is ever served",
                ])
        #expect(
            try Self.notes("tls_server_config: {min_version: TLS13}", in: folder) == [
                "web.yml:1: tls_server_config: asks for no TLS: it has no certificate"
            ])
    }

    @Test("A bucket serves its burst at once and then one for each interval")
    func rateLimit() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var bucket = RateLimit.Bucket(RateLimit(interval: .seconds(1), burst: 3))
        func served(_ count: Int, after milliseconds: Int64) -> Int {
            (0..<count).count { _ in bucket.take(at: start + .milliseconds(milliseconds)) }
        }
        #expect(served(5, after: 0) == 3)
        #expect(served(1, after: 999) == 0)
        #expect(served(5, after: 1000) == 1)
        #expect(served(5, after: 3500) == 2)
        #expect(served(9, after: 1_000_000) == 3)
    }
}
