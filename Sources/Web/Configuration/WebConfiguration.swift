import Access
import Flags
import Settings

/// A web configuration file (`--web.config.file`) in the format of Prometheus's exporter-toolkit, read and usable:
/// https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
public struct WebConfiguration: Sendable {
    /// A user of `basic_auth_users`, who may do everything.
    public struct User: Sendable, Equatable {
        public let name: String
        public let password: PasswordHash
    }

    /// `nil` for a file that asks for none: then the listener speaks plain HTTP.
    public let tls: ServerTLS?
    /// Fields of every response, in the order of the file.
    public let headers: [(name: String, value: String)]
    /// In the order of the file; empty where no password is asked for.
    public let users: [User]
    /// What the users may do, everything, and nobody else; open where there are none.
    public let userRules: AccessRules
    /// `nil` where requests are not limited.
    public let rateLimit: RateLimit?
    /// What is taken, and probably not meant or not wise: for the log, at start and after a reload.
    public let notes: [SettingsProblem]

    /// Reads the file and those that it names. Blocks for some milliseconds: not on an event loop.
    ///
    /// - Parameters:
    ///   - files: Learns of all files that were read.
    ///   - now: Seconds since 1970.
    /// - Throws: The first thing that is wrong, with its place.
    public init(path: String, reading files: inout FilesRead, now: Int64) throws(SettingsProblem) {
        let root = try files.settings(path)
        let map = try root.map(["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"])
        var notes: [SettingsProblem] = []
        if let value = map["tls_server_config"] {
            var reader = TLSSettingsReader(try value.map(TLSSettingsReader.keys))
            tls = try reader.tls(reading: &files, now: now)
            notes += reader.notes
        } else {
            tls = nil
        }
        headers = try map["http_server_config"].map { (value) throws(SettingsProblem) in try Self.headers(value) } ?? []
        users =
            try map["basic_auth_users"].map { (value) throws(SettingsProblem) in try Self.users(value, &notes) } ?? []
        do {
            userRules = try AccessRules(file: nil, users: users.map { (name: $0.name, hash: $0.password) })
        } catch {
            throw root.problem("\(error)")
        }
        rateLimit = try map["rate_limit"].flatMap { (value) throws(SettingsProblem) in try RateLimit(value, &notes) }
        self.notes = notes
    }

    /// Exporter-toolkit's closed list, with the values that it allows where it does.
    private static let headerValues: [String: [String]] = [
        "Content-Security-Policy": [], "X-Frame-Options": ["deny", "sameorigin"],
        "X-Content-Type-Options": ["nosniff"], "X-XSS-Protection": [], "Strict-Transport-Security": [],
    ]

    private static func headers(_ value: SettingsValue) throws(SettingsProblem) -> [(name: String, value: String)] {
        let map = try value.map(["http2", "headers"])
        // We speak HTTP/1.1 alone; who asks for HTTP/2 gets that, as everybody does who cannot speak it.
        _ = try map["http2"]?.bool()
        var headers: [(name: String, value: String)] = []
        for member in try map["headers"]?.members("response headers with their values") ?? [] {
            guard let allowed = headerValues[member.name] else {
                throw member.key.problem(
                    "this header can't be set; those that can are \(headerValues.keys.sorted().joined(separator: ", "))"
                )
            }
            let text = member.value.isNull ? "" : try member.value.string("a header's value")
            if text.isEmpty { continue }
            guard allowed.isEmpty || allowed.contains(text) else {
                throw member.value.problem("expected \(allowed.joined(separator: " or "))")
            }
            guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw member.value.problem("a header's value has no control characters; write it on one line")
            }
            headers.append((member.name, text))
        }
        return headers
    }

    private static func users(
        _ value: SettingsValue, _ notes: inout [SettingsProblem]
    ) throws(SettingsProblem) -> [User] {
        var users: [User] = []
        for member in try value.members("user names with the bcrypt hashes of their passwords") {
            guard let hash = PasswordHash(try member.value.string("a bcrypt hash")) else {
                throw member.value.problem(
                    "is no bcrypt hash ($2y$, $2b$ or $2a$, cost 4 to 31); htpasswd -nB or pushprox-admin hash-password makes one"
                )
            }
            if member.name.contains(":") {
                notes.append(member.key.problem("nobody can be this user: in a request, a user name ends at a colon"))
            }
            if hash.cost > PasswordHash.mostSensibleCost {
                notes.append(member.value.problem("its cost of \(hash.cost) takes seconds for each attempt"))
            }
            users.append(User(name: member.name, password: hash))
        }
        return users
    }
}
