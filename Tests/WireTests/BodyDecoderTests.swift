import NIOCore
import TestKit
import Testing

@testable import Wire

@Suite struct BodyDecoderTests {
    private func chunks(_ pieces: [String]) -> String {
        pieces.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
    }

    @Test("Chunks of one byte come out in one slice, which holds no more than they do")
    func tiny() throws {
        var decoder = BodyDecoder(.chunked)
        var buffer = ByteBuffer(string: chunks(Array(repeating: "x", count: 20_000)))
        guard case .bytes(let slice) = try decoder.next(&buffer) else {
            Issue.record("no bytes")
            return
        }
        #expect(slice.readableBytes == 20_000)
        #expect(slice.storageCapacity <= 65_536)
        #expect(try decoder.next(&buffer) == .end)
    }

    @Test("A large chunk is not copied, also between small ones")
    func large() throws {
        var decoder = BodyDecoder(.chunked)
        let large = String(repeating: "y", count: 5_000)
        var buffer = ByteBuffer(string: chunks(["a", "b", large, "c"]))
        let storage = buffer.storageCapacity
        #expect(try decoder.next(&buffer) == .bytes(ByteBuffer(string: "ab")))
        guard case .bytes(let slice) = try decoder.next(&buffer) else {
            Issue.record("no bytes")
            return
        }
        #expect(String(buffer: slice) == large)
        #expect(slice.storageCapacity == storage)
        #expect(try decoder.next(&buffer) == .bytes(ByteBuffer(string: "c")))
        #expect(try decoder.next(&buffer) == .end)
    }

    @Test("What came before a malformed chunk comes out, and then the error, for good")
    func malformed() throws {
        var decoder = BodyDecoder(.chunked)
        var buffer = ByteBuffer(string: "1\r\na\r\n2\r\nbc\r\nzz\r\n")
        #expect(try decoder.next(&buffer) == .bytes(ByteBuffer(string: "abc")))
        for _ in 0..<2 {
            #expect(throws: BodyDecoder.MalformedChunk()) { try decoder.next(&buffer) }
        }
        #expect(!decoder.mayEndHere)
    }

    @Test(
        "What could not be decoded is not passed on either",
        arguments: [
            "zz\r\n", "1 x\r\na\r\n", "1;a\rb\r\na\r\n", "1\na\r\n", "1\r\nab\r\n", "1\r\na\n", ";\r\n",
            "0000000000000001\r\n",
            "1;\(String(repeating: "x", count: 4_100))\r\na\r\n", "0\r\nT: u\n\r\n", "0\r\nT: u\r\n\n",
            "0\r\n\(String(repeating: "a: b\r\n", count: 1_000))\r\n",
        ])
    func oneStrictness(body: String) {
        for treatment in [BodyDecoder.ChunkTreatment.removed, .kept] {
            #expect(throws: BodyDecoder.MalformedChunk.self) {
                var decoder = BodyDecoder(.chunked, chunks: treatment)
                var buffer = ByteBuffer(string: body)
                while case .bytes = try decoder.next(&buffer) {}
            }
        }
    }

    @Test("What is passed on with its coding is what came, up to the body's end, in one slice that is not copied")
    func kept() throws {
        let body = "3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n"
        var decoder = BodyDecoder(.chunked, chunks: .kept)
        var buffer = ByteBuffer(string: body + "more")
        let storage = buffer.storageCapacity
        guard case .bytes(let slice) = try decoder.next(&buffer) else {
            Issue.record("no bytes")
            return
        }
        #expect(String(buffer: slice) == body && slice.storageCapacity == storage)
        #expect(try decoder.next(&buffer) == .end)
        #expect(String(buffer: buffer) == "more" && decoder.hasEnded && decoder.mayEndHere)
    }

    @Test("However a chunked body is cut up, the same bytes come out", arguments: 0..<20 as Range<UInt64>)
    func cut(seed: UInt64) throws {
        var random = Seeded(seed)
        var pieces: [String] = []
        for _ in 0..<Int.random(in: 0..<12, using: &random) {
            let size = Bool.random(using: &random) ? 1 : Int.random(in: 1...2_000, using: &random)
            pieces.append(String(repeating: "\(Int.random(in: 0...9, using: &random))", count: size))
        }
        var rest = ByteBuffer(string: chunks(pieces))
        var decoder = BodyDecoder(.chunked)
        var buffer = ByteBuffer()
        var body = ""
        var hasEnded = false
        while !hasEnded {
            let most = Bool.random(using: &random) ? 3 : 4_000
            let length = min(Int.random(in: 1...most, using: &random), rest.readableBytes)
            if var more = rest.readSlice(length: length) { buffer.writeBuffer(&more) }
            stepping: while true {
                switch try decoder.next(&buffer) {
                case .bytes(let slice): body += String(buffer: slice)
                case .end:
                    hasEnded = true
                    break stepping
                case .needsMore: break stepping
                }
            }
            if rest.readableBytes == 0 { break }
        }
        #expect(hasEnded)
        #expect(body == pieces.joined())
    }
}
