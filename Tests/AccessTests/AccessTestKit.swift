import Settings
import Wire

@testable import Access

/// Rules of a text.
func rules(_ yaml: String, users: [(name: String, hash: PasswordHash)] = []) throws -> AccessRules {
    try AccessRules(file: accessFile(yaml), users: users)
}

func accessFile(_ yaml: String) throws -> AccessFile {
    try AccessFile(SettingsFile.parse(Array(yaml.utf8), path: "access.yml"))
}

/// What a text is refused with, or `nil`.
func refusal(ofFile yaml: String) -> String? {
    do {
        _ = try accessFile(yaml)
        return nil
    } catch {
        return "\(error)"
    }
}

extension AccessRules {
    /// Whoever shows this; passwords are checked at once.
    func caller(_ credential: ShownCredential = .none, certificate names: [String]? = nil) -> Caller {
        switch authenticate(credential, certificateNames: names.map { $0.compactMap { FQDN($0) } }) {
        case .known(let caller): caller
        case .password(let check): check.run()
        }
    }

    func caller(token: String) -> Caller { caller(.some(.token(Secret(token)))) }

    func caller(_ user: String, _ password: String) -> Caller { caller(.some(.password(user: user, Secret(password)))) }

    func allows(_ caller: Caller, _ action: AccessAction, _ name: String? = nil) -> Bool {
        decide(caller, action, name.flatMap { FQDN($0) }).permit != nil
    }
}

/// What stands in the files of these tests.
enum Known {
    static func tokenHash(_ token: String) -> String { TokenHash(of: Secret(token)).description }
}
