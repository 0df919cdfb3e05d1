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

    /// What is wrong, in words that begin a sentence, a time to say after them, and what to do; `nil` when nothing is.
    var trouble: (what: String, since: UnixMilliseconds, advice: String)? {
        switch self {
        case .alive: nil
        case .stopped(let since): ("PROXY NOT RUNNING: it was stopped", since, "start pushprox-proxy")
        case .dead(let since):
            ("PROXY NOT RUNNING: it was killed or crashed, and last wrote", since, "see its log, and start it again")
        case .silent(let since):
            ("PROXY NOT WRITING: it runs, but last wrote", since, "see its log; its disk may be full or very slow")
        case .unheard(let since):
            ("PROXY NOT RUNNING, or not writing: it last wrote", since, "see whether pushprox-proxy runs, and its log")
        }
    }
}
