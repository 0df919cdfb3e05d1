import Logging
import Settings
import Web

/// Who may do what at the proxy's listeners: the desk of each kind of listener, and what keeps them in step with their files.
///
/// The users of a web configuration file are identities of its listeners alone: those of the clients' file may not scrape.
struct ProxyAccess: Sendable {
    /// Of `--web.listen-address`.
    let desk: AccessDesk
    /// Of `--web.client-listen-address`; the same unless these have a web configuration file of their own.
    let clientDesk: AccessDesk
    private let sources: [AccessSource]

    /// Reads the access file, where there is one.
    ///
    /// - Throws: What is wrong with it.
    init(
        _ configuration: ProxyConfiguration, _ web: ProxyWeb, _ metrics: ProxyMetrics, _ logger: Logger
    ) throws(StartError) {
        func source(_ settings: WebConfigurationSource?, _ name: String) throws(StartError) -> AccessSource? {
            guard configuration.accessFile != nil || settings != nil else { return nil }
            do throws(SettingsProblem) {
                return try AccessSource(
                    configuration.accessFile, users: { settings?.current.users ?? [] },
                    metrics: configuration.accessFile.map { _ in metrics.reload(of: name) }, logger: logger)
            } catch {
                throw StartError(description: "\(error) (--access.config.file)")
            }
        }
        let main = try source(web.settings, "access")
        var sources = main.map { [$0] } ?? []
        desk = main?.desk ?? .open
        if let settings = web.clientSettings, settings !== web.settings,
            let other = try source(settings, "access_client")
        {
            clientDesk = other.desk
            sources.append(other)
        } else {
            clientDesk = desk
        }
        self.sources = sources
    }

    /// To stand behind the web configurations in the list of what `Reloading` looks after.
    func reloadables(_ dispatcher: Dispatcher) -> [any Reloadable] {
        sources.isEmpty ? [] : [AccessUpkeep(sources: sources, dispatcher: dispatcher)]
    }

    /// Costs nothing where everybody may do everything for good.
    func admission(
        at desk: AccessDesk, _ passwords: PasswordChecks, denied: @escaping @Sendable (DeniedRequest) -> Void
    ) -> any Admission {
        desk === AccessDesk.open ? OpenAdmission() : AccessAdmission(desk: desk, passwords: passwords, denied: denied)
    }
}
