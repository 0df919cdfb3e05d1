import Wire

/// Which scrapes this client carries out, and what they become at the target.
struct TargetPolicy: Sendable {
    /// Why a scrape is refused: one sentence for whoever reads the scrape's error.
    struct Refusal: Error, Equatable { let explanation: String }

    /// Longer timeouts are cut: nothing may be held for a day because a header says so.
    static let maxTimeout: Int64 = 3_600_000_000_000

    private let ownName: String

    /// - Parameter fqdn: the client's own: the only host that it scrapes.
    init(fqdn: String) { ownName = Self.comparable(fqdn) }

    func admit(_ request: PolledRequest) throws(Refusal) -> TargetRequest {
        guard Self.comparable(request.target.host) == ownName else {
            throw Refusal(explanation: "scrape target doesn't match client fqdn")
        }
        guard let timeout = request.timeout else {
            throw Refusal(explanation: "the scrape has no usable \(HeaderName.scrapeTimeout)")
        }
        let (pathAndQuery, asksHTTPS) = Self.withoutScheme(request.target.pathAndQuery)
        let isHTTPS = asksHTTPS || request.target.scheme == "https"
        return TargetRequest(
            request: request, isHTTPS: isHTTPS, port: request.port ?? (isHTTPS ? 443 : 80), pathAndQuery: pathAndQuery,
            timeout: min(timeout, Self.maxTimeout))
    }

    /// Host names are equal whatever their case, and with or without the root's dot.
    private static func comparable(_ host: String) -> String {
        let name = host.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    /// Takes `_scheme=https` out of a query and leaves every other byte as it is. Prometheus can't send an https request through
    /// a proxy without CONNECT, so it asks for one this way.
    static func withoutScheme(_ pathAndQuery: String) -> (pathAndQuery: String, asksHTTPS: Bool) {
        guard let mark = pathAndQuery.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (pathAndQuery, false) }
        let query = pathAndQuery[pathAndQuery.index(after: mark)...]
        let parameters = query.split(separator: "&", omittingEmptySubsequences: false)
        let isScheme = { (parameter: Substring) in parameter == "_scheme" || parameter.hasPrefix("_scheme=") }
        guard parameters.first(where: isScheme) == "_scheme=https" else { return (pathAndQuery, false) }
        let rest = parameters.filter { !isScheme($0) }
        let path = pathAndQuery[..<mark]
        return (rest.isEmpty ? String(path) : path + "?" + rest.joined(separator: "&"), true)
    }
}
