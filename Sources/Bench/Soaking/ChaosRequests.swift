import NIOCore

/// The bytes that misbehaving clients send, where they are more than a plain poll or push.
extension ChaosCore {
    private var host: String { "Host: \(configuration.proxy.authority)\r\n" }

    /// A poll as this project's client sends it, from a different process every time.
    func instancePoll(_ client: FleetClient) -> ByteBuffer {
        let instance = hexadecimal() + hexadecimal()
        return ByteBuffer(
            string:
                "POST /poll HTTP/1.1\r\n\(host)X-Pushprox-Instance: \(instance)\r\nContent-Length: \(client.fqdn.utf8.count)\r\n\r\n\(client.fqdn)"
        )
    }

    /// A poll or a push that says that it comes from a page.
    func originRequest(_ client: FleetClient) -> ByteBuffer {
        let (path, body) =
            Bool.random(using: &random)
            ? ("/poll", client.fqdn) : ("/push", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nId: \(hexadecimal())\r\n\r\n")
        return ByteBuffer(
            string:
                "POST \(path) HTTP/1.1\r\n\(host)Origin: http://page.example\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    func hugeRequest() -> ByteBuffer {
        let length =
            ["1000000000000", "9223372036854775807", "9223372036854775808"].randomElement(using: &random) ?? ""
        let path = ["/poll", "/clients", "/metrics"].randomElement(using: &random) ?? ""
        return ByteBuffer(string: "POST \(path) HTTP/1.1\r\n\(host)Content-Length: \(length)\r\n\r\n")
    }

    /// The beginning of an endless body, and what it goes on with.
    func endlessRequest() -> (head: ByteBuffer, piece: ByteBuffer) {
        let path = ["/clients", "/metrics", "/poll", "/-/healthy"].randomElement(using: &random) ?? ""
        let filler = String(repeating: "endless ", count: 8_192)
        guard Bool.random(using: &random) else {
            return (
                ByteBuffer(string: "POST \(path) HTTP/1.1\r\n\(host)Content-Length: 1000000000\r\n\r\n"),
                ByteBuffer(string: filler)
            )
        }
        return (
            ByteBuffer(string: "POST \(path) HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n"),
            ByteBuffer(string: "10000\r\n\(filler)\r\n")
        )
    }

    /// A scrape whose answer will be large, for somebody who does not read it.
    func largeScrape(of client: FleetClient) -> ByteBuffer {
        let token = Self.unreadTokens + UInt64.random(in: 0..<Self.unreadTokens, using: &random)
        let timeout = configuration.scrapeTimeout.seconds
        return ByteBuffer(
            string:
                "GET http://\(client.fqdn):9100/metrics?n=\(token) HTTP/1.1\r\nHost: \(client.fqdn):9100\r\nX-Prometheus-Scrape-Timeout-Seconds: \(timeout)\r\n\r\n"
        )
    }

    func requests(_ count: Int, line: String) -> ByteBuffer {
        ByteBuffer(string: String(repeating: "\(line) HTTP/1.1\r\n\(host)\r\n", count: count))
    }

    /// The same push with its body in chunks of one byte; of a large one the beginning, as a push that breaks off. Nobody looks
    /// further into a body than its first line, so the rest is made of one piece.
    func bytewise(_ push: ByteBuffer) -> ByteBuffer {
        let start = push.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? push.readerIndex
        let length = push.writerIndex - start
        var chunked = ByteBuffer(string: "POST /push HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n")
        let exact = min(length, 600)
        for byte in push.getBytes(at: start, length: exact) ?? [] {
            chunked.writeString("1\r\n")
            chunked.writeInteger(byte)
            chunked.writeString("\r\n")
        }
        let rest = min(length - exact, oneByteChunks.readableBytes / 6)
        chunked.writeImmutableBuffer(oneByteChunks.getSlice(at: 0, length: 6 * rest) ?? ByteBuffer())
        if exact + rest == length { chunked.writeString("0\r\n\r\n") }
        return chunked
    }

    func hexadecimal() -> String { String(random.next() | 1 << 63, radix: 16) }

    func garbagePush() -> ByteBuffer {
        let id = String(random.next(), radix: 16)
        let inner: String
        switch Int.random(in: 0..<6, using: &random) {
        case 0: inner = ""
        case 1:
            inner = String((0..<400).map { _ in Character(UnicodeScalar(UInt8.random(in: 1...127, using: &random))) })
        case 2: inner = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nId: \(id)\r\n\r\nhello"
        case 3: inner = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nId: \(id)\r\n\r\nshort"
        case 4: inner = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nId: \(id)\r\n\r\nzz\r\nno size\r\n"
        default: inner = "HTTP/1.1 999999 Odd\r\nContent-Length: -1\r\n\r\n"
        }
        return ByteBuffer(
            string:
                "POST /push HTTP/1.1\r\nHost: \(configuration.proxy.authority)\r\nContent-Length: \(inner.utf8.count)\r\n\r\n\(inner)"
        )
    }

    func garbagePoll() -> ByteBuffer {
        let host = "Host: \(configuration.proxy.authority)\r\n"
        let text: String
        switch Int.random(in: 0..<6, using: &random) {
        case 0: text = "POST /poll HTTP/1.1\r\n\(host)Content-Length: 0\r\n\r\n"
        case 1:
            text = "POST /poll HTTP/1.1\r\n\(host)Content-Length: 9000\r\n\r\n" + String(repeating: "x", count: 9_000)
        case 2: text = "GET /poll HTTP/1.1\r\n\(host)\r\n"
        case 3: text = "POST /poll HTTP/1.1\r\n\(host)Content-Length: twelve\r\n\r\nchaos-0"
        case 4: text = "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}"
        default: text = "POST /push HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"
        }
        return ByteBuffer(string: text)
    }
}
