import Clients
import NIOCore
import Settings
import Tunnel
import Wire

/// The proxy as this client talks to it: where it is, and how requests to it begin. Confined to the client's event loop.
final class ProxyEndpoint {
    let route: OutboundRoute
    /// The value of `Authorization`; what is sent from now on has the new one.
    var authorization: Secret? {
        didSet { fields = makeFields() }
    }

    /// The same for as long as this process lives.
    let instance: InstanceID
    let userAgent: String
    private let authority: String
    private let path: String
    private let base: String
    /// Those of polls and pushes alike.
    private var fields = ""

    /// - Parameters:
    ///   - userAgent: with its version.
    init(url: HTTPURL, authorization: Secret?, route: OutboundRoute, instance: InstanceID, userAgent: String) {
        self.route = route
        self.authorization = authorization
        self.instance = instance
        self.userAgent = userAgent
        authority = url.authority
        path = url.path
        base = (route.asksForwarder ? "http://\(url.authority)" : "") + url.path
        fields = makeFields()
    }

    /// Those that the proxy itself reads.
    private var ownFields: String {
        var fields = "Host: \(authority)\r\nUser-Agent: \(userAgent)\r\n"
        if let authorization { fields += "Authorization: \(authorization.exposed)\r\n" }
        return fields
    }

    private func makeFields() -> String {
        var fields = ownFields
        if route.asksForwarder, let credentials = route.forwarder?.credentials {
            fields += "Proxy-Authorization: \(credentials.exposed)\r\n"
        }
        return fields
    }

    /// The values of fields that nobody but the proxies may see.
    var secrets: [Secret] { [authorization, route.forwarder?.credentials].compactMap { $0 } }

    /// The whole request for a tunnel. It goes to the proxy itself, through whatever is on the way: an HTTP proxy that would pass on a request
    /// drops what asks for an upgrade.
    func tunnelRequest(_ handshake: WebSocketHandshake) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("GET \(path)/tunnel HTTP/1.1\r\n\(ownFields)")
        handshake.writeRequestFields(into: &buffer)
        buffer.writeStaticString("\r\n")
        return buffer
    }

    /// A whole poll, with what is said of the name.
    func poll(fqdn: String, _ declaration: Declaration) -> ByteBuffer {
        var buffer = ByteBuffer(
            string: "POST \(base)/poll HTTP/1.1\r\n\(fields)\(HeaderName.instance): \(instance)\r\n")
        for label in declaration.labels { buffer.writeString("\(HeaderName.label): \(label.text)\r\n") }
        for target in declaration.targets { buffer.writeString("\(HeaderName.target): \(target.text)\r\n") }
        buffer.writeString("Content-Length: \(fqdn.utf8.count)\r\n\r\n\(fqdn)")
        return buffer
    }

    /// Begins a push.
    ///
    /// - Parameter length: of its body, in bytes; `nil` for a chunked one.
    func writePushHead(length: Int?, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("POST ")
        buffer.writeString(base)
        buffer.writeStaticString("/push HTTP/1.1\r\n")
        buffer.writeString(fields)
        if let length {
            buffer.writeStaticString("Content-Length: ")
            buffer.writeString(String(length))
            buffer.writeStaticString("\r\n\r\n")
        } else {
            buffer.writeStaticString("Transfer-Encoding: chunked\r\n\r\n")
        }
    }
}
