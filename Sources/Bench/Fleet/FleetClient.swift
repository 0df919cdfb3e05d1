import NIOCore

/// One simulated client: its name, and the bytes that it sends.
struct FleetClient {
    let fqdn: String
    let poll: ByteBuffer
    private let proxy: ProxyAddress
    private let gzip: Bool

    init(index: Int, configuration: FleetConfiguration) {
        fqdn = FleetConfiguration.fqdn(prefix: configuration.prefix, index: index)
        proxy = configuration.proxy
        gzip = configuration.gzip
        var head = "POST /poll HTTP/1.1\r\nHost: \(configuration.proxy.authority)\r\nUser-Agent: pushprox-bench\r\n"
        if configuration.sendsInstance {
            var random = SeededRandom(seed: configuration.seed &+ UInt64(index))
            head += "X-Pushprox-Instance: \(String(random.next() | 1 << 63, radix: 16))\r\n"
        }
        poll = ByteBuffer(string: head + "Content-Length: \(fqdn.utf8.count)\r\n\r\n\(fqdn)")
    }

    /// A client by its name, with upstream's plain polls.
    init(name: String, proxy: ProxyAddress) {
        fqdn = name
        self.proxy = proxy
        gzip = false
        poll = ByteBuffer(
            string:
                "POST /poll HTTP/1.1\r\nHost: \(proxy.authority)\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
    }

    /// The push that answers a scrape with a body of `size` bytes.
    func answer(_ request: PolledScrape, size: Int, payload: Payload) -> Push {
        let first = Payload.firstLine(fqdn: fqdn, token: request.token ?? 0, size: size)
        let rest = payload.rest(size - first.utf8.count)
        let length = first.utf8.count + rest.readableBytes
        var inner = ByteBuffer()
        inner.reserveCapacity(256)
        inner.writeStaticString("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n")
        if gzip { inner.writeStaticString("Content-Encoding: gzip\r\n") }
        inner.writeString("Content-Length: \(length)\r\nId: ")
        inner.writeBytes(request.id)
        inner.writeStaticString("\r\nX-Prometheus-Scrape-Timeout: 9.900000\r\n\r\n")
        inner.writeString(first)
        var head = ByteBuffer()
        head.reserveCapacity(160 + inner.readableBytes)
        head.writeStaticString("POST /push HTTP/1.1\r\nHost: ")
        head.writeString(proxy.authority)
        head.writeString("\r\nContent-Length: \(inner.readableBytes + rest.readableBytes)\r\n\r\n")
        head.writeBuffer(&inner)
        return Push(head: head, rest: rest)
    }
}
