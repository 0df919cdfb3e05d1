/// Why our client could not scrape, as it tells the proxy: the value of `X-Pushprox-Failure` on a pushed response.
///
/// Without that header, a pushed 5xx is the target's own answer. The raw values are a subset of the failure kinds that the
/// proxy counts and records.
public enum ClientFailure: String, CaseIterable, Sendable, Hashable {
    /// No connection to the target: unknown name, refused, timed out, TLS not agreed.
    case targetUnreachable = "target_unreachable"
    /// The target did not answer, or did not finish, in time.
    case targetTimeout = "target_timeout"
    /// The target broke off its answer, or did not speak HTTP.
    case targetBroken = "target_broken"
    /// The scrape is none that this client serves: another host, no usable timeout, a malformed request.
    case targetRefused = "target_refused"
    /// Anything else, such as too many scrapes at once.
    case scrapeFailed = "scrape_failed"

    /// The status that a scraper sees, where the proxy passes the pushed response on as it is.
    public var status: Int {
        switch self {
        case .targetUnreachable, .targetBroken: 502
        case .targetTimeout: 504
        case .targetRefused, .scrapeFailed: 500
        }
    }

    /// The reason phrase for `status`.
    public var reason: String {
        switch self {
        case .targetUnreachable, .targetBroken: "Bad Gateway"
        case .targetTimeout: "Gateway Timeout"
        case .targetRefused, .scrapeFailed: "Internal Server Error"
        }
    }
}
