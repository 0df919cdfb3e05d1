import NIOCore
import TestKit
import Testing

extension EndToEnd {
    @Suite("A response of 200 MB") struct MemoryTests {
        static let length = 200_000_000
        /// A prime number of bytes that do not repeat within: no piece can take another's place unseen.
        static let pattern: ByteBuffer = {
            var random = Seeded(7)
            return ByteBuffer(bytes: (0..<1_000_003).map { _ in UInt8.random(in: 0...255, using: &random) })
        }()

        @Test(
            "arrives whole, and neither proxy nor client grows by 20 MB",
            arguments: ["Content-Length: \(length)", "Transfer-Encoding: chunked"])
        func largeResponse(framing: String) async throws {
            let isChunked = framing.hasSuffix("chunked")
            let target = try await ScriptedTarget.start { head, connection in
                guard head.hasPrefix("GET /large ") else {
                    try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")
                    return true
                }
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\(framing)\r\n\r\n")
                var left = Self.length
                while left > 0 {
                    let piece =
                        Self.pattern.getSlice(at: 0, length: min(left, Self.pattern.readableBytes)) ?? ByteBuffer()
                    if isChunked { try await connection.send(String(piece.readableBytes, radix: 16) + "\r\n") }
                    try await connection.send(piece)
                    if isChunked { try await connection.send("\r\n") }
                    left -= piece.readableBytes
                }
                if isChunked { try await connection.send("0\r\n\r\n") }
                return true
            }
            let proxy = try await LiveProxy.start()
            let client = try await LiveClient.start(proxy: proxy.port)
            try await proxy.registered("localhost")
            let name = "localhost:\(target.port)"
            for _ in 0..<20 { #expect(try await proxy.scrape(name).body == "up 1\n") }

            let programs = [("proxy", proxy.program), ("client", client.program)]
            var before: [String: Int] = [:]
            for (name, program) in programs {
                try program.resetPeakMemory()
                before[name] = try program.memory().resident
            }
            let scraper = try await proxy.beginScrape(of: name, path: "/large", timeout: 120)
            let head = try await scraper.text(upTo: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            let isFramedByLength = head.contains("Content-Length: \(Self.length)\r\n")
            #expect(isFramedByLength != isChunked)
            var body = PatternCheck(Self.pattern, isChunked: isChunked)
            while body.count < Self.length {
                body = try await scraper.wait { [body] bytes -> PatternCheck? in
                    guard bytes.readableBytes > 0 else { return nil }
                    var body = body
                    try body.take(&bytes)
                    return body
                }
            }
            #expect(body.count == Self.length)
            for (name, program) in programs {
                let growth = try program.memory().peak - (before[name] ?? 0)
                #expect(growth < 20_000_000, "\(name) grew by \(growth) bytes")
            }
            try await client.program.stop()
            try await proxy.program.stop()
            await target.stop()
        }
    }
}
