import ArgumentParser
import Logging

/// The least severe lines that are written: the values of `--log.level`.
public enum LogLevel: String, Sendable, CaseIterable, ExpressibleByArgument {
    case debug, info, warn, error

    /// The same in swift-log's terms.
    public var threshold: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warn: .warning
        case .error: .error
        }
    }
}
