import Glibc
import Wire

/// What this machine calls itself.
enum MachineName {
    /// The machine has no name that a client could register under.
    struct Unusable: Error, CustomStringConvertible {
        let name: String
        var description: String {
            "this machine's name '\(name)' is not one that Prometheus could scrape; give the client one with --fqdn"
        }
    }

    /// The fully qualified name, found as `hostname -f` does: the canonical name that the resolver (`/etc/hosts`, DNS) has for
    /// the host name; the bare host name where the resolver has none or takes the machine for `localhost`.
    static func fullyQualified() throws -> FQDN {
        let name = hostName()
        let canonical = canonicalName(of: name)
        let isLocal = canonical == "localhost" || canonical?.hasPrefix("localhost.") == true
        let chosen = canonical.flatMap { isLocal ? nil : $0 } ?? name
        guard let fqdn = FQDN(chosen) else { throw Unusable(name: chosen) }
        return fqdn
    }

    static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        // One byte less, so that a name that is cut still ends.
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return string(buffer)
    }

    static func canonicalName(of name: String) -> String? {
        var hints = addrinfo()
        hints.ai_flags = AI_CANONNAME
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        guard let canonical = found.pointee.ai_canonname else { return nil }
        var text = String(cString: canonical)
        if text.hasSuffix(".") { text.removeLast() }
        return text.isEmpty ? nil : text
    }

    /// The variables of the process's environment that name HTTP proxies.
    static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return variables
    }

    private static func string(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
