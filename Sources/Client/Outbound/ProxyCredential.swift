import Settings
import Web

/// Where the client's credential for the proxy comes from.
enum ProxyCredential: Sendable, Equatable {
    /// The user information of the proxy's URL; none where it has none.
    case url
    /// The path of a file with a token (`Bearer`).
    case tokenFile(String)
    /// The path of a file with the password of the user in the proxy's URL (`Basic`).
    case passwordFile(String)

    /// The file with the secret, and its flag.
    var secretFile: (path: String, flag: String)? {
        switch self {
        case .url: nil
        case .tokenFile(let path): (path, "--proxy.token-file")
        case .passwordFile(let path): (path, "--proxy.password-file")
        }
    }

    /// The value of `Authorization`; `nil` for none.
    ///
    /// - Throws: what is wrong with the file, with its flag.
    func authorization(for url: HTTPURL, reading files: inout FilesRead) throws(SettingsProblem) -> Secret? {
        switch self {
        case .url: return url.basicCredentials
        case .tokenFile(let path):
            let token = try Self.read(path, "--proxy.token-file", &files)
            guard token.exposed.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw SettingsProblem(file: path, text: "it holds something else than a token, which has no spaces")
                    .ofFlag("--proxy.token-file")
            }
            return Secret("Bearer " + token.exposed)
        case .passwordFile(let path):
            let password = try Self.read(path, "--proxy.password-file", &files)
            return HTTPURL.basic(url.user?.name ?? [], Array(password.exposed.utf8))
        }
    }

    private static func read(
        _ path: String, _ flag: String, _ files: inout FilesRead
    ) throws(SettingsProblem) -> Secret {
        do throws(SettingsProblem) {
            return try files.secret(path)
        } catch {
            throw error.ofFlag(flag)
        }
    }
}
