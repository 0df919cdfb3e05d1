import Logging
import Settings
import Synchronization
import Telemetry

/// The web configuration of a listener as it is now.
public final class WebConfigurationSource: Sendable {
    private let path: String
    private let newest: Mutex<WebConfiguration>
    /// `nil` for a listener without TLS. Whether there is TLS is settled at start: a file that loses it by mistake must not turn what
    /// is encrypted into plain text.
    public let tls: TLSSource?

    private init(_ configuration: WebConfiguration, path: String) {
        self.path = path
        newest = Mutex(configuration)
        tls = configuration.tls.map { TLSSource($0) }
    }

    public var current: WebConfiguration { newest.withLock { $0 } }

    /// Reads the file.
    ///
    /// - Parameters:
    ///   - name: Which one it is, in the log.
    ///   - metrics: Of this configuration alone.
    /// - Returns: The source, and what `Reloading` has to look after.
    /// - Throws: What is wrong with the file.
    public static func open(
        _ path: String, name: String = "web", metrics: ReloadMetrics, logger: Logger
    ) throws(SettingsProblem) -> (WebConfigurationSource, any Reloadable) {
        let made = Mutex<WebConfigurationSource?>(nil)
        let reloaded = try ReloadedConfiguration<WebConfiguration>(name, metrics: metrics, logger: logger) {
            (files, now) throws(SettingsProblem) in
            try WebConfiguration(path: path, reading: &files, now: now)
        } adopt: { (configuration) throws(SettingsProblem) in
            if let source = made.withLock({ $0 }) {
                try source.adopt(configuration)
            } else {
                made.withLock { $0 = WebConfigurationSource(configuration, path: path) }
            }
            for note in configuration.notes {
                logger.warning("configuration", metadata: ["config": "\(name)", "note": "\(note)"])
            }
        }
        guard let source = made.withLock({ $0 }) else {
            throw SettingsProblem(file: path, text: "could not be read")
        }
        return (source, reloaded)
    }

    private func adopt(_ configuration: WebConfiguration) throws(SettingsProblem) {
        switch (tls, configuration.tls) {
        case (let source?, let tls?): source.replace(with: tls)
        case (nil, nil): break
        case (.some, nil): throw SettingsProblem(file: path, text: "it has no TLS any more; that takes a restart")
        case (nil, .some): throw SettingsProblem(file: path, text: "it has TLS now; that takes a restart")
        }
        newest.withLock { $0 = configuration }
    }
}
