import NIOCore
import Testing

@testable import Wire

/// What a parser makes of a push, as a value to compare.
struct Parsed: Equatable {
    var status: Int?
    var id: String?
    var failure: String?
    var isUpstreamFailure = false
    var fields = ""
    var body = ""
    var ended = false
    var error: PushedResponseParser.Failure?

    /// Feeds the pieces one after the other, then the end.
    init(_ pieces: [String], isHead: Bool = false) {
        var parser = PushedResponseParser(maxHeadBytes: 1024)
        do throws(PushedResponseParser.Failure) {
            for piece in pieces {
                parser.receive(ByteBuffer(string: piece))
                try drain(&parser, isHead)
            }
            if try parser.finish() { ended = true }
        } catch {
            self.error = error
        }
    }

    private mutating func drain(
        _ parser: inout PushedResponseParser, _ isHead: Bool
    ) throws(PushedResponseParser.Failure) {
        while true {
            switch try parser.next() {
            case .head(let head):
                status = head.status
                id = head.id
                failure = head.failure
                isUpstreamFailure = head.isUpstreamFailure
                var buffer = ByteBuffer()
                head.writeFields(into: &buffer)
                fields = String(buffer: buffer)
                if isHead { parser.expectNoBody() }
            case .body(let slice): body += String(buffer: slice)
            case .end: ended = true
            case .needsMore: return
            }
        }
    }
}

/// Pushes as clients send them.
enum Pushes {
    static let id = "5f0c3c5e-0000-4000-8000-000000000001"
    static let plain =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nId: \(id)\r\n"
        + "X-Prometheus-Scrape-Timeout: 9.99\r\n\r\nhello"
    static let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nId: \(id)\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: r\r\n\r\n"
    static let upstreamFailure =
        "HTTP/0.0 500 Internal Server Error\r\nConnection: close\r\nId: \(id)\r\nX-Prometheus-Scrape-Timeout: 9\r\n\r\nno luck"
}

@Suite struct PushedResponseTests {
    @Test("A response with a length is relayed without what links poll and push")
    func withLength() {
        let parsed = Parsed([Pushes.plain])
        #expect(parsed.status == 200)
        #expect(parsed.id == Pushes.id)
        #expect(parsed.fields == "Content-Type: text/plain\r\nContent-Length: 5\r\n")
        #expect(parsed.body == "hello")
        #expect(parsed.ended && parsed.error == nil)
    }

    @Test("A chunked response's body comes without its chunks")
    func withChunks() {
        let parsed = Parsed([Pushes.chunked])
        #expect(parsed.body == "hello")
        #expect(parsed.fields == "")
        #expect(parsed.ended && parsed.error == nil)
    }

    @Test("Upstream's failure push, which has no protocol version and no length, is understood")
    func upstreamFailure() {
        let parsed = Parsed([Pushes.upstreamFailure])
        #expect(parsed.status == 500)
        #expect(parsed.isUpstreamFailure)
        #expect(parsed.body == "no luck")
        #expect(parsed.ended && parsed.error == nil)
    }

    @Test("A version that Go writes for an HTTP/2 target is taken")
    func http2() {
        #expect(Parsed(["HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"]).status == 200)
    }

    @Test("Bare line feeds are taken, and do not reach the scraper")
    func bareLineFeeds() {
        let parsed = Parsed(["HTTP/1.1 200 OK\nA: b\nContent-Length: 1\n\nx"])
        #expect(parsed.fields == "A: b\r\nContent-Length: 1\r\n")
        #expect(parsed.body == "x")
    }

    @Test("A reason phrase is not needed, and one of several words is kept")
    func reasons() throws {
        #expect(Parsed(["HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"]).status == 200)
        var parser = PushedResponseParser(maxHeadBytes: 1024)
        parser.receive(ByteBuffer(string: "HTTP/1.1 404 Not Found Here\r\n\r\n"))
        guard case .head(let head) = try parser.next() else { throw PushedResponseParser.Failure.endedInHead }
        var line = ByteBuffer()
        head.writeStatusAndReason(into: &line)
        #expect(String(buffer: line) == "404 Not Found Here\r\n")
    }

    @Test("A response to HEAD has no body, whatever its length says")
    func head() {
        let parsed = Parsed(["HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"], isHead: true)
        #expect(parsed.ended && parsed.error == nil)
        #expect(parsed.fields == "Content-Length: 5000\r\n")
    }

    @Test("204 and 304 have no body", arguments: [204, 304])
    func withoutBody(status: Int) {
        let parsed = Parsed(["HTTP/1.1 \(status) X\r\n\r\nrest"])
        #expect(parsed.ended && parsed.body == "")
    }

    @Test("204 and 304 reach the scraper without a length, which would have it wait for a body", arguments: [204, 304])
    func lengthOfNothing(status: Int) {
        let parsed = Parsed(["HTTP/1.1 \(status) X\r\nA: b\r\ncontent-length: 7\r\nEtag: \"x\"\r\n\r\n"])
        #expect(parsed.ended && parsed.body == "")
        #expect(parsed.fields == "A: b\r\nEtag: \"x\"\r\n")
    }

    @Test("A reason phrase is cleaned of what would steer a terminal")
    func cleanReason() throws {
        var parser = PushedResponseParser(maxHeadBytes: 1024)
        parser.receive(ByteBuffer(string: "HTTP/1.1 500 a\tb\u{9B}2J\u{202E}c \u{e9}\r\n\r\n"))
        guard case .head(let head) = try parser.next() else { throw PushedResponseParser.Failure.endedInHead }
        var line = ByteBuffer()
        head.writeStatusAndReason(into: &line)
        #expect(String(buffer: line) == "500 a b 2J c \u{e9}\r\n")
    }

    @Test("Fields that Connection names, and ours, do not reach the scraper")
    func hopByHop() {
        let parsed = Parsed([
            "HTTP/1.1 200 OK\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nX-Pushprox-Failure: x\r\n"
                + "X-Prometheus-Scrape-Timeout-Seconds: 3\r\nA: \u{e9}\r\nContent-Length: 0\r\n\r\n"
        ])
        #expect(parsed.fields == "A: \u{e9}\r\nContent-Length: 0\r\n")
        #expect(parsed.failure == "x")
    }

    @Test("A response's length stays whatever Connection says: without it the response would have no end")
    func protectedLength() {
        let parsed = Parsed(["HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 3\r\n\r\nabc"])
        #expect(parsed.fields == "Content-Length: 3\r\n")
    }

    @Test("Bytes that are not UTF-8 pass unchanged")
    func latin1() throws {
        var parser = PushedResponseParser(maxHeadBytes: 1024)
        var bytes = ByteBuffer(string: "HTTP/1.1 200 OK\r\nA: caf")
        bytes.writeBytes([0xE9, 0x0D, 0x0A, 0x0D, 0x0A])
        parser.receive(bytes)
        guard case .head(let head) = try parser.next() else { throw PushedResponseParser.Failure.endedInHead }
        var fields = ByteBuffer()
        head.writeFields(into: &fields)
        #expect(Array(fields.readableBytesView) == Array("A: caf".utf8) + [0xE9, 0x0D, 0x0A])
    }

    @Test(
        "Every split of a push into two pieces gives what the whole gives",
        arguments: [Pushes.plain, Pushes.chunked, Pushes.upstreamFailure, "HTTP/1.1 200 OK\nA: b\n\nx"])
    func splits(push: String) {
        let whole = Parsed([push])
        let bytes = Array(push.utf8)
        for cut in 0...bytes.count {
            let pieces = [bytes[..<cut], bytes[cut...]].map { String(decoding: $0, as: UTF8.self) }
            #expect(Parsed(pieces) == whole)
        }
        #expect(Parsed(bytes.map { String(decoding: [$0], as: UTF8.self) }) == whole)
    }

    @Test(
        "No prefix of a response with a length or chunks passes for the whole",
        arguments: [Pushes.plain, Pushes.chunked])
    func prefixes(push: String) {
        let whole = Parsed([push])
        for count in 0..<push.utf8.count {
            let parsed = Parsed([String(decoding: Array(push.utf8)[..<count], as: UTF8.self)])
            #expect(parsed.error == .endedInHead || parsed.error == .endedInBody)
            #expect(parsed != whole)
        }
    }

    @Test(
        "What is no response is an error",
        arguments: [
            ("garbage\r\n\r\n", PushedResponseParser.Failure.malformedHead(.malformedStartLine)),
            ("HTTP/1.1 20 OK\r\n\r\n", .malformedHead(.malformedStartLine)),
            ("HTTP/1.1 2000 OK\r\n\r\n", .malformedHead(.malformedStartLine)),
            ("HTTP/1.1 101 Switching\r\n\r\n", .malformedHead(.malformedStartLine)),
            ("HTTP/1.1 100 Continue\r\n\r\n", .malformedHead(.malformedStartLine)),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", .malformedHead(.malformedField)),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .malformedHead(.ambiguousLength)),
            ("", .endedInHead),
            ("HTTP/1.1 200 OK\r\n", .endedInHead),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", .malformedBody),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", .malformedBody),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 x\r\na\r\n0\r\n\r\n", .malformedBody),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", .malformedBody),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n", .malformedBody),
        ] as [(String, PushedResponseParser.Failure)])
    func malformed(push: String, error: PushedResponseParser.Failure) {
        #expect(Parsed([push]).error == error)
    }

    @Test("The id of a push that is not a response is found, wherever it is")
    func salvaged() {
        for push in [
            "rubbish\r\niD:  \(Pushes.id) \r\n\r\n", "rubbish\nId: \(Pushes.id)",
            "HTTP/1.1 200 OK\r\nId: \(Pushes.id)\r\nbad line\r\n\r\n",
        ] {
            var parser = PushedResponseParser(maxHeadBytes: 1024)
            parser.receive(ByteBuffer(string: push))
            _ = try? parser.next()
            _ = try? parser.finish()
            #expect(parser.salvagedID == Pushes.id)
        }
    }

    @Test("What follows the end of the response is skipped")
    func surplus() {
        let parsed = Parsed([Pushes.plain + "more", "and more"])
        #expect(parsed.body == "hello")
        #expect(parsed.ended && parsed.error == nil)
    }

    @Test("A target's response at the limit of fields and bytes passes with the client's own fields and line ends")
    func carried() throws {
        var text = "HTTP/1.1 200 OK\n" + String(repeating: "B:\n", count: HeadParser.maxFields - 2)
        text += "Transfer-Encoding:chunked\n"
        text += "C:" + String(repeating: "c", count: 4_096 - text.utf8.count - 4) + "\n\n"
        var buffer = ByteBuffer(string: text)
        var parser = HeadParser(.response, maxBytes: 4_096)
        let head = try #require(try ResponseHead.parse(&buffer, with: &parser))
        #expect(head.message.count == HeadParser.maxFields)
        var push = ByteBuffer()
        PushedResponseWriter(id: Pushes.id).writeHead(head, isChunked: true, timeLeft: .nanoseconds(1), into: &push)
        var pushed = PushedResponseParser(maxHeadBytes: 4_096)
        pushed.receive(push)
        guard case .head(let carried) = try pushed.next() else { throw PushedResponseParser.Failure.endedInHead }
        #expect(carried.id == Pushes.id)
        #expect(carried.framing == .chunked)
    }
}
