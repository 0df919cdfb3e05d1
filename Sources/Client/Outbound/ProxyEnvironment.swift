import Settings

/// Which HTTP proxy requests go through, as `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (or their lower-case forms) say: the
/// rules of Go's `http.ProxyFromEnvironment`, which upstream's client goes by.
struct ProxyEnvironment: Sendable {
    /// A variable that can't be used.
    struct Malformed: Error, CustomStringConvertible {
        let variable: String
        let explanation: String

        var description: String {
            "cannot use the proxy in \(variable): \(explanation); "
                + "expected http://[user:password@]host[:port] or https://…, or no variable at all"
        }
    }

    /// An HTTP proxy between us and everything else.
    struct Forwarder: Sendable, Equatable {
        let isHTTPS: Bool
        let host: String
        let port: Int
        /// The value of `Proxy-Authorization`.
        let credentials: Secret?
    }

    static let none = ProxyEnvironment(forHTTP: nil, forHTTPS: nil, exempt: NoProxyRules(""))

    private let forHTTP: Forwarder?
    private let forHTTPS: Forwarder?
    private let exempt: NoProxyRules

    private init(forHTTP: Forwarder?, forHTTPS: Forwarder?, exempt: NoProxyRules) {
        self.forHTTP = forHTTP
        self.forHTTPS = forHTTPS
        self.exempt = exempt
    }

    /// - Parameter variables: the process's environment.
    init(_ variables: [String: String]) throws(Malformed) {
        forHTTP = try Self.forwarder("HTTP_PROXY", in: variables)
        forHTTPS = try Self.forwarder("HTTPS_PROXY", in: variables)
        exempt = NoProxyRules(Self.value("NO_PROXY", in: variables)?.value ?? "")
    }

    /// The proxy for requests to a host; `nil` for none.
    func forwarder(isHTTPS: Bool, host: String, port: Int) -> Forwarder? {
        guard let forwarder = isHTTPS ? forHTTPS : forHTTP, !exempt.cover(host: host, port: port) else { return nil }
        return forwarder
    }

    private static func value(_ name: String, in variables: [String: String]) -> (name: String, value: String)? {
        for name in [name, name.lowercased()] {
            if let value = variables[name], !value.isEmpty { return (name, value) }
        }
        return nil
    }

    private static func forwarder(_ name: String, in variables: [String: String]) throws(Malformed) -> Forwarder? {
        guard let (name, value) = value(name, in: variables) else { return nil }
        do {
            // Without a scheme, Go takes it for http.
            let url = try HTTPURL(value.contains("://") ? value : "http://" + value)
            return Forwarder(
                isHTTPS: url.isHTTPS, host: url.host, port: url.port, credentials: url.basicCredentials)
        } catch {
            throw Malformed(variable: name, explanation: error.explanation)
        }
    }
}
