import Settings

/// Reads `tls_server_config`, key by key.
struct TLSSettingsReader {
    static let keys = [
        "cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file", "client_auth_type",
        "client_allowed_sans", "min_version", "max_version", "cipher_suites", "prefer_server_cipher_suites",
        "curve_preferences",
    ]

    private let map: SettingsMap
    private(set) var notes: [SettingsProblem] = []

    init(_ map: SettingsMap) { self.map = map }

    /// - Returns: `nil` for settings that ask for no TLS: without certificate, key, authority and policy (exporter-toolkit's
    ///   `IsEnabled`).
    mutating func tls(reading files: inout FilesRead, now: Int64) throws(SettingsProblem) -> ServerTLS? {
        guard let settings = try settings() else { return nil }
        do {
            let tls = try ServerTLS(settings, reading: &files, now: now)
            notes += tls.warnings.map { problem($0) }
            return tls
        } catch {
            throw problem(error)
        }
    }

    mutating func settings() throws(SettingsProblem) -> TLSSettings? {
        let certificate = try pem("cert")
        let key = try pem("key")
        let authorities = try pem("client_ca")
        let policy = try clientAuthentication()
        let versions = (try version("min_version") ?? .tls12, try version("max_version") ?? .tls13)
        let suites = try cipherSuites()
        let curves = try curves()
        // In the order of the client, for BoringSSL; with Go, since 1.17, the order of neither.
        _ = try map["prefer_server_cipher_suites"]?.bool()
        guard certificate != nil || key != nil || authorities != nil || policy != nil else {
            notes.append(map.problem("asks for no TLS: it has no certificate"))
            return nil
        }
        guard let certificate else { throw map.problem("cert_file or cert is missing: the server's certificate") }
        guard let key else { throw map.problem("key_file or key is missing: the certificate's private key") }
        var settings = TLSSettings(certificate: certificate, key: key)
        settings.clientAuthentication = policy ?? .none
        settings.clientAuthorities = authorities
        settings.clientAllowedNames = try map["client_allowed_sans"].map { (value) throws(SettingsProblem) in
            try value.list().map { (item) throws(SettingsProblem) in try item.string("a name") }
        }
        settings.minimumVersion = versions.0
        settings.maximumVersion = versions.1
        settings.cipherSuites = suites
        settings.curves = curves
        return settings
    }

    /// As exporter-toolkit has it, empty text is nothing, and a file goes before text.
    private mutating func pem(_ name: String) throws(SettingsProblem) -> TLSSettings.PEM? {
        let text = try map[name]?.secret("PEM text").exposed ?? ""
        guard let file = map["\(name)_file"], try !file.string("a file name").isEmpty else {
            return text.isEmpty ? nil : .inline(text)
        }
        if !text.isEmpty { notes.append(file.problem("is used, and \(name) is not: give one of them")) }
        return .file(try file.fileName())
    }

    /// Empty text is none, as in exporter-toolkit.
    private func clientAuthentication() throws(SettingsProblem) -> ClientAuthentication? {
        let names = ClientAuthentication.allCases.map(\.rawValue).joined(separator: ", ")
        guard let value = map["client_auth_type"], try !value.string("one of \(names)").isEmpty else { return nil }
        return try value.parsed(as: "one of \(names)") { ClientAuthentication(name: $0) }
    }

    private func version(_ key: String) throws(SettingsProblem) -> TLSSettings.Version? {
        guard let value = map[key] else { return nil }
        switch try value.string("TLS12 or TLS13") {
        case "TLS12": return .tls12
        case "TLS13": return .tls13
        case "TLS10", "TLS11":
            throw value.problem("TLS 1.0 and 1.1 are not served (RFC 8996); expected TLS12 or TLS13")
        default: throw value.wanted("TLS12 or TLS13")
        }
    }

    private func cipherSuites() throws(SettingsProblem) -> [CipherSuite] {
        try (try map["cipher_suites"]?.list("a list of cipher suites") ?? []).map { (value) throws(SettingsProblem) in
            let name = try value.string("a cipher suite")
            if let suite = CipherSuite(rawValue: name) { return suite }
            if CipherSuite.unsound.contains(name) {
                throw value.problem("\(name) is not secure and not served, as with Go")
            }
            let names = CipherSuite.allCases.map(\.rawValue).joined(separator: ", ")
            throw value.problem("there is no such cipher suite; those that are served are \(names)")
        }
    }

    private func curves() throws(SettingsProblem) -> [TLSCurve] {
        let names = TLSCurve.allCases.map(\.rawValue).joined(separator: ", ")
        return try (try map["curve_preferences"]?.list("a list of curves") ?? []).map {
            (value) throws(SettingsProblem) in
            try value.parsed(as: "one of \(names)") { TLSCurve(rawValue: $0) }
        }
    }

    private func problem(_ unusable: TLSSettings.Unusable) -> SettingsProblem {
        let text = unusable.path.map { "\($0): \(unusable.reason)" } ?? unusable.reason
        return map[unusable.key]?.problem(text) ?? map.problem("\(unusable.key): \(text)")
    }
}
