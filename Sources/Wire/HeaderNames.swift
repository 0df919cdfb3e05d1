import Failures

/// Header fields that the protocol adds to scrapes, polls and pushes.
public enum HeaderName {
    /// Links a scrape request to the push that answers it. Set by the proxy; removed before the scraper sees the response.
    public static let id = "Id"
    /// The scrape's timeout in seconds, a float; set by Prometheus on every scrape.
    public static let scrapeTimeout = "X-Prometheus-Scrape-Timeout-Seconds"
    /// The seconds left of it, as upstream's client pushes them (without `-Seconds`). Internal: removed like `id`.
    public static let pushedTimeout = "X-Prometheus-Scrape-Timeout"
    /// On a poll: the sender is our own client, and this is its process: 32 hexadecimal digits. A poll that carries it may be
    /// answered 204 when it has been idle, and two of different value for one FQDN are a clash.
    public static let instance = "X-Pushprox-Instance"
    /// On a poll: a label that the client gives the name that it polls for, `site=berlin`, percent-encoded. May be there several times.
    public static let label = "X-Pushprox-Label"
    /// On a poll: a target that the client offers under that name, `9113/metrics job=nginx`. May be there several times.
    public static let target = "X-Pushprox-Target"
    /// On a pushed response: the client itself failed, and this is why, a `FailureKind` of the record as its raw value.
    public static let failure = "X-Pushprox-Failure"
    /// Every field of ours begins with this; none of them leaves the proxy towards a scraper or the client towards a target.
    public static let prefix = "X-Pushprox-"

    /// Fields that concern one connection only (RFC 9110 section 7.6.1, and the ones that old proxies still send). What a
    /// `Connection` field names besides belongs to them.
    public static let hopByHop: [StaticString] = [
        "Connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Proxy-Authenticate", "Proxy-Authorization",
    ]
}
