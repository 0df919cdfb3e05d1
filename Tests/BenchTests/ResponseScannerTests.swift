import Testing

@testable import Bench

@Suite("Reading responses off a connection")
struct ResponseScannerTests {
    /// Feeds `text` in pieces of `size` bytes; the last progress, and what was left over.
    private func scan(_ text: String, pieces size: Int, keeping: Int = 64) -> (
        ResponseScanner, ResponseScanner.Progress, Int
    ) {
        var scanner = ResponseScanner(keeping: keeping)
        let bytes = Array(text.utf8)
        var progress = ResponseScanner.Progress.needsMore
        var taken = 0
        while taken < bytes.count, progress == .needsMore {
            let piece = Array(bytes[taken..<min(taken + size, bytes.count)])
            piece.withUnsafeBytes { buffer in
                var offset = 0
                progress = scanner.bytesArrived(buffer, offset: &offset)
                taken += offset
            }
        }
        return (scanner, progress, bytes.count - taken)
    }

    @Test("A body with a length, in pieces of any size", arguments: [1, 2, 3, 7, 1_000])
    func lengths(size: Int) {
        let (scanner, progress, left) = scan("HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\n\r\nhelloNEXT", pieces: size)
        #expect(progress == .complete)
        #expect(scanner.status == 200)
        #expect(scanner.bodyBytes == 5)
        #expect(scanner.kept == Array("hello".utf8))
        #expect(left == 4)
        #expect(!scanner.closes)
    }

    @Test("A chunked body with extensions and trailers, in pieces of any size", arguments: [1, 2, 3, 7, 1_000])
    func chunks(size: Int) {
        let (scanner, progress, left) = scan(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nDigest: x\r\n\r\n",
            pieces: size)
        #expect(progress == .complete)
        #expect(scanner.bodyBytes == 15)
        #expect(scanner.kept == Array("hello0123456789".utf8))
        #expect(left == 0)
    }

    @Test("A chunked body without trailers", arguments: [1, 5, 1_000])
    func noTrailers(size: Int) {
        let (scanner, progress, left) = scan(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nHTTP/1.1", pieces: size)
        #expect(progress == .complete)
        #expect(scanner.bodyBytes == 1)
        #expect(left == 8)
    }

    @Test("An interim response is passed over")
    func interim() {
        let (scanner, progress, _) = scan(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", pieces: 1_000)
        #expect(progress == .complete)
        #expect(scanner.status == 204)
        #expect(scanner.closes)
    }

    @Test("A body without framing ends with its connection, and any other does not")
    func untilClose() {
        var (scanner, progress, _) = scan("HTTP/1.1 200 OK\r\n\r\nwhatever", pieces: 3)
        #expect(progress == .needsMore)
        let ended = scanner.connectionEnded()
        #expect(ended)
        (scanner, progress, _) = scan("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhatever", pieces: 3)
        #expect(progress == .needsMore)
        let endedShort = scanner.connectionEnded()
        #expect(!endedShort)
    }

    @Test(
        "What is no HTTP response is malformed",
        arguments: [
            "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
        ])
    func malformed(text: String) {
        for size in [1, 1_000] {
            guard case .malformed = scan(text, pieces: size).1 else {
                Issue.record("not refused: \(text)")
                continue
            }
        }
    }

    @Test("The first bytes of a body are kept, and no more")
    func keeping() {
        let (scanner, _, _) = scan("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", pieces: 4, keeping: 6)
        #expect(scanner.kept == Array("012345".utf8))
        #expect(scanner.bodyBytes == 10)
    }

    @Test("A polled request gives its id and its token")
    func polledRequest() {
        let request = Array("GET http://a:1/metrics?n=77&x=1 HTTP/1.1\r\nHost: a:1\r\niD:  abc-1 \r\n\r\n".utf8)
            .withUnsafeBytes { PolledScrape($0) }
        #expect(request?.id == Array("abc-1".utf8))
        #expect(request?.token == 77)
        #expect(
            "POST / HTTP/1.1\r\n\r\n".utf8.withContiguousStorageIfAvailable {
                PolledScrape(UnsafeRawBufferPointer($0))
            } == .some(nil))
    }

    @Test(
        "Heads with bare line feeds, and empty ones, are the same in pieces of any size",
        arguments: [1, 2, 3, 7, 1_000])
    func bareLineFeeds(size: Int) {
        #expect(scan("HTTP/1.1 204 No Content\n\r\n", pieces: size).1 == .complete)
        #expect(scan("\r\n", pieces: size).1 == .malformed("a head that is not HTTP/1.x"))
    }
}
