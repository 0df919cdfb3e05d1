import NIOCore
import Testing
import Wire

@testable import Client

@Suite struct ResponseParserTests {
    /// What comes out of bytes that arrive in pieces, and how it ended.
    private func run(
        _ bytes: [UInt8], splitAt: [Int], isHead: Bool = false, chunks: BodyDecoder.ChunkTreatment
    ) -> String {
        var parser = ResponseParser(isHead: isHead, chunks: chunks)
        var text = ""
        var start = 0
        for end in splitAt + [bytes.count] {
            parser.receive(ByteBuffer(bytes: bytes[start..<end]))
            start = end
            reading: while true {
                do {
                    switch try parser.next() {
                    case .head(let head): text += "\(head.status) "
                    case .body(let slice): text += String(buffer: slice)
                    case .end(let reusable): return text + (reusable ? " reusable" : " spent")
                    case .needsMore: break reading
                    }
                } catch {
                    return text + " malformed"
                }
            }
        }
        return text + (parser.mayEndHere ? " may end" : " incomplete")
    }

    private static let chunkedBody = "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: u\r\n\r\n"

    static let responses: [(String, Bool, BodyDecoder.ChunkTreatment, String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, .kept, "200 hello reusable"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, .kept, "200  reusable"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", false, .kept, "200 x spent"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy", false, .kept, "200 x spent"),
        ("HTTP/1.0 200 OK\n\nrest", false, .kept, "200 rest may end"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true, .kept, "200  reusable"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunkedBody)", false, .removed, "200 abcd reusable"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunkedBody)", false, .kept,
            "200 \(chunkedBody) reusable"
        ),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", false, .kept, "204  reusable"),
        ("HTTP/1.1 101 Switching\r\n\r\n", false, .kept, " malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, .kept, "200  malformed"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \t;x\r\na\r\n0\r\n\r\n", false, .kept,
            "200 1 \t;x\r\na\r\n0\r\n\r\n reusable"
        ),
        ("ICY 200 OK\r\n\r\n", false, .kept, " malformed"),
    ]

    @Test("Every response comes out whole, however it is cut in two", arguments: responses)
    func splits(text: String, isHead: Bool, chunks: BodyDecoder.ChunkTreatment, expected: String) {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let result = run(bytes, splitAt: [cut], isHead: isHead, chunks: chunks)
            // Bytes behind the end are seen only if they come along with it.
            #expect(result == expected || expected == "200 x spent" && result == "200 x reusable")
        }
        let single = run(bytes, splitAt: Array(1..<bytes.count), isHead: isHead, chunks: chunks)
        #expect(single == expected || expected == "200 x spent" && single == "200 x reusable")
    }

    @Test("No prefix is complete but where the connection's end is the response's", arguments: responses)
    func prefixes(text: String, isHead: Bool, chunks: BodyDecoder.ChunkTreatment, expected: String) {
        let bytes = Array(text.utf8)
        guard expected.hasSuffix("reusable") else { return }
        for count in 0..<bytes.count {
            #expect(
                run(Array(bytes.prefix(count)), splitAt: [], isHead: isHead, chunks: chunks).hasSuffix(" incomplete"))
        }
    }

    @Test("Bytes that are replaced never crash the parser", arguments: responses)
    func mutations(text: String, isHead: Bool, chunks: BodyDecoder.ChunkTreatment, expected: String) {
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            for byte: UInt8 in [0, 10, 13, 32, 48, 58, 102, 127, 255] {
                var changed = bytes
                changed[index] = byte
                _ = run(changed, splitAt: [index], isHead: isHead, chunks: chunks)
            }
        }
    }

    @Test("Interim responses without end are refused")
    func interim() {
        let flood = String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 50)
        #expect(run(Array(flood.utf8), splitAt: [], chunks: .kept) == " malformed")
    }

    @Test("Sizes and trailers of a chunked body are bounded")
    func bounds() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in [
            "fffffffffffffffff\r\n", "1;\(String(repeating: "x", count: 9_000))",
            "0\r\n\(String(repeating: "a: b\r\n", count: 2_000))",
        ] {
            #expect(run(Array((head + body).utf8), splitAt: [], chunks: .kept).hasSuffix(" malformed"))
        }
    }

    @Test(
        "Chunks that the proxy could not decode are not passed on",
        arguments: ["1 x\r\na\r\n", "1;" + String(repeating: "x", count: 4_100) + "\r\na\r\n"])
    func undecodable(body: String) {
        let bytes = Array(("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body).utf8)
        #expect(run(bytes, splitAt: [], chunks: .kept) == "200  malformed")
        #expect(run(bytes, splitAt: [], chunks: .removed) == "200  malformed")
    }
}
