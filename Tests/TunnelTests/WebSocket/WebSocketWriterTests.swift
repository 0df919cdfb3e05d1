import NIOCore
import TestKit
import Testing

@testable import Tunnel

/// Masking keys as RFC 6455's examples have them.
private struct ExampleKeys: RandomNumberGenerator {
    // The first byte of a key is the lowest.
    mutating func next() -> UInt64 { 0x3D21_FA37 }
}

@Suite struct WebSocketWriterTests {
    private static let hello = Array("Hello".utf8)

    private func bytes(_ buffer: ByteBuffer) -> [UInt8] { Array(buffer.readableBytesView) }

    @Test("a message is written as RFC 6455's examples have it, by either end")
    func examples() {
        var output = ByteBuffer()
        var server = WebSocketWriter(.server)
        server.writeBinary(head: Self.hello.prefix(2), body: [ByteBuffer(bytes: Self.hello[2...])], into: &output)
        #expect(bytes(output) == [0x82, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        output.clear()
        var client = WebSocketWriter(.client, keys: ExampleKeys())
        client.writeBinary(head: Self.hello.prefix(2), body: [ByteBuffer(bytes: Self.hello[2...])], into: &output)
        #expect(bytes(output) == [0x82, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        output.clear()
        server.writePing(ByteBuffer(bytes: Self.hello), into: &output)
        client.writePong(ByteBuffer(bytes: Self.hello), into: &output)
        #expect(
            bytes(output) == [0x89, 0x05] + Self.hello + [
                0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58,
            ])
    }

    @Test("lengths are written in as few bytes as they take")
    func lengths() {
        let heads: [(Int, [UInt8])] = [
            (0, [0x82, 0]), (125, [0x82, 125]), (126, [0x82, 126, 0, 126]), (65_535, [0x82, 126, 0xFF, 0xFF]),
            (65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ]
        for (length, head) in heads {
            var output = ByteBuffer()
            var writer = WebSocketWriter(.server)
            writer.writeBinary(head: [], body: [ByteBuffer(repeating: 7, count: length)], into: &output)
            #expect(bytes(output) == head + [UInt8](repeating: 7, count: length), "\(length) bytes")
        }
    }

    @Test(
        "what is written is read again, whatever the length and the slices", arguments: [WebSocketRole.client, .server])
    func roundTrip(role: WebSocketRole) {
        var random = Seeded(3)
        var writer = WebSocketWriter(role, keys: Seeded(4))
        var output = ByteBuffer()
        var messages: [WebSocketReading.Item] = []
        for length in Array(0...150) + [1_000, 65_535, 65_536, 65_541] {
            let message = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let first = Int.random(in: 0...min(9, length), using: &random)
            let second = Int.random(in: first...length, using: &random)
            let body = [
                ByteBuffer(bytes: message[first..<second]), ByteBuffer(), ByteBuffer(bytes: message[second...]),
            ]
            writer.writeBinary(head: message[..<first], body: body, into: &output)
            messages.append(.message(message))
        }
        let reading = WebSocketReading(role == .client ? .server : .client, bytes(output))
        #expect(reading.items == messages && reading.failure == nil)
    }

    @Test("each frame of a client has a key of its own, from the system's entropy unless told otherwise")
    func keys() {
        var writer = WebSocketWriter(.client)
        var seen: Set<[UInt8]> = []
        for _ in 0..<500 {
            var output = ByteBuffer()
            writer.writePing(ByteBuffer(), into: &output)
            seen.insert(Array(bytes(output)[2...]))
        }
        // Two of 500 keys of 32 bits are the same once in 30,000 runs; four never.
        #expect(seen.count > 497)
    }

    @Test("a control frame is never over 125 bytes")
    func control() {
        var output = ByteBuffer()
        var writer = WebSocketWriter(.server)
        writer.writePing(ByteBuffer(repeating: 1, count: 126), into: &output)
        writer.writePong(ByteBuffer(repeating: 2, count: 5_000), into: &output)
        let most = [UInt8](repeating: 1, count: 125)
        #expect(
            WebSocketReading(.client, bytes(output)).items == [.ping(most), .pong([UInt8](repeating: 2, count: 125))])
    }

    @Test("a close frame without a code is empty; a reason is cut between characters")
    func close() {
        var output = ByteBuffer()
        var writer = WebSocketWriter(.server)
        writer.writeClose(WebSocketClose(nil, reason: "not said"), into: &output)
        #expect(bytes(output) == [0x88, 0x00])
        output.clear()
        let reason = String(repeating: "a", count: 122) + "é"
        writer.writeClose(WebSocketClose(.tooLarge, reason: reason), into: &output)
        #expect(bytes(output) == [0x88, 124, 0x03, 0xF1] + [UInt8](repeating: 0x61, count: 122))
    }

    @Test("what a failure says to the other end can be read by it")
    func failures() {
        let all: [WebSocketFailure] = [
            .reservedBits, .unknownOpcode(15), .textMessage, .notMasked, .masked, .fragmentedControl, .longControl,
            .longLengthField, .impossibleLength, .messageTooLarge(limit: 65_545), .continuationOfNothing,
            .messageInsideMessage, .halfCloseCode, .invalidCloseCode(1005), .closeReasonNotUTF8,
        ]
        for failure in all {
            var output = ByteBuffer()
            var writer = WebSocketWriter(.server)
            writer.writeClose(failure.close, into: &output)
            let close = WebSocketClose(failure.code, reason: failure.explanation)
            #expect(close.reason == failure.explanation)
            #expect(WebSocketReading(.client, bytes(output)).items == [.close(close)])
        }
    }
}
