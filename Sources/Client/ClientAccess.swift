import Logging
import NIOPosix
import NIOSSL
import Settings
import Synchronization
import Web

/// What the client shows of itself to the proxy and whom it trusts, as its files have it now. Read at start; `reloadables` read it
/// again.
final class ClientAccess: Sendable {
    enum Change: Sendable {
        case authorization(Secret?)
        case tls(NIOSSLContext)
    }

    private struct State {
        var authorization: Secret?
        /// `nil` where nobody has asked for one so far.
        var tls: NIOSSLContext?
        var listener: (@Sendable (Change) -> Void)?
        var reloadables: [any Reloadable] = []
    }

    private let state = Mutex(State())
    private let isLooking = Atomic(false)

    /// - Throws: what is wrong with a file.
    init(_ configuration: ClientConfiguration, metrics: ClientMetrics, logger: Logger) throws(SettingsProblem) {
        let url = configuration.proxyURL
        var files = FilesRead()
        if configuration.credential == .url {
            adopt(.authorization(url.basicCredentials))
        } else {
            let reloaded = try ReloadedConfiguration<Secret?>(
                "credential", metrics: metrics.reload(of: "credential"), logger: logger
            ) { (files, _) throws(SettingsProblem) in
                let made = try configuration.credential.authorization(for: url, reading: &files)
                Self.warn(of: configuration.credential.secretFile, files, "credential", logger)
                return made
            } adopt: {
                self.adopt(.authorization($0))
            }
            state.withLock { $0.reloadables.append(reloaded) }
        }
        if !configuration.tls.isEmpty {
            let reloaded = try ReloadedConfiguration<NIOSSLContext>(
                "tls", metrics: metrics.reload(of: "tls"), logger: logger
            ) { (files, _) throws(SettingsProblem) in
                let made = try configuration.tls.makeContext(reading: &files)
                Self.warn(of: configuration.tls.key.map { ($0, "--tls.key") }, files, "tls", logger)
                return made
            } adopt: {
                self.adopt(.tls($0))
            }
            state.withLock { $0.reloadables.append(reloaded) }
        } else if url.isHTTPS {
            adopt(.tls(try configuration.tls.makeContext(reading: &files)))
        }
    }

    /// What `Reloading` has to look after; empty without files.
    var reloadables: [any Reloadable] { state.withLock { $0.reloadables } }

    /// As of now. Nothing changes before somebody looks.
    var current: (authorization: Secret?, tls: NIOSSLContext?) { state.withLock { ($0.authorization, $0.tls) } }

    /// - Parameter listener: hears of every change from now on, on the thread that reads files; must not block.
    func listen(_ listener: @escaping @Sendable (Change) -> Void) { state.withLock { $0.listener = listener } }

    /// The proxy does not take what we show: perhaps the files know better by now. Does not block; one look at a time.
    func lookSoon() {
        let reloadables = reloadables
        guard !reloadables.isEmpty, !isLooking.exchange(true, ordering: .acquiringAndReleasing) else { return }
        NIOThreadPool.singleton.submit { state in
            if state == .active { for reloadable in reloadables { reloadable.look(isAsked: false) } }
            self.isLooking.store(false, ordering: .releasing)
        }
    }

    /// Nobody hears of anything after this.
    func close() {
        state.withLock { state in
            state.listener = nil
            // They hold this.
            state.reloadables = []
        }
    }

    private static func warn(
        of secret: (path: String, flag: String)?, _ files: FilesRead, _ name: String, _ logger: Logger
    ) {
        guard let secret, let exposure = files.exposure(of: secret.path) else { return }
        let note = SettingsProblem(file: secret.path, text: exposure).ofFlag(secret.flag)
        logger.warning("configuration", metadata: ["config": "\(name)", "note": "\(note)"])
    }

    private func adopt(_ change: Change) {
        // The listener is called under the lock, so that none is called after `close`.
        state.withLock { state in
            switch change {
            case .authorization(let authorization): state.authorization = authorization
            case .tls(let context): state.tls = context
            }
            state.listener?(change)
        }
    }
}
