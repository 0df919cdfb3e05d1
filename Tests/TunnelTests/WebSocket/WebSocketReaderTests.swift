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
}
