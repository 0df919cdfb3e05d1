import Settings
import Wire

/// Reads the identities of an access file one after the other, and sees where two would be known by the same thing.
struct AccessFileReader {
    private static let grantKeys = ["scrape", "register", "read"]
    private static let credentialKeys = ["password_hash", "token_hash", "certificate"]
    private static let mostNameBytes = 128

    private(set) var identities: [Identity] = []
    private(set) var notes: [SettingsProblem] = []
    private var tokens: [TokenHash: String] = [:]
    private var certificateNames: [FQDN: String] = [:]
    private var anyCertificate: String?

    mutating func identity(_ member: SettingsMember) throws(SettingsProblem) {
        let map = try member.value.map(Self.credentialKeys + Self.grantKeys)
        let password = try map["password_hash"].map { (value) throws(SettingsProblem) in try self.password(value) }
        try checkName(member, hasPassword: password != nil)
        let tokens =
            try map["token_hash"].map { (value) throws(SettingsProblem) in try self.tokens(value, of: member.name) }
            ?? []
        let certificate = try map["certificate"].flatMap { (value) throws(SettingsProblem) in
            try self.certificate(value, of: member.name)
        }
        if password == nil, tokens.isEmpty, certificate == nil {
            throw member.key.problem(
                "nobody can be known as this; give a password_hash, a token_hash or certificate: true")
        }
        let grants = try grants(map, hasCertificate: certificate != nil)
        if grants.isNothing { notes.append(member.key.problem("may do nothing: it has no scrape, register or read")) }
        identities.append(
            Identity(name: member.name, password: password, tokens: tokens, certificate: certificate, grants: grants))
    }

    mutating func anonymous(_ value: SettingsValue) throws(SettingsProblem) -> Grants {
        try grants(try value.map(Self.grantKeys), hasCertificate: false)
    }

    private func checkName(_ member: SettingsMember, hasPassword: Bool) throws(SettingsProblem) {
        let name = member.name
        if name.isEmpty || name.utf8.count > Self.mostNameBytes || name.withoutControls != name {
            throw member.key.problem(
                "an identity's name is 1 to \(Self.mostNameBytes) bytes of text without control characters")
        }
        if name == "anonymous" {
            throw member.key.problem(
                "anonymous is who shows no credential, and stands beside identities; choose another name")
        }
        if hasPassword, name.contains(":") {
            throw member.key.problem(
                "a user name has no colon: what follows would be taken for the password; choose another")
        }
    }

    private mutating func password(_ value: SettingsValue) throws(SettingsProblem) -> PasswordHash {
        let expected = "a bcrypt hash, as pushprox-admin hash-password prints it"
        guard let hash = PasswordHash(try value.string(expected)) else {
            throw value.problem(
                "is no bcrypt hash ($2y$, $2b$ or $2a$, cost 4 to 31); pushprox-admin hash-password makes one")
        }
        if hash.cost > PasswordHash.mostSensibleCost {
            notes.append(
                value.problem(
                    "has a cost of \(hash.cost): each check takes \(1 << (hash.cost - PasswordHash.mostSensibleCost)) times what "
                        + "cost \(PasswordHash.mostSensibleCost) takes, which is seconds of a core; 10 to 12 is usual"))
        }
        return hash
    }

    /// One, or several: a new token beside the old one, until everybody has the new one.
    private mutating func tokens(_ value: SettingsValue, of name: String) throws(SettingsProblem) -> [TokenHash] {
        let values = value.isList ? try value.list() : [value]
        var hashes: [TokenHash] = []
        for value in values {
            let expected = "a token's hash, as pushprox-admin new-token prints it"
            guard let hash = TokenHash(try value.string(expected)) else {
                throw value.problem(
                    "is no token's hash: sha256: and 64 hexadecimal digits; pushprox-admin new-token makes a token and its hash"
                )
            }
            if let other = tokens.updateValue(name, forKey: hash) {
                throw value.problem("is the hash of a token that \(other) has already; give each its own token")
            }
            hashes.append(hash)
        }
        return hashes
    }

    private mutating func certificate(
        _ value: SettingsValue, of name: String
    ) throws(SettingsProblem) -> Identity.Certificate? {
        guard value.isList else {
            guard try value.bool() else { return nil }
            if let other = anyCertificate {
                throw value.problem(
                    "\(other) has certificate: true already, and a certificate is one identity's; name names here")
            }
            anyCertificate = name
            return .any
        }
        var names: [FQDN] = []
        for value in try value.list() {
            guard let own = FQDN(try value.string("a DNS name in the certificate")) else {
                throw value.problem("is no DNS name; write one as it stands in the certificate, without *")
            }
            if let other = certificateNames.updateValue(name, forKey: own) {
                throw value.problem("is a name that \(other) is known by already")
            }
            names.append(own)
        }
        if names.isEmpty { throw value.problem("names nobody; write true, or the names in the certificate") }
        return .names(names)
    }

    private func grants(_ map: SettingsMap, hasCertificate: Bool) throws(SettingsProblem) -> Grants {
        Grants(
            scrape: try patterns(map["scrape"], hasCertificate: hasCertificate),
            register: try patterns(map["register"], hasCertificate: hasCertificate),
            read: try map["read"].map { (value) throws(SettingsProblem) in try value.bool() } ?? false)
    }

    private func patterns(_ value: SettingsValue?, hasCertificate: Bool) throws(SettingsProblem) -> NamePatterns {
        guard let value else { return .nothing }
        var patterns: [NamePattern] = []
        var globs = 0
        for value in try value.list("a list of names, as [\"*.example.org\"]") {
            let text = try value.string("a name, or a pattern such as *.example.org")
            do throws(NamePattern.Flaw) {
                let pattern = try NamePattern(text)
                if case .names = pattern { globs += 1 }
                patterns.append(pattern)
            } catch {
                throw value.problem(error.description)
            }
            if patterns.last == .own, !hasCertificate {
                throw value.problem(
                    "@own is the names in a certificate, and this identity has none; give it certificate: true")
            }
            if globs > NamePatterns.mostGlobs {
                throw value.problem(
                    "there are more than \(NamePatterns.mostGlobs) patterns with * here; make one of several")
            }
        }
        return NamePatterns(patterns)
    }
}
