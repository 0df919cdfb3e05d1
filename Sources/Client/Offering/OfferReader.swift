import Clients
import Settings
import Web
import Wire

/// Reads names, labels and targets of the client's file, key by key.
struct OfferReader {
    static let nameKeys = ["fqdn", "address", "labels", "targets"]
    static let targetKeys = ["port", "path", "address", "labels", "tls", "authorization"]
    static let authorizationKeys = ["type", "credentials_file"]

    private(set) var tls: [TargetTLS] = []
    private(set) var notes: [SettingsProblem] = []
    /// Where each name stands.
    private(set) var places: [FQDN: SettingsValue] = [:]

    mutating func names(
        _ value: SettingsValue?, reading files: inout FilesRead
    ) throws(SettingsProblem) -> [Offer.Name] {
        var names: [Offer.Name] = []
        for item in try value?.list("a list of names, each with its fqdn") ?? [] {
            let map = try item.map(Self.nameKeys)
            let key = try map.required("fqdn", "the name that the client answers for")
            let fqdn = try key.fqdn()
            if names.contains(where: { $0.fqdn == fqdn }) { throw key.problem("this name is there twice") }
            places[fqdn] = key
            let labels = try labels(map["labels"])
            let targets = try targets(map["targets"], reading: &files)
            let declaration = try item.declaring { () throws(DeclarationProblem) in
                try Declaration(labels: labels, targets: targets.map(\.declared))
            }
            names.append(
                Offer.Name(
                    fqdn: fqdn, address: try map["address"]?.host(), declaration: declaration, targets: targets))
        }
        return names
    }

    func labels(_ value: SettingsValue?) throws(SettingsProblem) -> [Label] {
        var labels: [Label] = []
        for member in try value?.members("labels with their values") ?? [] {
            let text = try member.value.string("a label's value")
            labels.append(
                try member.key.declaring { () throws(DeclarationProblem) in try Label(member.name, text) })
        }
        _ = try value?.declaring { () throws(DeclarationProblem) in try Declaration(labels: labels, targets: []) }
        return labels
    }

    mutating func targets(
        _ value: SettingsValue?, reading files: inout FilesRead
    ) throws(SettingsProblem) -> [Offer.Target] {
        var targets: [Offer.Target] = []
        var places: Set<String> = []
        for item in try value?.list("a list of targets, each with its port") ?? [] {
            let target = try target(item, reading: &files)
            guard places.insert(target.declared.place).inserted else {
                throw item.problem(DeclarationProblem.targetTwice(target.declared.place).explanation)
            }
            targets.append(target)
        }
        _ = try value?.declaring { () throws(DeclarationProblem) in
            try Declaration(labels: [], targets: targets.map(\.declared))
        }
        return targets
    }

    private mutating func target(
        _ item: SettingsValue, reading files: inout FilesRead
    ) throws(SettingsProblem) -> Offer.Target {
        let map = try item.map(Self.targetKeys)
        let port = try map.required("port", "the port that Prometheus scrapes").int(in: 1...65_535)
        let path =
            try map["path"].map { (value) throws(SettingsProblem) in
                let text = try value.string("a path such as /metrics")
                return try value.declaring { () throws(DeclarationProblem) in try TargetPath(text) }
            } ?? .standard
        let labels = try labels(map["labels"])
        var target = Offer.Target(
            declared: try item.declaring { () throws(DeclarationProblem) in
                try DeclaredTarget(port: UInt16(clamping: port), path: path, labels: labels)
            })
        target.address = try map["address"]?.parsed(as: TargetAddress.expected) { TargetAddress($0) }
        if let value = map["tls"] {
            guard target.address?.isHTTPS == true else {
                throw value.problem("is of targets with an address that begins with https://")
            }
            let made = try TargetTLS(value, reading: &files)
            // One for all that say the same: who has the same number agrees.
            if let same = tls.first(where: made.isSame) {
                target.tls = same.number
            } else {
                tls.append(made)
                target.tls = made.number
            }
        }
        if let value = map["authorization"] { target.authorization = try authorization(value, reading: &files) }
        return target
    }

    private mutating func authorization(
        _ value: SettingsValue, reading files: inout FilesRead
    ) throws(SettingsProblem) -> Secret {
        let map = try value.map(Self.authorizationKeys)
        let type =
            try map["type"]?.parsed(as: "a scheme of HTTP such as Bearer") { text in
                !text.isEmpty && text.utf8.allSatisfy { $0.isOfScheme } ? text : nil
            } ?? "Bearer"
        let file = try map.required("credentials_file", "the file with the credential")
        let path = try file.fileName()
        let secret = try file.reading { () throws(SettingsProblem) in try files.secret(path) }
        guard secret.exposed.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw file.problem("\(path) holds something else than a credential, which has no spaces")
        }
        if let exposure = files.exposure(of: path) { notes.append(file.problem("\(path): \(exposure)")) }
        return Secret("\(type) \(secret.exposed)")
    }
}

extension SettingsValue {
    /// What can't be declared, at the place where it is.
    func declaring<Value>(_ declare: () throws(DeclarationProblem) -> Value) throws(SettingsProblem) -> Value {
        do throws(DeclarationProblem) {
            return try declare()
        } catch {
            throw problem(error.explanation)
        }
    }
}

extension UInt8 {
    /// Of an authentication scheme: letters, digits and `-`.
    fileprivate var isOfScheme: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
            || self == UInt8(ascii: "-")
    }
}
