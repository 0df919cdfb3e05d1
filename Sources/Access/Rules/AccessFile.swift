import Settings
import Wire

/// `--access.config.file`: identities, what they are known by and what they may do, and what needs no credential.
///
///     identities:
///       prometheus-eu:                     # Basic: the identity's name is the user name
///         password_hash: $2y$10$…
///         scrape: ["*.eu.example.org"]     # names, * spans labels
///         read: true
///       edge-fleet:                        # Bearer: one hash or, while tokens are changed, several
///         token_hash: sha256:9f86d081…
///         register: ["*.edge.example.org"]
///       every-machine:                     # any certificate that the client CA has signed
///         certificate: true
///         register: ["@own"]               # the DNS names in it
///       grafana:                           # a certificate with one of these names, before the one above
///         certificate: ["grafana.example.org"]
///         read: true
///     anonymous: {}                        # scrape, register, read: what needs no credential
///
/// Everything is checked here: what `AccessFile` takes, `AccessRules` can use.
public struct AccessFile: Sendable {
    /// In the order of the file; no two are known by the same thing.
    let identities: [Identity]
    let anonymous: Grants
    /// What is taken, and probably not meant: for the log, at start and after a reload.
    public let notes: [SettingsProblem]

    /// - Throws: The first thing that is wrong, with its place.
    public init(_ file: SettingsFile) throws(SettingsProblem) { try self.init(file.root) }

    /// - Parameter root: The whole of the file.
    public init(_ root: SettingsValue) throws(SettingsProblem) {
        var reader = AccessFileReader()
        if root.isNull {
            throw root.problem(
                "nothing stands here, so nobody could do anything; write identities, or anonymous: {} if that is meant")
        }
        let map = try root.map(["identities", "anonymous"])
        if let members = try map["identities"]?.members("identities, each under its name") {
            for member in members { try reader.identity(member) }
        }
        anonymous =
            try map["anonymous"].map { (value) throws(SettingsProblem) in try reader.anonymous(value) } ?? .nothing
        identities = reader.identities
        notes = reader.notes
    }
}
