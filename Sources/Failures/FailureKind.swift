/// Why a scrape failed: the one closed list that metrics, the record, the log, the answers and the documentation share.
///
/// To add a kind, add a case; the compiler then asks for everything else. Raw values are stable: they are metric label
/// values and are in databases.
public enum FailureKind: String, CaseIterable, Sendable, Hashable {
    /// The deadline passed and no client had polled for the scrape.
    case noPoll = "no_poll"
    /// The deadline passed after a client took the scrape; it never pushed an answer.
    case noPush = "no_push"
    /// The deadline passed while the response was streaming.
    case responseTimeout = "response_timeout"
    /// A queue was at its bound when the scrape arrived.
    case queueFull = "queue_full"
    /// The proxy was shutting down.
    case shuttingDown = "shutting_down"
    /// The scrape named a host that cannot be a client's name.
    case badTarget = "bad_target"
    /// What the client pushed was not an HTTP response.
    case badPush = "bad_push"
    /// The push, or the response inside it, broke off before its end.
    case pushBroken = "push_broken"
    /// The client reports that it could not scrape, without saying why in a way this version knows.
    case scrapeFailed = "scrape_failed"
    /// The client reports that it could not connect to the target.
    case targetUnreachable = "target_unreachable"
    /// The client reports that the target did not answer in time.
    case targetTimeout = "target_timeout"
    /// The client reports that the target broke off, or did not speak HTTP.
    case targetBroken = "target_broken"
    /// The target answered with a 4xx or 5xx; the scraper has the whole of that answer.
    case targetStatus = "target_status"
    /// The client refuses the scrape: the target is not the client's own FQDN, or the request is not one it serves.
    case targetRefused = "target_refused"
    /// The scraper hung up before it had the whole response.
    case scraperGone = "scraper_gone"
    /// The access rules don't allow the scrape, or the poll.
    case accessDenied = "access_denied"
    /// A CONNECT for a client that has no tunnel.
    case connectUnsupported = "connect_unsupported"
    /// There were as many connections as there may be, of one client or in all.
    case connectionLimit = "connection_limit"

    /// Whose fault a failure is, as far as the proxy can tell.
    public enum Fault: String, CaseIterable, Sendable {
        case target, client, network, proxy, scraper
    }

    /// The HTTP status that the scraper gets; `nil` where there is nobody to tell, where the head has already gone out and the
    /// connection is aborted instead, and where the scraper gets the target's own answer.
    public var status: Int? {
        switch self {
        case .noPoll, .noPush: 504
        case .queueFull, .shuttingDown, .connectionLimit: 503
        case .connectUnsupported: 501
        case .badTarget: 400
        case .accessDenied: 403
        case .badPush, .scrapeFailed, .targetUnreachable, .targetTimeout, .targetBroken, .targetRefused: 502
        case .pushBroken: 502
        case .responseTimeout, .scraperGone, .targetStatus: nil
        }
    }

    /// The status of the response with which a client reports this kind, as our client writes it: what a scraper sees where the proxy
    /// passes that response on as it is. `nil` for what is not a client's to report.
    public var reportStatus: Int? {
        switch self {
        case .targetUnreachable, .targetBroken: 502
        case .targetTimeout: 504
        case .targetRefused, .scrapeFailed: 500
        case .noPoll, .noPush, .responseTimeout, .queueFull, .shuttingDown, .badTarget, .badPush, .pushBroken,
            .targetStatus,
            .scraperGone, .accessDenied, .connectUnsupported, .connectionLimit:
            nil
        }
    }

    /// The kinds that a client may report of itself, by the value of `X-Pushprox-Failure`. Without that field a pushed 5xx is the target's
    /// own answer.
    public static let reportable = allCases.filter { $0.reportStatus != nil }

    /// What a client reports; anything that is not a client's to report, or is not known, is `scrapeFailed`.
    public init(reported: String) {
        let kind = FailureKind(rawValue: reported)
        self = kind?.reportStatus == nil ? .scrapeFailed : kind ?? .scrapeFailed
    }

    /// Whose fault it is.
    public var fault: Fault {
        switch self {
        case .noPoll, .noPush, .badPush, .connectUnsupported: .client
        case .responseTimeout, .pushBroken: .network
        case .queueFull, .shuttingDown, .connectionLimit: .proxy
        case .badTarget, .scraperGone, .accessDenied: .scraper
        case .scrapeFailed, .targetUnreachable, .targetTimeout, .targetBroken, .targetStatus, .targetRefused: .target
        }
    }

    /// One short sentence, without a full stop and without any value of the scrape: answers, log and screen begin with it.
    public var summary: String {
        switch self {
        case .noPoll: "no client polled for this target before the scrape's deadline"
        case .noPush: "the client took the scrape and did not answer before the deadline"
        case .responseTimeout: "the deadline passed while the response was streaming"
        case .queueFull: "too many scrapes are queued"
        case .shuttingDown: "the proxy is shutting down"
        case .badTarget: "the scrape's host is not a name that a client could have"
        case .badPush: "what the client pushed is not an HTTP response"
        case .pushBroken: "the client's push broke off before the response was complete"
        case .scrapeFailed: "the client could not scrape its target"
        case .targetUnreachable: "the client could not connect to its target"
        case .targetTimeout: "the target did not answer the client in time"
        case .targetBroken: "the target broke off its answer, or did not speak HTTP"
        case .targetStatus: "the target answered with an error status"
        case .targetRefused: "the client refused the scrape"
        case .scraperGone: "the scraper hung up before it had the whole response"
        case .accessDenied: "the access rules do not allow it"
        case .connectUnsupported:
            "CONNECT needs a client with a tunnel: scrape http://…?_scheme=https instead, and the client uses https"
        case .connectionLimit: "too many connections are open through CONNECT"
        }
    }

    /// What happened to one scrape, in a sentence that begins as `summary` does where that leaves room for what is known besides.
    ///
    /// - Parameter detail: What is known besides, such as the words of whoever reports the failure; may be empty.
    public func sentence(_ detail: String) -> String {
        if detail.isEmpty { return summary }
        return self == .targetStatus ? "the target answered \(detail)" : "\(summary): \(detail)"
    }

    /// One ASCII character for strips of recent outcomes; never ".", which stands for success (see `Outcome.symbol`). "!" has
    /// always stood for a target's error status, also in records from before that counted as a failure.
    public var symbol: Character {
        switch self {
        case .noPoll: "p"
        case .noPush: "n"
        case .responseTimeout: "l"
        case .queueFull: "q"
        case .shuttingDown: "s"
        case .badTarget: "h"
        case .badPush: "b"
        case .pushBroken: "x"
        case .scrapeFailed: "f"
        case .targetUnreachable: "u"
        case .targetTimeout: "t"
        case .targetBroken: "k"
        case .targetStatus: "!"
        case .targetRefused: "r"
        case .scraperGone: "g"
        case .accessDenied: "d"
        case .connectUnsupported: "c"
        case .connectionLimit: "m"
        }
    }
}
