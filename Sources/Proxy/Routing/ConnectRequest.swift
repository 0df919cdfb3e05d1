import NIOCore
import Wire

/// What a CONNECT asks for: a connection to a port of a client.
struct ConnectRequest: Sendable {
    let id = ScrapeID()
    let fqdn: FQDN
    /// 1…65535.
    let port: Int
    /// From the request's head to the answer.
    let timeout: TimeAmount

    /// `nil` where the target is no authority, `name:port` (RFC 9110 section 9.3.6), or nothing that a client could be called.
    ///
    /// - Parameter timeout: Prometheus says none with a CONNECT.
    init?(_ head: RequestHead, timeout: TimeAmount) {
        // As access is asked: what is admitted is what is done.
        guard let target = AbsoluteTarget("https://\(head.target)"), target.pathAndQuery == "/", target.path.isEmpty,
            let port = target.authority.port, port > 0, let fqdn = FQDN(target.authority.host)
        else { return nil }
        self.fqdn = fqdn
        self.port = port
        self.timeout = timeout
    }

    /// The request as the client gets it.
    func write(into buffer: inout ByteBuffer, spelling: FQDN) {
        buffer.writeString("CONNECT \(spelling.urlHost):\(port) HTTP/1.1\r\n\r\n")
    }
}

/// What connections keep to.
struct ConnectSettings: Sendable {
    /// One that nothing passes through for so long is ended.
    var maxIdle: TimeAmount
}
