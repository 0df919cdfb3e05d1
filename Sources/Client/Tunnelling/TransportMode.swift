/// How the client may be asked for scrapes (`--proxy.transport`).
enum TransportMode: String, CaseIterable, Sendable {
    /// Through a tunnel where there is one, else by polls.
    case auto
    /// Through a tunnel and nothing else.
    case tunnel
    /// By polls and nothing else.
    case poll
}
