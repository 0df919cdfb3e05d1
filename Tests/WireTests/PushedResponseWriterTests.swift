import Failures
import NIOCore
import Testing

@testable import Wire

@Suite struct PushedResponseWriterTests {
    private func head(_ text: String) throws -> ResponseHead {
        var buffer = ByteBuffer(string: text)
        var parser = HeadParser(.response, maxBytes: 65_536)
        return try #require(try ResponseHead.parse(&buffer, with: &parser))
    }

    @Test("A head keeps status, reason and fields, and loses what is not to be passed on")
    func wholeHead() throws {
        let target = try head(
            "HTTP/1.0 200 Fine  thing\nb:  2 \r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nId: forged\r\n"
                + "X-Pushprox-Failure: forged\r\nX-Prometheus-Scrape-Timeout: 1\r\nX-Prometheus-Scrape-Timeout-Seconds: 1\r\n"
                + "A: 1\r\nA: 1\r\n\r\n")
        var buffer = ByteBuffer()
        PushedResponseWriter(id: "me").writeHead(
            target, isChunked: true, timeLeft: .nanoseconds(1_500_000_999), into: &buffer)
        #expect(
            String(buffer: buffer)
                == "HTTP/1.1 200 Fine  thing\r\nb:  2 \r\nA: 1\r\nA: 1\r\nTransfer-Encoding: chunked\r\nId: me\r\n"
                + "X-Prometheus-Scrape-Timeout: 1.500000\r\n\r\n")
    }

    @Test("Of a reason nothing is passed on that may not be shown", arguments: ["\u{1B}[1m", "\u{9B}1m", "\u{202E}"])
    func reason(mark: String) throws {
        let target = try head("HTTP/1.1 500 a\(mark)b\r\n\r\n")
        var buffer = ByteBuffer()
        PushedResponseWriter(id: "me").writeHead(target, isChunked: false, timeLeft: .zero, into: &buffer)
        #expect(String(buffer: buffer).hasPrefix("HTTP/1.1 500 a \(mark.dropFirst())b\r\n"))
    }

    @Test("A length is not passed on where the status says that there is no body", arguments: [204, 304, 200])
    func lengthWithoutBody(status: Int) throws {
        let target = try head("HTTP/1.1 \(status) X\r\nA: 1\r\ncontent-length: 7\r\nB: 2\r\n\r\n")
        var buffer = ByteBuffer()
        PushedResponseWriter(id: "me").writeHead(target, isChunked: false, timeLeft: .zero, into: &buffer)
        #expect(String(buffer: buffer).contains("content-length: 7\r\n") == (status == 200))
        #expect(String(buffer: buffer).contains("A: 1\r\n") && String(buffer: buffer).contains("B: 2\r\n"))
    }

    @Test("The proxy's parser reads what is written", arguments: [true, false])
    func roundTrip(isChunked: Bool) throws {
        let target = try head("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n")
        var buffer = ByteBuffer()
        PushedResponseWriter(id: "me").writeHead(target, isChunked: isChunked, timeLeft: .zero, into: &buffer)
        var parser = PushedResponseParser(maxHeadBytes: 65_536)
        parser.receive(buffer)
        guard case .head(let parsed) = try parser.next() else {
            Issue.record("no head")
            return
        }
        #expect(parsed.status == 404)
        #expect(parsed.id == "me")
        #expect(parsed.failure == nil)
        #expect(parsed.framing == (isChunked ? .chunked : .untilEnd))
    }

    @Test("A failure is a whole response that says what it is", arguments: FailureKind.reportable)
    func failure(kind: FailureKind) throws {
        var buffer = ByteBuffer()
        PushedResponseWriter(id: "me").writeFailure(
            kind, text: "a\r\nX-Evil: b", timeLeft: .nanoseconds(-5), into: &buffer)
        var parser = PushedResponseParser(maxHeadBytes: 65_536)
        parser.receive(buffer)
        guard case .head(let head) = try parser.next(), case .body(let body) = try parser.next(),
            case .end = try parser.next()
        else {
            Issue.record("not a whole response")
            return
        }
        #expect(head.status == kind.reportStatus)
        #expect(head.status >= 500)
        #expect(head.failure == kind.rawValue)
        #expect(head.id == "me")
        #expect(!head.isUpstreamFailure)
        #expect(String(buffer: body) == "a  X-Evil: b\n")
    }

    @Test(
        "Seconds are written as upstream's client writes them",
        arguments: [(0, "0.000000"), (-1, "0.000000"), (9_876_543_210, "9.876543"), (1_000, "0.000001")]
            as [(Int64, String)])
    func seconds(nanoseconds: Int64, text: String) {
        #expect(PushedResponseWriter.seconds(.nanoseconds(nanoseconds)) == text)
    }

    @Test(
        "What begins like no HTTP/1 response is refused",
        arguments: [
            "HTTP/2.0 200 OK", "HTTP/0.0 200 OK", "HTTP/1.1 099 X", "HTTP/1.1 20", "HTTP/1.1 2000 OK",
            "HTTP/1.1  200 OK",
            "GET / HTTP/1.1", "",
        ])
    func badHeads(line: String) {
        #expect(throws: HeadError.self) {
            var buffer = ByteBuffer(string: "\(line)\r\nA: b\r\n\r\n")
            var parser = HeadParser(.response, maxBytes: 65_536)
            _ = try ResponseHead.parse(&buffer, with: &parser)
        }
    }

    @Test("Framing and persistence follow from the head")
    func framing() throws {
        #expect(try head("HTTP/1.1 200 OK\r\n\r\n").framing == .untilEnd)
        #expect(try head("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n").framing == .none)
        #expect(try head("HTTP/1.1 304 No\r\n\r\n").framing == .none)
        #expect(try head("HTTP/1.1 200\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n").framing == .length(5))
        #expect(try head("HTTP/1.1 200 OK\r\n\r\n").keepsAlive)
        #expect(try !head("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n\r\n").keepsAlive)
        #expect(try !head("HTTP/1.0 200 OK\r\n\r\n").keepsAlive)
        #expect(try head("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n").keepsAlive)
    }
}
