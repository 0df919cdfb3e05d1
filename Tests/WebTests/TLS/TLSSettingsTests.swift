import Glibc
import TestKit
import Testing

@testable import Web

@Suite struct TLSSettingsTests {
    private func refusal(_ settings: TLSSettings) -> String? {
        do {
            _ = try ServerTLS(settings, now: 1_700_000_000)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func warnings(of settings: TLSSettings) throws -> [String] {
        try ServerTLS(settings, now: Int64(time(nil))).warnings.map { "\($0)" }
    }

    @Test("What can't be used is refused with its key, its file and the reason")
    func unusable() async throws {
        let authority = try await TestAuthority()
        let one = try await authority.issue("one", "DNS:a")
        let two = try await authority.issue("two", "DNS:a")
        let folder = authority.folder
        let junk = try folder.write("nothing\n", to: "junk.pem")
        let encrypted = folder.file("encrypted.key")
        try await authority.openssl("pkey", "-in", one.key, "-aes256", "-passout", "pass:x", "-out", encrypted)
        func settings(_ certificate: String, _ key: String) -> TLSSettings {
            TLSSettings(certificate: .file(certificate), key: .file(key))
        }
        let missing = folder.file("missing.pem")
        #expect(refusal(settings(one.certificate, one.key)) == nil)
        #expect(refusal(settings(missing, one.key)) == "cert_file: \(missing): there is no such file")
        #expect(refusal(settings(one.certificate, missing)) == "key_file: \(missing): there is no such file")
        #expect(refusal(settings(folder.path, one.key)) == "cert_file: \(folder.path): is a folder; name a file")
        #expect(refusal(settings(junk, one.key)) == "cert_file: \(junk): it holds no certificate in PEM")
        #expect(refusal(settings(one.certificate, junk)) == "key_file: \(junk): it holds no private key in PEM")
        #expect(
            refusal(settings(one.certificate, one.certificate))?.hasSuffix("it holds no private key in PEM") == true)
        #expect(refusal(settings(one.certificate, two.key)) == "key_file: it does not belong to the certificate")
        #expect(refusal(settings(one.certificate, encrypted))?.contains("the key is encrypted") == true)

        // As an authority's is, which stands in front of the server's own.
        let signing = try await authority.issue(
            "signing", "DNS:a",
            key: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", "keyUsage=critical,keyCertSign"])
        #expect(
            refusal(settings(signing.certificate, signing.key))?.hasPrefix(
                "cert_file: \(signing.certificate): the first certificate is not one that a server can show") == true)

        var other = settings(one.certificate, one.key)
        other.clientAuthorities = .file(junk)
        #expect(
            refusal(other) == "client_ca_file: client_auth_type says that no client certificate is asked for")
        other.clientAuthentication = .verifyIfGiven
        #expect(refusal(other) == "client_ca_file: \(junk): it holds no certificate in PEM")
        other = settings(one.certificate, one.key)
        other.minimumVersion = .tls13
        other.maximumVersion = .tls12
        #expect(refusal(other) == "max_version: it is below min_version")
        other = TLSSettings(certificate: .inline("x"), key: .file(one.key))
        #expect(refusal(other) == "cert: it holds no certificate in PEM")
    }

    @Test("What can be used but should be known is warned of")
    func warnings() async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("one", "DNS:a")
        let late = try await authority.issue("late", "DNS:a", days: -1)
        var settings = TLSSettings(certificate: .file(pair.certificate), key: .file(pair.key))
        chmod(pair.key, 0o600)
        #expect(try warnings(of: settings).isEmpty)
        chmod(pair.key, 0o644)
        #expect(
            try warnings(of: settings) == ["key_file: \(pair.key): every user of this machine can read it"])
        chmod(pair.key, 0o600)
        settings.cipherSuites = [.ecdheRSAAES128CBC]
        settings.clientAuthentication = .verifyIfGiven
        #expect(
            try warnings(of: settings) == [
                "cipher_suites: those with CBC are dated",
                "client_auth_type: without client_ca_file, certificates of every authority that this system trusts are accepted",
            ])
        let expired = TLSSettings(certificate: .file(late.certificate), key: .file(late.key))
        chmod(late.key, 0o600)
        #expect(try warnings(of: expired) == ["cert_file: \(late.certificate): the certificate has expired"])
        for (bits, isWeak) in [(1024, true), (1536, true), (2048, false), (3072, false)] {
            let rsa = try await authority.issue("rsa-\(bits)", "DNS:a", key: ["-newkey", "rsa:\(bits)"])
            chmod(rsa.key, 0o600)
            let found = try warnings(of: TLSSettings(certificate: .file(rsa.certificate), key: .file(rsa.key)))
            #expect(found.contains { $0.contains("less than 2048 bits") } == isWeak, "\(bits): \(found)")
        }
    }

    @Test("Every suite and curve that is named can be served", arguments: CipherSuite.allCases)
    func suites(suite: CipherSuite) async throws {
        let authority = try await TestAuthority()
        let pair = try await authority.issue("one", "DNS:a")
        var settings = TLSSettings(certificate: .file(pair.certificate), key: .file(pair.key))
        settings.cipherSuites = [suite]
        settings.curves = TLSCurve.allCases
        #expect(refusal(settings) == nil)
    }
}
