import Addresses

/// Where a request goes and which way: requests with equal routes may share connections.
struct OutboundRoute: Sendable, Equatable {
    let isHTTPS: Bool
    /// Name or address without brackets.
    let host: String
    let port: Int
    /// The HTTP proxy on the way, from the environment.
    let forwarder: ProxyEnvironment.Forwarder?
    /// The number of the `TargetTLS` that it is connected with; `nil` for the client's own.
    var tls: Int? = nil

    /// Whether requests are written in absolute form: to an HTTP proxy, which makes plain requests on our behalf.
    var asksForwarder: Bool { forwarder != nil && !isHTTPS }

    /// Whether something on the way is encrypted.
    var hasTLS: Bool { isHTTPS || forwarder?.isHTTPS == true }

    /// Host and port as CONNECT and `Host` write them.
    var authority: String { Authority(host: host, port: port).description }
}
