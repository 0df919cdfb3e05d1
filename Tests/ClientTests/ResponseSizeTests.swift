import TestKit
import Testing

@testable import Client

/// Responses of all sizes, framings and manners, from a target's socket to the proxy's: every byte is pushed, or the push is cut
/// or a failure reported in its place, and no scrape waits for its deadline.
@Suite(.timeLimit(.minutes(2))) struct ResponseSizeTests {
    enum Framing: CaseIterable { case length, chunked, untilClose }

    /// Small steps where the push begins before the response has ended, and where the last of it comes in one read or two.
    private static let sizes =
        [1, 2, 1_000, 16_000, 40_000] + Array(stride(from: 60_000, through: 135_000, by: 1_111))
        + [200_000, 262_144, 500_000, 1_000_000]

    private struct Response {
        let head: [UInt8]
        let body: [UInt8]
        var bytes: [UInt8] { head + body }

        /// Text in which bytes that are lost or out of order show.
        private static let content = (0..<1_000_000).map { UInt8(0x30 + ($0 &+ $0 >> 8) & 0x3F) }

        init(_ framing: Framing, size: Int, closes: Bool) {
            var text = "HTTP/1.1 200 OK\r\n"
            if closes { text += "Connection: close\r\n" }
            let content = Array(Self.content.prefix(size))
            switch framing {
            case .length:
                text += "Content-Length: \(size)\r\n"
                body = content
            case .chunked:
                text += "Transfer-Encoding: chunked\r\n"
                body = Self.chunked(content)
            case .untilClose:
                body = content
            }
            head = Array((text + "\r\n").utf8)
        }

        private static func chunked(_ content: [UInt8]) -> [UInt8] {
            var body: [UInt8] = []
            for start in stride(from: 0, to: content.count, by: 7_001) {
                let chunk = content[start..<min(start + 7_001, content.count)]
                body += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
            }
            return body + Array("0\r\n\r\n".utf8)
        }
    }

    /// The body of the response inside a push.
    private func body(_ push: ScriptedServer.Request) -> ArraySlice<UInt8> {
        push.body.dropFirst(PushedMessage(push).head.utf8.count + 4)
    }

    /// Scrapes once, lets the target answer, and checks that what it sent was pushed whole. Every other push has to open a
    /// connection, which takes longer than what the target does meanwhile.
    private func scrape(
        _ subject: ClientUnderTest, _ target: ScriptedServer, _ response: Response,
        _ answer: (ScriptedServer.Request) async throws -> Void
    ) async throws {
        try await subject.sendScrape(to: target.port, timeout: "30")
        try await answer(try await target.next("/metrics"))
        let push = try await subject.proxy.next("/push")
        try #require(push.isComplete, "the push of \(response.body.count) bytes was cut")
        #expect(body(push) == response.body[...], "of \(response.body.count) bytes others came")
        let closes = response.body.count.isMultiple(of: 2)
        try await push.answer(status: "200 OK", fields: closes ? "Connection: close\r\n" : "")
    }

    @Test("A target that closes right behind its response loses nothing of it", arguments: Framing.allCases)
    func closing(framing: Framing) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            for size in Self.sizes {
                let response = Response(framing, size: size, closes: true)
                try await scrape(subject, target, response) { request in
                    request.peer.post(response.bytes)
                    await request.close()
                }
            }
            #expect(subject.client.metrics.scrapeErrors.value == 0)
            await target.stop()
        }
    }

    @Test("A target that keeps its connection loses nothing either", arguments: [Framing.length, .chunked])
    func keeping(framing: Framing) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            for size in Self.sizes {
                let response = Response(framing, size: size, closes: false)
                try await scrape(subject, target, response) { try await $0.answer(bytes: response.bytes) }
            }
            #expect(target.connectionCount == 1)
            await target.stop()
        }
    }

    @Test("A target that sends piece by piece and then closes loses nothing", arguments: Framing.allCases)
    func dripping(framing: Framing) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            var random = Seeded(1)
            for size in stride(from: 50_000, through: 150_000, by: 6_007) {
                let response = Response(framing, size: size, closes: true)
                try await scrape(subject, target, response) { request in
                    var left = response.bytes[...]
                    while !left.isEmpty {
                        let piece = left.prefix(Int.random(in: 1...30_000, using: &random))
                        left = left.dropFirst(piece.count)
                        try await request.peer.write(Array(piece))
                    }
                    await request.close()
                }
            }
            await target.stop()
        }
    }

    @Test(
        "A target that closes in the middle, or cuts its connection anywhere, never makes a short success and never hangs",
        arguments: Framing.allCases)
    func breaking(framing: Framing) async throws {
        try await ClientUnderTest.run { subject in
            let target = try await ScriptedServer()
            var random = Seeded(2)
            for size in stride(from: 1_000, through: 200_000, by: 5_003) {
                let response = Response(framing, size: size, closes: true)
                // Without a length or chunks, only a reset can be told from an end.
                let cuts = framing == .untilClose || Bool.random(using: &random)
                let all = response.bytes.count
                let count = cuts ? Int.random(in: 0...all, using: &random) : Int.random(in: 0..<all, using: &random)
                try await subject.sendScrape(to: target.port, timeout: "30")
                let request = try await target.next("/metrics")
                request.peer.post(Array(response.bytes.prefix(count)))
                if cuts {
                    await request.cut()
                } else {
                    await request.close()
                }
                let push = try await subject.proxy.next("/push")
                guard push.isComplete else { continue }
                try await push.answer(status: "200 OK")
                // Complete pushes report the failure, or have all there was.
                let isReport = push.text.contains("\r\nX-Pushprox-Failure: target_broken\r\n")
                #expect(isReport || framing != .untilClose && count == all && body(push) == response.body[...])
            }
            await target.stop()
        }
    }
}
