import Addresses
import ArgumentParser

/// Where a proxy listens: `http://127.0.0.1:8080`, the same without its scheme, or `https://…`.
struct ProxyAddress: Sendable, Hashable, CustomStringConvertible {
    let host: String
    let port: Int
    var isTLS = false

    init(host: String, port: Int, isTLS: Bool = false) {
        self.host = host
        self.port = port
        self.isTLS = isTLS
    }

    /// `nil` for text without a port, with a path, or with another scheme.
    init?(_ text: String) {
        var rest = Substring(text)
        let isTLS = rest.hasPrefix("https://")
        if isTLS { rest = rest.dropFirst("https://".count) }
        if rest.hasPrefix("http://") && !isTLS { rest = rest.dropFirst("http://".count) }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let authority = Authority(rest), let port = authority.port, port > 0, !authority.host.isEmpty else {
            return nil
        }
        self.init(host: authority.host, port: port, isTLS: isTLS)
    }

    /// As a `Host` header has it.
    var authority: String { Authority(host: host, port: port).description }
    var description: String { "\(isTLS ? "https" : "http")://\(authority)" }
}

extension ProxyAddress: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
