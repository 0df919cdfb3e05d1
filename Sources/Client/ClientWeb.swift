import Flags
import Logging
import NIOCore
import Settings
import Telemetry
import Web

/// What `--metrics-addr` is made of: the web configuration file, and passwords.
struct ClientWeb: Sendable {
    /// A web configuration file that can't be used, in one line.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// `nil` without a file.
    let settings: WebConfigurationSource?
    let passwords: PasswordChecks
    /// What `Reloading` looks after.
    let reloadables: [any Reloadable]

    /// Reads the file, where there is one and an address to serve it.
    static func open(
        _ configuration: ClientConfiguration, _ metrics: ClientMetrics, _ logger: Logger
    ) throws(Unusable) -> ClientWeb {
        let passwords = PasswordChecks(metrics: metrics.passwords)
        guard let path = configuration.webConfigurationFile, configuration.metricsAddress != nil else {
            return ClientWeb(settings: nil, passwords: passwords, reloadables: [])
        }
        do throws(SettingsProblem) {
            let (source, reloadable) = try WebConfigurationSource.open(
                path, metrics: metrics.reload(of: "web"), logger: logger)
            return ClientWeb(settings: source, passwords: passwords, reloadables: [reloadable])
        } catch {
            throw Unusable(description: "\(error) (--web.config.file)")
        }
    }

    func listener(
        _ address: ListenAddress, router: any Router, limits: WebLimits, on loop: any EventLoop,
        _ metrics: ClientMetrics, _ logger: Logger
    ) -> ListenerConfiguration {
        guard let settings else { return ListenerConfiguration(address: address, router: router) }
        let handshakes = Handshakes(
            limit: Handshakes.defaultPerCore, patience: .nanoseconds(limits.readHeaderTimeout.nanoseconds), on: loop,
            metrics: metrics.tls, logger: logger)
        return ListenerConfiguration(
            address: address, router: router,
            admission: UsersAdmission({ settings.userRules }, passwords: passwords),
            steps: settings.tls.map { [TLSStep($0, handshakes: handshakes)] } ?? [], settings: settings)
    }
}
