/// How scrapes come to a client.
public enum Transport: String, CaseIterable, Sendable {
    /// Version 1 of the protocol: each scrape answers a poll of its own, and its response is pushed.
    case poll
    /// One connection that carries many scrapes at once.
    case tunnel
}
