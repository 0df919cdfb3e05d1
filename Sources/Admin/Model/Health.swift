import Store

/// Whether the proxy that writes the record is alive, as far as the record and the lock beside it can tell.
enum Health: Equatable, Sendable {
    case alive
    /// It stopped in good order.
    case stopped(since: UnixMilliseconds)
    /// Nobody holds its lock: it was killed, or crashed.
    case dead(since: UnixMilliseconds)
    /// It holds its lock, but does not write.
    case silent(since: UnixMilliseconds)
    /// It has not written, and whether it runs cannot be told.
    case unheard(since: UnixMilliseconds)

    /// A proxy writes every second; one that has not for this long (milliseconds) is not well. Long enough for a busy disk.
    static let patience: Int64 = 10_000

    init(_ proxy: ProxyRecord, now: UnixMilliseconds, patience: Int64 = Self.patience) {
        if let stopped = proxy.stopped {
            self = .stopped(since: stopped)
        } else if proxy.writerLives == false {
            self = .dead(since: proxy.heartbeat)
        } else if now - proxy.heartbeat <= patience {
            self = .alive
        } else {
            self = proxy.writerLives == true ? .silent(since: proxy.heartbeat) : .unheard(since: proxy.heartbeat)
        }
    }

    var isAlive: Bool { self == .alive }

    /// What is wrong: a headline with a verb that a time follows, that time, and the cause with what to do; `nil` when nothing
    /// is wrong.
    var trouble: (headline: String, since: UnixMilliseconds, advice: String)? {
        switch self {
        case .alive: nil
        case .stopped(let since):
            ("PROXY NOT RUNNING: stopped", since, "It was stopped in good order: start pushprox-proxy.")
        case .dead(let since):
            ("PROXY NOT RUNNING: last wrote", since, "It was killed or crashed: see its log, and start it again.")
        case .silent(let since):
            ("PROXY NOT WRITING: last wrote", since, "It runs: see its log; the disk may be full or very slow.")
        case .unheard(let since):
            ("PROXY NOT RUNNING, or not writing: last wrote", since, "See whether pushprox-proxy runs, and its log.")
        }
    }
}
