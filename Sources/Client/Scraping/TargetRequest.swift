import Addresses
import NIOCore
import Settings
import Wire

/// A scrape as it goes to the target.
struct TargetRequest: Sendable {
    /// Where to connect.
    struct Place: Sendable, Equatable {
        /// Without brackets, and without the root's dot, which resolvers and targets take amiss.
        let host: String
        let port: Int
        /// The number of the `TargetTLS` to connect with, where there is TLS; `nil` for the client's own.
        var tls: Int?
    }

    let request: PolledRequest
    let isHTTPS: Bool
    /// The client's own name or address: as the scraper calls it, without brackets, and without the root's dot.
    let host: String
    let port: Int
    let place: Place
    /// The value of `Authorization` that this target has to see; takes the place of what the scraper sent.
    let authorization: Secret?
    /// Begins with `/`.
    let pathAndQuery: String
    /// Of the whole scrape, the response's way to the proxy included.
    let deadline: NIODeadline

    /// As `Host` and URLs write it: the port as it was given.
    private var authority: String { Authority.inURL(host) + request.target.authority.portSuffix }

    /// For logs and errors: the URL without its query, which may hold secrets.
    var display: String {
        "\(isHTTPS ? "https" : "http")://\(authority)\(request.target.path)"
    }

    /// The request's bytes, the body included. The fields keep their order and their bytes; `Id` is passed on, as upstream does.
    func write(for route: OutboundRoute, into buffer: inout ByteBuffer) {
        let authority = authority
        buffer.writeString(request.method)
        buffer.writeStaticString(" ")
        // Whom an HTTP proxy asks is for us to say, not for the scraper.
        if route.asksForwarder {
            buffer.writeString("http://\(place == Place(host: host, port: port) ? authority : route.authority)")
        }
        buffer.writeString(pathAndQuery)
        buffer.writeStaticString(" HTTP/1.1\r\nHost: ")
        buffer.writeString(authority)
        buffer.writeStaticString("\r\n")
        request.message.writeEndToEndFields(into: &buffer) { name in
            name.elementsEqualIgnoringCase("host") || name.elementsEqualIgnoringCase("content-length")
                || authorization != nil && name.elementsEqualIgnoringCase("authorization")
        }
        if let authorization { buffer.writeString("Authorization: \(authorization.exposed)\r\n") }
        if route.asksForwarder, let credentials = route.forwarder?.credentials {
            buffer.writeString("Proxy-Authorization: \(credentials.exposed)\r\n")
        }
        if let body = request.body {
            buffer.writeString("Content-Length: \(body.readableBytes)\r\n\r\n")
            buffer.writeImmutableBuffer(body)
        } else {
            buffer.writeStaticString("\r\n")
        }
    }
}

extension UnsafeRawBufferPointer {
    /// - Parameter name: in lower case, of bytes of a token.
    fileprivate func elementsEqualIgnoringCase(_ name: StaticString) -> Bool {
        count == name.utf8CodeUnitCount
            && name.withUTF8Buffer { expected in zip(self, expected).allSatisfy { $0 | 0x20 == $1 } }
    }
}
