import Access
import Logging
import Settings
import Synchronization
import Web

/// Where the rules of a desk come from: the access file, and the users of the listener's web configuration file, who may do everything.
/// They are made anew when either changes.
final class AccessSource: Sendable {
    let desk: AccessDesk
    private let users: @Sendable () -> [WebConfiguration.User]
    /// Those that the rules in force were made with.
    private let used: Mutex<[WebConfiguration.User]>
    /// `nil` without an access file.
    private let file: (any Reloadable)?

    /// Reads the file. Blocks: not on an event loop.
    ///
    /// - Parameters:
    ///   - path: The access file; `nil` for users alone.
    ///   - users: Those of now. Where there is no file either, everybody may do everything while there are none.
    ///   - metrics: Of this configuration alone; `nil` where there is no file.
    /// - Throws: What is wrong with the file.
    init(
        _ path: String?, users: @escaping @Sendable () -> [WebConfiguration.User], metrics: ReloadMetrics?,
        logger: Logger
    ) throws(SettingsProblem) {
        let desk = AccessDesk(.open)
        self.desk = desk
        self.users = users
        let first = users()
        used = Mutex(first)
        guard let path, let metrics else {
            file = nil
            desk.adopt(try Self.rules(nil, first, path: ""))
            return
        }
        file = try ReloadedConfiguration<(rules: AccessRules, notes: [SettingsProblem])>(
            "access", metrics: metrics, logger: logger
        ) { (files, now) throws(SettingsProblem) in
            let file = try AccessFile(try files.settings(path))
            return (try Self.rules(file, users(), path: path), file.notes)
        } adopt: { (made) throws(SettingsProblem) in
            desk.adopt(made.rules)
            for note in made.notes {
                logger.warning("configuration", metadata: ["config": "access", "note": "\(note)"])
            }
        }
    }

    /// Reads what has changed, or all when asked to. A version that can't be used changes nothing. Blocks.
    ///
    /// - Returns: Whether the rules are others now.
    func look(isAsked: Bool) -> Bool {
        let before = desk.rules.generation
        let users = users()
        let hasChanged = used.withLock { used in
            defer { used = users }
            return used != users
        }
        if let file {
            file.look(isAsked: isAsked || hasChanged)
        } else if hasChanged, let rules = try? Self.rules(nil, users, path: "") {
            desk.adopt(rules)
        }
        return desk.rules.generation != before
    }

    private static func rules(
        _ file: AccessFile?, _ users: [WebConfiguration.User], path: String
    ) throws(SettingsProblem) -> AccessRules {
        do throws(AccessRules.Conflict) {
            return try AccessRules(file: file, users: users.map { ($0.name, $0.password) })
        } catch {
            throw SettingsProblem(file: path, text: error.description)
        }
    }
}
