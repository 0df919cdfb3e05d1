/// What somebody wants to do here; a route says which it is.
public enum AccessAction: String, Sendable, Hashable, CaseIterable {
    /// Have a client scraped: a scrape through the proxy, `CONNECT` included.
    case scrape
    /// Be a client: poll, push, and whatever else is done under its name.
    case register
    /// See what the proxy knows: `/clients`, `/metrics`, the landing page.
    case read
    /// Ask whether the proxy is well. Always allowed: those who ask, load balancers, have no credential.
    case health
}
