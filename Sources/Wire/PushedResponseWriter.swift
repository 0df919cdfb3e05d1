import Failures
import NIOCore

/// Writes the head of the response that a client hands to the proxy: what the target sent, made into what `/push`, or a tunnel's stream,
/// carries.
public struct PushedResponseWriter: Sendable {
    /// The scrape's id, as the poll's answer gave it; `nil` where the stream that carries the response says whose it is.
    public let id: String?

    public init(id: String?) { self.id = id }

    /// Writes the head of a target's response.
    ///
    /// Status, reason and fields keep their order and their bytes, but for what may not be shown of a reason. Left out are the fields of the target's own connection, and
    /// those that only client and proxy may set; from a response without a body by its status (204, 304), also the length that
    /// it announces: whoever went by it would wait for a body that does not come. A chunked body stays chunked, so that whoever reads the push can tell its end
    /// from a break.
    ///
    /// - Parameters:
    ///   - isChunked: Whether the body that follows is in chunked transfer coding.
    ///   - timeLeft: Until the scrape's deadline; goes with the id.
    public func writeHead(_ head: ResponseHead, isChunked: Bool, timeLeft: TimeAmount, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("HTTP/1.1 ")
        head.message.writeStatusAndReason(into: &buffer)
        let hasNoBody = head.status == 204 || head.status == 304
        head.message.writeEndToEndFields(into: &buffer) { name in
            switch name.count {
            case 2: name.equalsIgnoringCase(HeaderName.id)
            case 14: hasNoBody && name.equalsIgnoringCase("Content-Length")
            case 27: name.equalsIgnoringCase(HeaderName.pushedTimeout)
            case 35: name.equalsIgnoringCase(HeaderName.scrapeTimeout)
            default: false
            }
        }
        if isChunked { buffer.writeStaticString("Transfer-Encoding: chunked\r\n") }
        writeOwnFields(timeLeft: timeLeft, into: &buffer)
        buffer.writeStaticString("\r\n")
    }

    /// Writes a whole response that reports a failure.
    ///
    /// - Parameters:
    ///   - failure: One of `FailureKind.reportable`.
    ///   - text: One sentence for whoever reads the scrape's error; control characters become spaces.
    public func writeFailure(
        _ failure: FailureKind, text: String, timeLeft: TimeAmount, into buffer: inout ByteBuffer
    ) {
        let line = text.withoutControls + "\n"
        let status = failure.reportStatus ?? 500
        buffer.writeString("HTTP/1.1 \(status) \(ReasonPhrase.of(status))\r\n")
        buffer.writeStaticString("Content-Type: text/plain; charset=utf-8\r\n")
        buffer.writeString("Content-Length: \(line.utf8.count)\r\n")
        buffer.writeString("\(HeaderName.failure): \(failure.rawValue)\r\n")
        writeOwnFields(timeLeft: timeLeft, into: &buffer)
        buffer.writeStaticString("\r\n")
        buffer.writeString(line)
    }

    private func writeOwnFields(timeLeft: TimeAmount, into buffer: inout ByteBuffer) {
        guard let id else { return }
        buffer.writeStaticString("Id: ")
        buffer.writeString(id)
        buffer.writeStaticString("\r\nX-Prometheus-Scrape-Timeout: ")
        buffer.writeString(Self.seconds(timeLeft))
        buffer.writeStaticString("\r\n")
    }

    /// Seconds with six decimals, as upstream's client writes them; 0 once the deadline has passed.
    static func seconds(_ time: TimeAmount) -> String {
        let microseconds = max(0, time.nanoseconds) / 1_000
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
