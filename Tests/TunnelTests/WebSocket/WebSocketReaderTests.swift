import NIOCore
import TestKit
import Testing

@testable import Tunnel

@Suite struct WebSocketReaderTests {
    private static let hello = Array("Hello".utf8)

    // MARK: Section 5.7's examples, binary where they are text

    @Test("an unmasked message is read as RFC 6455's example has it")
    func unmaskedExample() {
        let reading = WebSocketReading(.client, [0x82, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(reading.items == [.message(Self.hello)])
    }

    @Test("a masked message is read as RFC 6455's example has it")
    func maskedExample() {
        let bytes: [UInt8] = [0x82, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(WebSocketReading(.server, bytes).items == [.message(Self.hello)])
    }

    @Test("a fragmented message is read as RFC 6455's example has it")
    func fragmentedExample() {
        let reading = WebSocketReading(.client, [0x02, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F])
        #expect(reading.items == [.message(Self.hello)])
        #expect(reading.pieces == 2)
    }

    @Test("a ping and a masked pong are read as RFC 6455's examples have them")
    func pingExample() {
        #expect(WebSocketReading(.client, [0x89, 0x05] + Self.hello).items == [.ping(Self.hello)])
        let pong: [UInt8] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(WebSocketReading(.server, pong).items == [.pong(Self.hello)])
    }

    @Test("messages of 256 bytes and of 64 KiB are read as RFC 6455's examples have them")
    func longExamples() {
        let middle = [UInt8](repeating: 7, count: 256)
        #expect(WebSocketReading(.client, [0x82, 0x7E, 0x01, 0x00] + middle).items == [.message(middle)])
        let long = [UInt8](repeating: 9, count: 65_536)
        #expect(WebSocketReading(.client, [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + long).items == [.message(long)])
    }

    // MARK: Masking (sections 5.1 and 5.3)

    @Test(
        "a server refuses what is not masked, a client what is, whatever the frame",
        arguments: [0x82, 0x88, 0x89, 0x8A] as [UInt8])
    func masking(first: UInt8) {
        let clear = WebSocketReading(.server, frame(first, [0x03, 0xE8]))
        #expect(clear.failure == .notMasked && clear.items.isEmpty)
        let masked = WebSocketReading(.client, frame(first, [0x03, 0xE8], key: someKey))
        #expect(masked.failure == .masked && masked.items.isEmpty)
    }

    @Test("payloads of every length are unmasked, with any key, wherever they are cut")
    func unmasking() {
        var random = Seeded(1)
        for length in Array(0...140) + [255, 256, 257, 1_000, 65_535, 65_536] {
            let payload = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let key = (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }
            let bytes = frame(0x82, payload, key: key)
            #expect(WebSocketReading(.server, bytes).items == [.message(payload)], "\(length) bytes")
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let second = Int.random(in: cut...bytes.count, using: &random)
            let pieces = [Array(bytes[..<cut]), Array(bytes[cut..<second]), Array(bytes[second...])]
            #expect(WebSocketReading(.server, pieces).items == [.message(payload)], "\(length) bytes, cut")
        }
    }

    // MARK: Heads (section 5.2)

    @Test("a reserved bit ends the connection", arguments: [0x40, 0x20, 0x10] as [UInt8])
    func reservedBits(bit: UInt8) {
        for opcode: UInt8 in [0x02, 0x82, 0x88, 0x89] {
            let reading = WebSocketReading(.client, frame(opcode | bit))
            #expect(reading.failure == .reservedBits && reading.items.isEmpty)
        }
    }

    @Test("an opcode that has no meaning ends the connection")
    func opcodes() {
        for opcode in Array(3...7) + Array(11...15) as [UInt8] {
            let reading = WebSocketReading(.client, frame(0x80 | opcode))
            #expect(reading.failure == .unknownOpcode(opcode) && reading.items.isEmpty)
            #expect(reading.failure?.code == .protocolError)
        }
    }

    @Test("a text message ends the connection with code 1002")
    func text() {
        let reading = WebSocketReading(.client, frame(0x81, Self.hello))
        #expect(reading.failure == .textMessage && reading.items.isEmpty)
        #expect(reading.failure?.code.rawValue == 1002)
    }

    @Test("a length is written in as few bytes as it takes, or refused")
    func minimalLengths() {
        for (length, bytes) in [(0, 2), (125, 2), (0, 8), (126, 8), (65_535, 8)] {
            let payload = [UInt8](repeating: 1, count: length)
            let reading = WebSocketReading(.client, frame(0x82, payload, in: bytes))
            #expect(reading.failure == .longLengthField && reading.items.isEmpty, "\(length) in \(bytes) bytes")
        }
        for length in [0, 125, 126, 65_535, 65_536] {
            let payload = [UInt8](repeating: 1, count: length)
            #expect(WebSocketReading(.client, frame(0x82, payload)).items == [.message(payload)], "\(length)")
        }
    }

    @Test("a length with its highest bit set is refused")
    func highestBit() {
        for rest: UInt8 in [0, 0xFF] {
            let bytes: [UInt8] = [0x82, 0x7F, 0x80] + [UInt8](repeating: rest, count: 7)
            #expect(WebSocketReading(.client, bytes).failure == .impossibleLength)
        }
    }

    @Test("a message over the limit is refused by its announcement, however large, before any of it came")
    func largeMessages() {
        for length in [101, 126, 65_536, 1 << 40, .max] {
            let reading = WebSocketReading(.client, [frame(0x82, announcing: length)], maxMessageBytes: 100)
            #expect(reading.failure == .messageTooLarge(limit: 100), "\(length)")
            #expect(reading.failure?.code.rawValue == 1009)
        }
        let most = [UInt8](repeating: 1, count: 100)
        let reading = WebSocketReading(.client, [frame(0x82, most) + frame(0x82, most)], maxMessageBytes: 100)
        #expect(reading.items == [.message(most), .message(most)])
    }

    @Test("a message is over the limit when its fragments are")
    func largeFragments() {
        let fragments = frame(0x02, [UInt8](repeating: 1, count: 60)) + frame(0x00, [UInt8](repeating: 2, count: 40))
        let whole = WebSocketReading(.client, [fragments + frame(0x80)], maxMessageBytes: 100)
        #expect(whole.items.count == 1)
        let more = WebSocketReading(.client, [fragments + frame(0x80, [3])], maxMessageBytes: 100)
        #expect(more.failure == .messageTooLarge(limit: 100))
        let endless = WebSocketReading(.client, [fragments + frame(0x00, announcing: .max)], maxMessageBytes: 100)
        #expect(endless.failure == .messageTooLarge(limit: 100))
    }

    @Test("bytes that a length announced are payload, whatever they look like; until they come, nothing ends")
    func lyingLengths() {
        let inner = frame(0x88, [0x03, 0xE8])
        let reading = WebSocketReading(.client, frame(0x82, inner, announcing: 6))
        #expect(reading.items.isEmpty && reading.begun == inner && reading.failure == nil)
        let complete = WebSocketReading(.client, frame(0x82, inner, announcing: 6) + [0x89, 0x00])
        #expect(complete.items == [.message(inner + [0x89, 0x00])])
    }

    // MARK: Fragments (section 5.4)

    @Test("control frames come out where they came, between the fragments of a message")
    func controlInBetween() {
        let bytes =
            frame(0x02, [1]) + frame(0x89, [7]) + frame(0x00, [2]) + frame(0x8A) + frame(0x80, [3]) + frame(0x89)
        let reading = WebSocketReading(.client, bytes)
        #expect(reading.items == [.ping([7]), .pong([]), .message([1, 2, 3]), .ping([])])
    }

    @Test("a fragment is handed on before the next one is there")
    func handedOn() throws {
        var reader = WebSocketReader(.client, maxMessageBytes: 100)
        reader.receive(ByteBuffer(bytes: frame(0x02, [1, 2, 3])))
        #expect(try reader.next() == .binary(ByteBuffer(bytes: [1, 2, 3]), isLast: false))
        reader.receive(ByteBuffer(bytes: frame(0x80, [4, 5], announcing: 3)))
        #expect(try reader.next() == .binary(ByteBuffer(bytes: [4, 5]), isLast: false))
        reader.receive(ByteBuffer(bytes: [6]))
        #expect(try reader.next() == .binary(ByteBuffer(bytes: [6]), isLast: true))
        #expect(try reader.next() == .needsMore)
    }

    @Test("an empty message is one empty last piece; an empty fragment is none, unless it is the last")
    func emptyFragments() {
        let empty = WebSocketReading(.client, frame(0x82))
        #expect(empty.items == [.message([])] && empty.pieces == 1)
        let fragments = WebSocketReading(.client, frame(0x02) + frame(0x00) + frame(0x00, [1]) + frame(0x80))
        #expect(fragments.items == [.message([1])] && fragments.pieces == 2)
    }

    @Test("a continuation without a beginning ends the connection")
    func continuationOfNothing() {
        for first: UInt8 in [0x00, 0x80] {
            #expect(WebSocketReading(.client, frame(first, [1])).failure == .continuationOfNothing)
            let later = WebSocketReading(.client, frame(0x02, [1]) + frame(0x80, [2]) + frame(first, [3]))
            #expect(later.failure == .continuationOfNothing && later.items == [.message([1, 2])])
        }
    }

    @Test("a message that begins inside another ends the connection")
    func messageInsideMessage() {
        for first: UInt8 in [0x02, 0x82] {
            let reading = WebSocketReading(.client, frame(0x02, [1]) + frame(first, [2]))
            #expect(reading.failure == .messageInsideMessage && reading.items.isEmpty)
        }
    }

    // MARK: Control frames (section 5.5)

    @Test("control frames have up to 125 bytes and are not fragmented", arguments: [0x08, 0x09, 0x0A] as [UInt8])
    func controlFrames(opcode: UInt8) {
        let payload = [0x03, 0xE8] + [UInt8](repeating: 0x61, count: 123)
        #expect(WebSocketReading(.client, frame(0x80 | opcode, payload)).items.count == 1)
        #expect(WebSocketReading(.client, frame(0x80 | opcode, payload + [0x61])).failure == .longControl)
        #expect(WebSocketReading(.client, frame(0x80 | opcode, announcing: 65_536)).failure == .longControl)
        #expect(WebSocketReading(.client, frame(opcode, payload)).failure == .fragmentedControl)
    }

    @Test("a close frame may be empty, or have a code, or a code and a reason")
    func close() {
        #expect(WebSocketReading(.client, frame(0x88)).items == [.close(WebSocketClose(nil))])
        #expect(WebSocketReading(.client, frame(0x88, [0x03, 0xE8])).items == [.close(WebSocketClose(.normal))])
        let reading = WebSocketReading(.server, frame(0x88, [0x03, 0xE9] + Array("bye é".utf8), key: someKey))
        #expect(reading.items == [.close(WebSocketClose(.goingAway, reason: "bye é"))])
    }

    @Test("half a close code ends the connection")
    func halfCloseCode() { #expect(WebSocketReading(.client, frame(0x88, [0x03])).failure == .halfCloseCode) }

    @Test("close codes that may be sent are taken, all others are not")
    func closeCodes() {
        for code in 0...UInt16.max {
            let reading = WebSocketReading(.client, frame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)]))
            let isTaken = [1000...1003, 1007...1014, 3000...4999].contains { $0.contains(code) }
            guard (reading.failure == nil) == isTaken, (reading.items.count == 1) == isTaken else {
                Issue.record("close code \(code)")
                continue
            }
        }
        #expect(WebSocketReading(.client, frame(0x88, [0x03, 0xED])).failure == .invalidCloseCode(1005))
    }

    @Test(
        "a close reason that is not UTF-8 ends the connection with code 1007",
        arguments: [
            [0xFF], [0xC3], [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0x61, 0xE2, 0x82],
        ] as [[UInt8]])
    func closeReasons(bytes: [UInt8]) {
        let reading = WebSocketReading(.client, frame(0x88, [0x03, 0xE8] + bytes))
        #expect(reading.failure == .closeReasonNotUTF8 && reading.items.isEmpty)
        #expect(reading.failure?.code.rawValue == 1007)
    }

    @Test("a close reason is fit to be shown")
    func shownReason() {
        let reading = WebSocketReading(.client, frame(0x88, [0x03, 0xE8] + Array("a\u{1B}[2J\u{202E}b\n".utf8)))
        #expect(reading.items == [.close(WebSocketClose(.normal, reason: "a [2J b "))])
    }

    // MARK: What comes behind the end (sections 1.4 and 7.1.7)

    @Test("nothing comes after a close frame, however wrong it is, and none of it is kept")
    func afterClose() {
        for rest in [frame(0x82, [1]), frame(0x88), [0xFF, 0xFF], [UInt8](repeating: 0, count: 100_000)] {
            let reading = WebSocketReading(.client, [frame(0x88, [0x03, 0xE8]) + rest, rest])
            #expect(reading.items == [.close(WebSocketClose(.normal))] && reading.failure == nil)
        }
    }

    @Test("nothing comes after a failure, and none of it is kept")
    func afterFailure() throws {
        var reader = WebSocketReader(.client, maxMessageBytes: 100)
        reader.receive(ByteBuffer(bytes: frame(0x81) + frame(0x82, [1])))
        #expect(throws: WebSocketFailure.textMessage) { try reader.next() }
        #expect(try reader.next() == .needsMore)
        var bytes = ByteBuffer(bytes: frame(0x82, [1]))
        reader.receive(bytes)
        let isReleased = bytes.isSoleOwner
        #expect(isReleased)
        #expect(try reader.next() == .needsMore)
    }

    // MARK: However it is cut

    @Test("a conversation is read as the same in one piece, in two at every place, and byte by byte")
    func splits() {
        let good =
            frame(0x82, Self.hello, key: someKey) + frame(0x02, [1, 2], key: [0, 0, 0, 0])
            + frame(0x89, [1, 2, 3, 4, 5], key: someKey) + frame(0x00, key: someKey)
            + frame(0x80, [UInt8](repeating: 5, count: 130), key: someKey) + frame(0x8A, key: someKey)
            + frame(0x82, key: someKey)
        let endings: [[UInt8]] = [
            [], frame(0x88, [0x03, 0xE8] + Array("bye é".utf8), key: someKey), frame(0x88, [1], key: someKey),
            frame(0x81, key: someKey), frame(0x82), frame(0x82, key: someKey, announcing: 125, in: 8),
            frame(0x82, key: someKey, announcing: 1 << 40), frame(0x80, key: someKey), frame(0x09, key: someKey),
            frame(0x82, [1, 2], key: someKey, announcing: 3),
        ]
        for ending in endings {
            let bytes = good + ending + frame(0x82, [9], key: someKey)
            let whole = WebSocketReading(.server, bytes)
            #expect(whole.items.count >= 5)
            for place in 0...bytes.count {
                let halves = [Array(bytes[..<place]), Array(bytes[place...])]
                #expect(WebSocketReading(.server, halves) == whole, "cut at \(place)")
            }
            #expect(WebSocketReading(.server, bytes.map { [$0] }) == whole)
        }
    }

    @Test("small pieces lie in storage of their own, and nothing that was read is kept")
    func storage() throws {
        var reader = WebSocketReader(.server, maxMessageBytes: 100_000)
        var read = ByteBuffer()
        read.reserveCapacity(65_536)
        read.writeBytes(frame(0x82, [UInt8](repeating: 1, count: 50), key: someKey))
        // The beginnings of a frame's head, of its payload, and of a ping.
        read.writeBytes(frame(0x02, [1, 2], key: someKey, announcing: 90).dropLast(3))
        reader.receive(read)
        var pieces: [ByteBuffer] = []
        while case .binary(let piece, _) = try reader.next() { pieces.append(piece) }
        let isReleased = read.isSoleOwner
        #expect(isReleased)
        read.clear()
        read.writeBytes(frame(0x02, [1, 2], key: someKey, announcing: 90).suffix(3))
        read.writeBytes([UInt8](repeating: 0, count: 88) + frame(0x89, [1, 2, 3, 4], key: someKey).dropLast(2))
        reader.receive(read)
        while case .binary(let piece, _) = try reader.next() { pieces.append(piece) }
        let isReleasedAgain = read.isSoleOwner
        #expect(isReleasedAgain)
        #expect(pieces.map(\.readableBytes) == [50, 90])
        #expect(pieces.allSatisfy { $0.storageCapacity <= 128 })
    }

    @Test("what nobody else holds is unmasked where it lies, and handed on without a copy")
    func inPlace() throws {
        let payload = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
        let read = ByteBuffer(bytes: frame(0x82, payload, key: someKey) + frame(0x82, payload, key: someKey))
        let start = read.withUnsafeReadableBytes { $0.baseAddress }
        var reader = WebSocketReader(.server, maxMessageBytes: 100_000)
        reader.receive(consume read)
        for message in 0..<2 {
            guard case .binary(let piece, isLast: true) = try reader.next() else {
                Issue.record("no message")
                return
            }
            #expect(piece == ByteBuffer(bytes: payload))
            let place = piece.withUnsafeReadableBytes { $0.baseAddress }
            #expect(place == start.map { $0 + 8 + message * 50_008 })
        }
    }

    @Test("what somebody else holds stays as it is")
    func held() throws {
        let payload = [UInt8](repeating: 7, count: 1_000)
        let bytes = frame(0x82, payload, key: someKey)
        let read = ByteBuffer(bytes: bytes)
        var reader = WebSocketReader(.server, maxMessageBytes: 100_000)
        reader.receive(read)
        #expect(try reader.next() == .binary(ByteBuffer(bytes: payload), isLast: true))
        #expect(Array(read.readableBytesView) == bytes)
    }

    @Test("a piece keeps at most four times its bytes in memory", arguments: [1, 100, 10_000, 30_000])
    func waste(count: Int) throws {
        var read = ByteBuffer()
        read.reserveCapacity(131_072)
        while read.readableBytes < 100_000 {
            read.writeBytes(frame(0x82, [UInt8](repeating: 1, count: count), key: someKey))
        }
        var reader = WebSocketReader(.server, maxMessageBytes: 100_000)
        reader.receive(consume read)
        while case .binary(let piece, _) = try reader.next() {
            #expect(piece.storageCapacity <= 4 * piece.readableBytes, "\(piece.readableBytes)")
        }
    }
}

extension ByteBuffer {
    /// Whether nobody else holds its storage: then it is changed where it lies.
    fileprivate var isSoleOwner: Bool {
        mutating get {
            let before = withVeryUnsafeBytes { $0.baseAddress }
            setInteger(getInteger(at: 0, as: UInt8.self) ?? 0, at: 0)
            return before == withVeryUnsafeBytes { $0.baseAddress }
        }
    }
}
