import DequeModule
import NIOCore

/// A target as the scraper knows it: the bytes of its requests, and what is in flight or waits for it.
struct ScrapeTarget {
    /// Scrapes that may wait for an earlier one of the same target.
    static let waitingLimit = 16

    let host: String
    private let beforeToken: ByteBuffer
    private let afterToken: ByteBuffer
    var inFlight = 0
    /// When the scrapes that wait for the one in flight were due, oldest first.
    var waiting = Deque<NIODeadline>()

    init(authority: String, configuration: ScrapeConfiguration) {
        host = String(authority.prefix { $0 != ":" })
        beforeToken = ByteBuffer(string: "GET http://\(authority)\(configuration.path)?n=")
        let credential = configuration.token.map { "Proxy-Authorization: Bearer \($0)\r\n" } ?? ""
        afterToken = ByteBuffer(
            string: """
                 HTTP/1.1\r
                Host: \(authority)\r
                User-Agent: Prometheus/3.0.0\r
                Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r
                Accept-Encoding: gzip\r
                X-Prometheus-Scrape-Timeout-Seconds: \(configuration.timeout.seconds)\r
                \(credential)\r

                """)
    }

    func request(token: UInt64, allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: beforeToken.readableBytes + 20 + afterToken.readableBytes)
        buffer.writeImmutableBuffer(beforeToken)
        buffer.writeString(String(token))
        buffer.writeImmutableBuffer(afterToken)
        return buffer
    }
}
