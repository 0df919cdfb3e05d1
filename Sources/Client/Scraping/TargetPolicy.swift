import Clients
import NIOCore
import Settings
import Wire

/// Which scrapes this client carries out, and what they become at the target.
struct TargetPolicy: Sendable {
    /// Why a scrape is refused: one sentence for whoever reads the scrape's error.
    struct Refusal: Error, Equatable { let explanation: String }

    /// Later deadlines are drawn nearer: nothing may be held for a day because a header says so.
    static let maxTimeout = TimeAmount.hours(1)

    /// What is reached under a name.
    private struct Known {
        /// Where to connect in place of it.
        var address: String?
        var targets: [Offer.Target] = []
    }

    /// By names in lower case without the root's dot.
    private let names: [String: Known]
    private let onlyTargets: Bool
    private let methods: ScrapeMethods
    private let allowed: [AllowedTarget]

    /// - Parameters:
    ///   - offer: the client's names, the only hosts that it scrapes.
    ///   - methods: what scrapes may ask with.
    ///   - allowed: what they may ask for; everything where it is empty.
    init(_ offer: Offer, methods: ScrapeMethods = .reading, allowed: [AllowedTarget] = []) {
        names = Dictionary(
            offer.names.map { ($0.fqdn.key, Known(address: $0.address, targets: $0.targets)) }
        ) { first, _ in first }
        onlyTargets = offer.onlyTargets
        self.methods = methods
        self.allowed = allowed
    }

    /// Of a client that has one name and declares nothing.
    init(fqdn: String, methods: ScrapeMethods = .reading, allowed: [AllowedTarget] = []) {
        names = [Self.withoutRootDot(fqdn).lowercased(): Known()]
        onlyTargets = false
        self.methods = methods
        self.allowed = allowed
    }

    /// - Parameter deadline: the one that the proxy gave; without one the scrape is refused.
    func admit(
        _ request: PolledRequest, deadline: NIODeadline?, at now: NIODeadline
    ) throws(Refusal) -> TargetRequest {
        // Host names are equal whatever their case, and with or without the root's dot.
        let host = Self.withoutRootDot(request.target.authority.host)
        guard let known = names[host.lowercased()] else {
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
        let declared = Self.declared(known, port, [request.target.pathAndQuery, pathAndQuery])
        guard declared != nil || !onlyTargets else {
            throw Refusal(
                explanation: "the client offers no target with this path and these parameters at its port \(port), "
                    + "and no other may be scraped (only_targets)")
        }
        let place = Self.place(known, host, port, declared)
        return TargetRequest(
            request: request, isHTTPS: isHTTPS || place.isHTTPS, host: host, port: port, place: place.place,
            authorization: declared?.authorization, pathAndQuery: pathAndQuery,
            deadline: min(deadline, now + Self.maxTimeout))
    }

    /// The target that a scrape is of.
    ///
    /// - Parameter paths: as the request has them, with their parameters: with `_scheme` and without.
    private static func declared(_ known: Known, _ port: Int, _ paths: [String]) -> Offer.Target? {
        guard known.targets.contains(where: { Int($0.declared.port) == port }) else { return nil }
        let asked = paths.compactMap { TargetPath(requested: $0) }
        return known.targets.first { Int($0.declared.port) == port && asked.contains($0.declared.path) }
    }

    /// Where to connect. What is declared of a port goes for all of it where all of its targets agree, about the place and about whom they trust
    /// there; a credential is never a port's.
    private static func place(
        _ known: Known, _ host: String, _ port: Int, _ declared: Offer.Target?
    ) -> (place: TargetRequest.Place, isHTTPS: Bool) {
        let others = known.targets.filter { Int($0.declared.port) == port }
        let agreed =
            others.allSatisfy { $0.address == others.first?.address && $0.tls == others.first?.tls }
            ? others.first : nil
        guard let target = declared ?? agreed, let address = target.address else {
            return (TargetRequest.Place(host: known.address ?? host, port: port), false)
        }
        return (TargetRequest.Place(host: address.host, port: address.port, tls: target.tls), address.isHTTPS)
    }

    /// Judges a connection whose bytes nobody here will understand. What only allows some paths of a port does not allow it: any of them may be
    /// asked for.
    ///
    /// - Parameter host: without brackets.
    /// - Returns: where to connect.
    func admitConnection(host: String, port: Int) throws(Refusal) -> TargetRequest.Place {
        let host = Self.withoutRootDot(host)
        guard let known = names[host.lowercased()] else {
            throw Refusal(explanation: "scrape target doesn't match client fqdn")
        }
        guard !onlyTargets else {
            throw Refusal(
                explanation:
                    "the client allows scrapes of its targets alone (only_targets), and can't look into a connection")
        }
        guard allowed.isEmpty || allowed.contains(where: { $0.allowsAll(of: port) }) else {
            throw Refusal(
                explanation: "the client does not allow connections to its port \(port) (--scrape.allow)")
        }
        return Self.place(known, host, port, nil).place
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
