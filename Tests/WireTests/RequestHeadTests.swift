import NIOCore
import TestKit
import Testing

@testable import Wire

@Suite struct RequestHeadTests {
    private func parse(_ text: String, maxBytes: Int = 65_536) throws -> RequestHead? {
        var parser = HeadParser(.request, maxBytes: maxBytes)
        var buffer = ByteBuffer(string: text)
        return try RequestHead.parse(&buffer, with: &parser)
    }

    @Test("A scrape's head is taken apart")
    func scrape() throws {
        let head = try #require(
            try parse("GET http://edge1:9100/metrics?x=y HTTP/1.1\r\nHost: edge1:9100\r\nAccept: a\r\n\r\n"))
        #expect(head.method == "GET")
        #expect(head.target == "http://edge1:9100/metrics?x=y")
        #expect(head.framing == .none)
        #expect(head.keepsAlive)
        #expect(head.message.first("aCCept") == "a")
        #expect(head.message.first("absent") == nil)
    }

    @Test("HTTP/1.0 keeps a connection only when it says so")
    func oldVersion() throws {
        #expect(try parse("GET / HTTP/1.0\r\n\r\n")?.keepsAlive == false)
        #expect(try parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")?.keepsAlive == true)
        #expect(try parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?.keepsAlive == false)
    }

    @Test("Empty lines before a request are skipped")
    func emptyLines() throws {
        #expect(try parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")?.method == "GET")
    }

    @Test(
        "What two readers could understand differently is refused",
        arguments: [
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                HeadError.ambiguousLength
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", .ambiguousLength),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", .ambiguousLength),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", .ambiguousLength),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", .ambiguousLength),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", .ambiguousLength),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                .ambiguousLength
            ),
            ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .ambiguousLength),
            ("GET / HTTP/1.1\r\n\r\n", .missingHost),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .missingHost),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", .malformedField),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .malformedField),
            ("GET / HTTP/1.1\r\n: a\r\n\r\n", .malformedField),
            ("GET / HTTP/1.1\r\nHost: a\u{0}b\r\n\r\n", .malformedField),
            ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", .malformedField),
            ("GET / HTTP/1.1\nHost: a\n\n", .malformedField),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
            ("GET /\r\nHost: a\r\n\r\n", .malformedStartLine),
            ("GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedStartLine),
            ("PRI * HTTP/2.0\r\n\r\n", .unsupportedVersion),
            ("GET / HTTP/9.9\r\nHost: a\r\n\r\n", .unsupportedVersion),
        ] as [(String, HeadError)])
    func refused(text: String, error: HeadError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test("A head over the limit is refused before it is complete")
    func tooLarge() {
        let long = "GET / HTTP/1.1\r\nHost: " + String(repeating: "a", count: 2000)
        #expect(throws: HeadError.tooLarge(limit: 1024)) { try parse(long, maxBytes: 1024) }
        let many = "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 300) + "\r\n"
        #expect(throws: HeadError.tooManyFields(limit: 256)) { try parse(many) }
    }

    @Test("A head that arrives byte by byte is the same as one that arrives whole")
    func dripped() throws {
        let text = "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX: \u{e9}\r\n\r\nabc"
        var parser = HeadParser(.request, maxBytes: 1024)
        var buffer = ByteBuffer()
        var heads: [RequestHead] = []
        for byte in text.utf8 {
            buffer.writeInteger(byte)
            if heads.isEmpty, let head = try RequestHead.parse(&buffer, with: &parser) { heads.append(head) }
        }
        #expect(heads.count == 1)
        #expect(heads.first?.framing == .length(3))
        #expect(String(buffer: buffer) == "abc")
    }

    @Test("Every prefix of a valid head is incomplete, and no prefix of it is an error")
    func prefixes() throws {
        let text = "GET http://a/ HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n"
        for count in 0..<text.utf8.count {
            #expect(try parse(String(decoding: Array(text.utf8)[..<count], as: UTF8.self)) == nil)
        }
    }

    @Test("Random bytes never trap", arguments: 0..<50)
    func random(seed: UInt64) {
        var generator = Seeded(seed)
        let alphabet = Array("GET / HTTP/1.1\r\n\r\n:\t \u{0}ContentLength-chunked0123456789;".utf8)
        for _ in 0..<400 {
            var bytes = ByteBuffer()
            for _ in 0..<Int.random(in: 0..<80, using: &generator) {
                bytes.writeInteger(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            var parser = HeadParser(Bool.random(using: &generator) ? .request : .response, maxBytes: 64)
            _ = try? RequestHead.parse(&bytes, with: &parser)
            var push = PushedResponseParser(maxHeadBytes: 64)
            push.receive(bytes)
            while let event = try? push.next() {
                if case .needsMore = event { break }
            }
            _ = try? push.finish()
        }
    }
}
