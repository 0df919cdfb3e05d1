import Calendar
import Glibc
import Logging

/// Writes log lines as Prometheus's own programs do (`prometheus/common/promslog`), but in UTC and without `source`.
///
///     time=2026-11-23T03:25:53.123Z level=INFO msg="Listening" address=[::]:8080
///
/// A line is one `write(2)`, so lines of several threads do not mix. Metadata is sorted by key; a key that the line itself
/// uses (`time`, `level`, `msg`) becomes `logged_time` and so on.
public struct PrometheusLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level

    private let format: LogFormat
    private let sink: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - label: not written: a program has one logger.
    ///   - level: the least severe level that is written.
    ///   - sink: takes each whole line; stderr unless something else is given. Called on the logging thread, which it holds up.
    public init(
        label: String, level: Logger.Level = .info, format: LogFormat = .logfmt,
        sink: @escaping @Sendable ([UInt8]) -> Void = Self.standardError
    ) {
        logLevel = level
        self.format = format
        self.sink = sink
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        if let error = event.error, fields["err"] == nil { fields["err"] = "\(error)" }

        var line = LogLine(format: format)
        line.append("time", CivilTime(unixMilliseconds: WallClock.now()).rfc3339)
        line.append("level", Self.name(of: event.level))
        line.append("msg", event.message.description)
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line.append(["time", "level", "msg"].contains(key) ? "logged_\(key)" : key, value)
        }
        sink(line.finished())
    }

    private static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARN"
        case .error, .critical: "ERROR"
        }
    }

    /// Writes a line to stderr. What stderr refuses is lost: there is nowhere to say so.
    public static let standardError: @Sendable ([UInt8]) -> Void = { line in
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                rest = rest.dropFirst(written)
            }
        }
    }
}
