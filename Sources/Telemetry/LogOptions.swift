import ArgumentParser
import Logging
import Synchronization

/// The log flags of every program, as Prometheus's own programs have them.
public struct LogOptions: ParsableArguments, Sendable {
    @Option(
        name: .customLong("log.level"),
        help: ArgumentHelp("Only log messages with the given severity or above.", valueName: "level"))
    public var level: LogLevel = .info

    @Option(name: .customLong("log.format"), help: ArgumentHelp("Output format of log messages.", valueName: "format"))
    public var format: LogFormat = .logfmt

    public init() {}

    private static let bootstrapped = Atomic<Bool>(false)

    /// Makes every `Logger` of the process write to stderr as the flags say. Call it once, before the first logger is made;
    /// a second call changes nothing.
    public func bootstrap() {
        let options = (level: level.threshold, format: format)
        // swift-log stops the program at a second bootstrap.
        guard !Self.bootstrapped.exchange(true, ordering: .relaxed) else { return }
        LoggingSystem.bootstrap { label in
            PrometheusLogHandler(label: label, level: options.level, format: options.format)
        }
    }
}
