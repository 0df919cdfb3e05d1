import Clients
import NIOCore
import Tunnel
import Wire

/// One simulated client: its name, and the bytes that it sends.
struct FleetClient {
    let fqdn: String
    let poll: ByteBuffer
    /// The request for a tunnel.
    let upgrade: ByteBuffer
    let hello: Hello
    private let proxy: ProxyAddress
    private let gzip: Bool
    /// A field that shows the client's token, with its line end; empty for none.
    private let credential: String

    init(index: Int, configuration: FleetConfiguration) {
        fqdn = FleetConfiguration.fqdn(prefix: configuration.prefix, index: index)
        proxy = configuration.proxy
        gzip = configuration.gzip
        credential = configuration.showsTokens ? "Authorization: Bearer \(BenchToken.client(index))\r\n" : ""
        let names = [fqdn] + (1..<max(1, configuration.namesPerTunnel)).map { "\(configuration.prefix)-\(index)-\($0)" }
        let first = index * max(1, configuration.namesPerTunnel)
        let said = configuration.declares ? names.indices.map { SampleDeclaration.of(first + $0) } : []
        (upgrade, hello) = Self.tunnel(names, said, configuration.proxy, credential)
        var head =
            "POST /poll HTTP/1.1\r\nHost: \(configuration.proxy.authority)\r\nUser-Agent: pushprox-bench\r\n\(credential)"
        if configuration.sendsInstance {
            var random = SeededRandom(seed: configuration.seed &+ UInt64(index))
            head += "X-Pushprox-Instance: \(String(random.next() | 1 << 63, radix: 16))\r\n"
        }
        if let said = said.first { head += SampleDeclaration.fields(said) }
        poll = ByteBuffer(string: head + "Content-Length: \(fqdn.utf8.count)\r\n\r\n\(fqdn)")
    }

    /// A client by its name, with upstream's plain polls.
    init(name: String, proxy: ProxyAddress) {
        fqdn = name
        self.proxy = proxy
        gzip = false
        credential = ""
        (upgrade, hello) = Self.tunnel([name], [], proxy, "")
        poll = ByteBuffer(
            string:
                "POST /poll HTTP/1.1\r\nHost: \(proxy.authority)\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
    }

    private static func tunnel(
        _ names: [String], _ said: [Declaration], _ proxy: ProxyAddress, _ credential: String
    ) -> (upgrade: ByteBuffer, hello: Hello) {
        var upgrade = ByteBuffer(
            string: "GET /tunnel HTTP/1.1\r\nHost: \(proxy.authority)\r\nUser-Agent: pushprox-bench\r\n\(credential)")
        WebSocketHandshake().writeRequestFields(into: &upgrade)
        upgrade.writeStaticString("\r\n")
        let fqdns = names.compactMap { FQDN($0) }
        let declarations = Dictionary(zip(fqdns, said)) { first, _ in first }
        return (upgrade, Hello(names: fqdns, streams: 100, instance: InstanceID(), declarations: declarations))
    }

    /// The response to a scrape, with a body of `size` bytes, as a tunnel has it.
    func response(_ request: PolledScrape, size: Int, payload: Payload) -> (head: ByteBuffer, rest: ByteBuffer) {
        let first = Payload.firstLine(fqdn: fqdn, token: request.token ?? 0, size: size)
        let rest = payload.rest(size - first.utf8.count)
        var head = ByteBuffer()
        head.reserveCapacity(256)
        head.writeStaticString("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n")
        if gzip { head.writeStaticString("Content-Encoding: gzip\r\n") }
        head.writeString("Content-Length: \(first.utf8.count + rest.readableBytes)\r\n\r\n\(first)")
        return (head, rest)
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
        head.writeStaticString("\r\n")
        head.writeString(credential)
        head.writeString("Content-Length: \(inner.readableBytes + rest.readableBytes)\r\n\r\n")
        head.writeBuffer(&inner)
        return Push(head: head, rest: rest)
    }
}
