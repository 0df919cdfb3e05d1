import Access
import Logging
import NIOCore
import Settings
import Synchronization
import Telemetry

/// The web configuration of a listener as it is now.
public final class WebConfigurationSource: Sendable {
    private let path: String
    private struct State {
        var newest: WebConfiguration
        var bucket: RateLimit.Bucket?
        /// `http_server_config.headers` as they stand in a response.
        var headerLines: ByteBuffer

        init(_ configuration: WebConfiguration) {
            newest = configuration
            bucket = configuration.rateLimit.map { RateLimit.Bucket($0) }
            headerLines = ByteBuffer()
            for header in configuration.headers { headerLines.writeString("\(header.name): \(header.value)\r\n") }
        }
    }

    private let state: Mutex<State>
    /// `nil` for a listener without TLS. Whether there is TLS is settled at start: a file that loses it by mistake must not turn what
    /// is encrypted into plain text.
    public let tls: TLSSource?

    private init(_ configuration: WebConfiguration, path: String) {
        self.path = path
        state = Mutex(State(configuration))
        tls = configuration.tls.map { TLSSource($0) }
    }

    public var current: WebConfiguration { state.withLock { $0.newest } }

    /// Those of `basic_auth_users`.
    public var userRules: AccessRules { state.withLock { $0.newest.userRules } }

    /// Fields of every answer that is our own.
    var headerLines: ByteBuffer { state.withLock { $0.headerLines } }

    /// Whether `rate_limit` leaves room for a request.
    func admitsRequest(at now: NIODeadline) -> Bool { state.withLock { $0.bucket?.take(at: now) ?? true } }

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
        state.withLock { state in
            let (bucket, limit) = (state.bucket, state.newest.rateLimit)
            state = State(configuration)
            // What was used up stays used up.
            if limit == configuration.rateLimit { state.bucket = bucket }
        }
    }
}
