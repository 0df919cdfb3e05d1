import NIOCore
import TestKit
import Testing

@testable import Web

@Suite("Everything that can happen to a connection's requests, in any order") struct RequestPhasesWalkTests {
    private static let pattern = (0..<1_700_000).map { UInt8(truncatingIfNeeded: $0 / 3) }

    /// Requests of all kinds, and some that are none.
    private static func script(_ random: inout Seeded) -> [PhasesWalk.Request] {
        (0..<Int.random(in: 1...8, using: &random)).map { number in
            let target = "/\(number)"
            var body: [UInt8] = []
            func head(_ method: String, _ fields: String, version: Int = 1) -> [UInt8] {
                Array("\(method) \(target) HTTP/1.\(version)\r\nHost: a\r\n\(fields)\r\n".utf8)
            }
            func request(_ bytes: [UInt8], fault: RequestPhases.Fault? = nil) -> PhasesWalk.Request {
                PhasesWalk.Request(bytes: bytes, target: target, body: body, fault: fault)
            }
            func fill(_ most: Int) {
                let count = Int.random(in: 0...most, using: &random)
                body = Array(pattern[number..<(number + count)])
            }
            switch Int.random(in: 0..<18, using: &random) {
            case 0..<4: return request(head("GET", ""))
            case 4: return request(head("HEAD", ""))
            case 5: return request(head("GET", "Connection: keep-alive\r\n", version: 0))
            case 6: return request(head("GET", "Connection: close\r\n"))
            case 7..<10:
                fill(400)
                return request(head("POST", "Content-Length: \(body.count)\r\n") + body)
            case 10:
                fill(300_000)
                return request(head("POST", "Content-Length: \(body.count)\r\n") + body)
            case 11:
                fill(1_600_000)
                return request(head("POST", "Content-Length: \(body.count)\r\n") + body)
            case 12:
                fill(100)
                return request(head("POST", "Expect: 100-continue\r\nContent-Length: \(body.count)\r\n") + body)
            case 13..<15:
                fill(2_000)
                var chunks: [UInt8] = []
                var rest = body[...]
                while !rest.isEmpty {
                    let chunk = rest.prefix(Int.random(in: 1...500, using: &random))
                    rest = rest.dropFirst(chunk.count)
                    chunks += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
                }
                return request(head("POST", "Transfer-Encoding: chunked\r\n") + chunks + Array("0\r\n\r\n".utf8))
            case 15:
                body = Array(pattern[number..<(number + 500)])
                let chunk = Array("1f4\r\n".utf8) + body + Array("\r\nzz\r\n".utf8)
                return request(head("POST", "Transfer-Encoding: chunked\r\n") + chunk, fault: .malformedBody)
            case 16: return request(Array("rubbish\r\n\r\n".utf8), fault: .head(.malformedStartLine))
            default:
                return request(
                    head("GET", "X: " + String(repeating: "x", count: 3_000)), fault: .head(.tooLarge(limit: 2_000)))
            }
        }
    }

    @Test("Every request is served whole and in order, or refused and told; it is read in bounded pieces, and it ends")
    func walk() {
        var reached: [String: Int] = [:]
        for seed in 0..<3_000 as Range<UInt64> {
            var random = Seeded(seed)
            let script = Self.script(&random)
            let walk = PhasesWalk(seed: seed, script: script)
            for _ in 0..<Int.random(in: 0...200, using: &random) where !walk.isOver { walk.step() }
            walk.settle()
            #expect(walk.violations == [], "seed \(seed)")
            #expect(walk.isOver || walk.hasServedAll, "seed \(seed): it never ends, in \(walk.phases.phase)")
            reached.merge(walk.reached) { $0 + $1 }
            if !walk.violations.isEmpty || !(walk.isOver || walk.hasServedAll) { return }
        }
        let expected = [
            "head", "admitting", "body", "answering", "discarding", "lingering", "takenOver", "closed", "begun",
            "later",
            "answered", "late answer", "late verdict", "continue", "later turn", "lost", "taken over", "refused head",
            "refused malformedBody", "refused slow", "refused tooMuchBehind", "closed atOnce", "closed atOnce slow",
            "closed whenWritten", "closed outputWhenWritten", "closed outputWhenWritten slow",
            "closed outputWhenWritten malformedBody", "closed withReset", "closed withReset slow",
            "closed withReset malformedBody", "closed withReset tooMuchBehind",
        ]
        for what in expected { #expect(reached[what, default: 0] >= 3, "\(what) was hardly reached") }
    }
}
