import Logging
import Settings
import Synchronization

import func Glibc.time

/// A configuration that `Reloading` looks after.
public protocol Reloadable: Sendable {
    /// Reads the configuration again when its files have changed, or when asked to. Blocks while it reads; one look at a time.
    func look(isAsked: Bool)
}

/// A configuration made of files, read at start and again whenever one of them changes. A version that can't be used changes nothing:
/// the one in use stays, and log and metric say so.
public final class ReloadedConfiguration<Value: Sendable>: Reloadable {
    public typealias Load = @Sendable (_ files: inout FilesRead, _ now: Int64) throws(SettingsProblem) -> Value
    public typealias Adopt = @Sendable (Value) throws(SettingsProblem) -> Void

    private struct State {
        var reload = ReloadState()
        var files: [WatchedFile]
    }

    private let name: String
    private let load: Load
    private let adopt: Adopt
    private let metrics: ReloadMetrics
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads it for the first time.
    ///
    /// - Parameters:
    ///   - name: For people, as `web configuration`.
    ///   - load: Makes the value of its files, all of which it reads through `files`; `now` is in seconds since 1970.
    ///   - adopt: Puts a value to use. Called with the first one, too, and then from any thread, never twice at a time.
    /// - Throws: What is wrong with the first version.
    public init(
        _ name: String, metrics: ReloadMetrics, logger: Logger, load: @escaping Load, adopt: @escaping Adopt
    ) throws(SettingsProblem) {
        self.name = name
        self.load = load
        self.adopt = adopt
        self.metrics = metrics
        self.logger = logger
        var files = FilesRead()
        let now = Int64(time(nil))
        try adopt(try load(&files, now))
        state = Mutex(State(files: files.files))
        metrics.adopted(at: now)
    }

    public func look(isAsked: Bool) {
        // Held while files are read; nobody waits for it but another look.
        state.withLock { state in
            guard state.reload.looked(hasChanged: state.files.haveChanged, isAsked: isAsked) else { return }
            var files = FilesRead()
            let now = Int64(time(nil))
            var problem: SettingsProblem?
            do throws(SettingsProblem) {
                try adopt(try load(&files, now))
            } catch {
                problem = error
            }
            state.files = files.files
            switch problem == nil ? state.reload.succeeded() : state.reload.failed(isAsked: isAsked) {
            case .adopted:
                metrics.adopted(at: now)
                logger.info("configuration reloaded", metadata: ["config": "\(name)"])
            case .doubtful: break
            case .refused:
                metrics.refused()
                logger.error(
                    "configuration cannot be used, the one before stays",
                    metadata: ["config": "\(name)", "err": "\(problem.map(String.init(describing:)) ?? "")"])
            }
        }
    }
}
