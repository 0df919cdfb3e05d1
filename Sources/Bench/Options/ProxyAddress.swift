import Addresses
import ArgumentParser

/// Where a proxy listens: `http://127.0.0.1:8080`, or the same without its scheme. Plain HTTP only.
struct ProxyAddress: Sendable, Hashable, CustomStringConvertible {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `nil` for text without a port, with a path, or with another scheme.
    init?(_ text: String) {
        var rest = Substring(text)
        if rest.hasPrefix("http://") { rest = rest.dropFirst("http://".count) }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let authority = Authority(rest), let port = authority.port, port > 0, !authority.host.isEmpty else {
            return nil
        }
        self.init(host: authority.host, port: port)
    }

    /// As a `Host` header has it.
    var authority: String { Authority(host: host, port: port).description }
    var description: String { "http://\(authority)" }
}

extension ProxyAddress: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
