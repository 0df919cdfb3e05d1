import ArgumentParser

/// How log lines are written: the values of `--log.format`.
public enum LogFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// `time=… level=INFO msg="…" key=value`
    case logfmt
    /// One JSON object per line.
    case json
}
