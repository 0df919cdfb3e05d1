import Flags
import Logging
import NIOCore
import Settings
import Telemetry
import Web

/// What the proxy's listeners are made of: the web configuration files, passwords, and the listeners themselves.
struct ProxyWeb: Sendable {
    /// `nil` without a file.
    let settings: WebConfigurationSource?
    /// For clients alone; the same as `settings` without a file of their own.
    let clientSettings: WebConfigurationSource?
    let passwords: PasswordChecks
    /// What `Reloading` looks after.
    let reloadables: [any Reloadable]

    /// Reads the files.
    static func open(
        _ configuration: ProxyConfiguration, _ metrics: ProxyMetrics, _ logger: Logger
    ) throws(StartError) -> ProxyWeb {
        var reloadables: [any Reloadable] = []
        func open(_ path: String, _ name: String, _ flag: String) throws(StartError) -> WebConfigurationSource {
            do throws(SettingsProblem) {
                let (source, reloadable) = try WebConfigurationSource.open(
                    path, name: name, metrics: metrics.reload(of: name), logger: logger)
                reloadables.append(reloadable)
                return source
            } catch {
                throw StartError(description: "\(error) (\(flag))")
            }
        }
        var settings: WebConfigurationSource?
        if let path = configuration.webConfigurationFile { settings = try open(path, "web", "--web.config.file") }
        var clientSettings = settings
        if let path = configuration.clientConfigurationFile, !configuration.clientListenAddresses.isEmpty {
            clientSettings = try open(path, "web_client", "--web.client-config.file")
        }
        return ProxyWeb(
            settings: settings, clientSettings: clientSettings, passwords: PasswordChecks(metrics: metrics.passwords),
            reloadables: reloadables)
    }

    /// Listens on all addresses, or on none.
    func listen(
        _ configuration: ProxyConfiguration, _ access: ProxyAccess, _ router: ProxyRouter, in service: WebService,
        _ metrics: ProxyMetrics, _ logger: Logger, denied: @escaping @Sendable (DeniedRequest) -> Void,
        refused: @escaping @Sendable (RefusedCertificate) -> Void
    ) async throws(StartError) -> [WebListener] {
        let handshakes = Handshakes(
            limit: configuration.maxHandshakes,
            patience: .nanoseconds(configuration.web.readHeaderTimeout.nanoseconds), on: service.group.next(),
            metrics: metrics.tls, logger: logger, refused: refused)
        let admission = access.admission(at: access.desk, passwords, denied: denied)
        let clientAdmission =
            access.clientDesk === access.desk
            ? admission : access.admission(at: access.clientDesk, passwords, denied: denied)
        let clientRouter = ClientRouter(router: router.with(access.clientDesk))
        var all: [(listener: ListenerConfiguration, flag: String)] = configuration.listenAddresses.map {
            (self.listener($0, "web", router, admission, settings, handshakes), "--web.listen-address")
        }
        all += configuration.clientListenAddresses.map {
            (
                self.listener($0, "clients", clientRouter, clientAdmission, clientSettings, handshakes),
                "--web.client-listen-address"
            )
        }
        var listeners: [WebListener] = []
        for (wanted, flag) in all {
            do throws(WebListener.BindError) {
                listeners.append(try await WebListener.bind(wanted, in: service))
            } catch {
                for listener in listeners { await listener.close() }
                throw StartError(description: "\(error) (\(flag))")
            }
        }
        for (wanted, listener) in zip(all.map(\.listener), listeners) {
            logger.info(
                "listening",
                metadata: [
                    "address": "\(listener.address)", "listener": "\(wanted.name)",
                    "tls": "\(wanted.steps.isEmpty ? "off" : "on")", "version": "\(Version.number)",
                    "max_connections": "\(configuration.web.maxConnections)",
                    "storage": "\(configuration.storagePath.isEmpty ? "off" : configuration.storagePath)",
                ])
            let exposure = Exposure(
                of: listener.address, isForClientsAlone: wanted.name == "clients", hasTLS: !wanted.steps.isEmpty,
                hasRules: (wanted.name == "clients" ? access.clientDesk : access.desk).rules.origin == .configured)
            if let consequence = exposure.consequence {
                logger.warning(
                    "who reaches this address can do more than they may be meant to; see docs/security.md",
                    metadata: ["address": "\(listener.address)", "can": "\(consequence)"])
            }
        }
        return listeners
    }

    private func listener(
        _ address: ListenAddress, _ name: String, _ router: any Router, _ admission: any Admission,
        _ settings: WebConfigurationSource?, _ handshakes: Handshakes
    ) -> ListenerConfiguration {
        ListenerConfiguration(
            address: address, name: name, router: router, admission: admission,
            steps: settings?.tls.map { [TLSStep($0, handshakes: handshakes)] } ?? [], settings: settings)
    }
}
