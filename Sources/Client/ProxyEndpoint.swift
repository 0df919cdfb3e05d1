import NIOCore
import Wire

/// The proxy as this client talks to it: where it is, and how requests to it begin.
struct ProxyEndpoint: Sendable {
    let route: OutboundRoute
    /// Up to and without the fields that say how long the body is.
    private let pollHead: String
    private let pushHead: String

    /// - Parameters:
    ///   - instance: 32 hexadecimal digits, the same for all polls of this process.
    ///   - userAgent: with its version.
    init(url: HTTPURL, route: OutboundRoute, instance: String, userAgent: String) {
        self.route = route
        let base = (route.asksForwarder ? "http://\(url.authority)" : "") + url.path
        var fields = "Host: \(url.authority)\r\nUser-Agent: \(userAgent)\r\n"
        if let credentials = url.basicCredentials { fields += "Authorization: \(credentials)\r\n" }
        if route.asksForwarder, let credentials = route.forwarder?.credentials {
            fields += "Proxy-Authorization: \(credentials)\r\n"
        }
        pollHead = "POST \(base)/poll HTTP/1.1\r\n\(fields)\(HeaderName.instance): \(instance)\r\n"
        pushHead = "POST \(base)/push HTTP/1.1\r\n\(fields)"
    }

    /// A whole poll.
    func poll(fqdn: String) -> ByteBuffer {
        ByteBuffer(string: "\(pollHead)Content-Length: \(fqdn.utf8.count)\r\n\r\n\(fqdn)")
    }

    /// Begins a push.
    ///
    /// - Parameter length: of its body, in bytes; `nil` for a chunked one.
    func writePushHead(length: Int?, into buffer: inout ByteBuffer) {
        buffer.writeString(pushHead)
        if let length {
            buffer.writeStaticString("Content-Length: ")
            buffer.writeString(String(length))
            buffer.writeStaticString("\r\n\r\n")
        } else {
            buffer.writeStaticString("Transfer-Encoding: chunked\r\n\r\n")
        }
    }
}
