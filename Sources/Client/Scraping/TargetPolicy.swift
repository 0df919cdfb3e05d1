import NIOCore
import Wire

/// Which scrapes this client carries out, and what they become at the target.
struct TargetPolicy: Sendable {
    /// Why a scrape is refused: one sentence for whoever reads the scrape's error.
    struct Refusal: Error, Equatable { let explanation: String }

    /// Later deadlines are drawn nearer: nothing may be held for a day because a header says so.
    static let maxTimeout = TimeAmount.hours(1)

    private let ownName: String
    private let methods: ScrapeMethods
    private let allowed: [AllowedTarget]

    /// - Parameters:
    ///   - fqdn: the client's own: the only host that it scrapes.
    ///   - methods: what scrapes may ask with.
    ///   - allowed: what they may ask for; everything where it is empty.
    init(fqdn: String, methods: ScrapeMethods = .reading, allowed: [AllowedTarget] = []) {
        ownName = Self.withoutRootDot(fqdn).lowercased()
        self.methods = methods
        self.allowed = allowed
    }

    /// - Parameter deadline: the one that the proxy gave; without one the scrape is refused.
    func admit(
        _ request: PolledRequest, deadline: NIODeadline?, at now: NIODeadline
    ) throws(Refusal) -> TargetRequest {
        // Host names are equal whatever their case, and with or without the root's dot.
        let host = Self.withoutRootDot(request.target.authority.host)
        guard host.lowercased() == ownName else {
            throw Refusal(explanation: "scrape target doesn't match client fqdn")
        }
        guard methods.allow(request.method) else {
            throw Refusal(
                explanation:
                    "the client does not allow scrapes with \(request.method.prefix(32)) (--scrape.allow-methods)")
        }
        guard let deadline else {
            throw Refusal(explanation: "the scrape has no usable \(HeaderName.scrapeTimeout)")
        }
        let (pathAndQuery, asksHTTPS) = Self.withoutScheme(request.target.pathAndQuery)
        let isHTTPS = asksHTTPS || request.target.scheme == "https"
        let port = request.port ?? (isHTTPS ? 443 : 80)
        guard allowed.isEmpty || allowed.contains(where: { $0.allows(port: port, path: request.target.path) }) else {
            throw Refusal(
                explanation: "the client does not allow scrapes of this path of its port \(port) (--scrape.allow)")
        }
        return TargetRequest(
            request: request, isHTTPS: isHTTPS, host: host, port: port,
            pathAndQuery: pathAndQuery, deadline: min(deadline, now + Self.maxTimeout))
    }

    /// Judges a connection whose bytes nobody here will understand. What only allows some paths of a port does not allow it: any of them may be
    /// asked for.
    ///
    /// - Parameter host: without brackets.
    /// - Returns: the host to connect to.
    func admitConnection(host: String, port: Int) throws(Refusal) -> String {
        let host = Self.withoutRootDot(host)
        guard host.lowercased() == ownName else {
            throw Refusal(explanation: "scrape target doesn't match client fqdn")
        }
        guard allowed.isEmpty || allowed.contains(where: { $0.allowsAll(of: port) }) else {
            throw Refusal(
                explanation: "the client does not allow connections to its port \(port) (--scrape.allow)")
        }
        return host
    }

    private static func withoutRootDot(_ host: String) -> String {
        host.hasSuffix(".") ? String(host.dropLast()) : host
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
