import Addresses
import Wire

/// Where the client connects for a target, in place of the target's name and port.
struct TargetAddress: Sendable, Equatable {
    static let expected = "an address such as 127.0.0.1:9113 or https://127.0.0.1:8443"

    let isHTTPS: Bool
    /// Without brackets.
    let host: String
    /// 1…65535.
    let port: Int

    /// - Parameter text: `127.0.0.1:9113`, `https://[::1]:8443`.
    init?(_ text: String) {
        isHTTPS = text.hasPrefix("https://")
        let rest = isHTTPS ? text.dropFirst("https://".count) : text[...]
        guard let authority = Authority(rest), let host = FQDN(authority.host), let port = authority.port, port > 0
        else { return nil }
        self.host = host.spelling
        self.port = port
    }
}
