import Foundation
import NIOCore
import TestKit
import Testing
import Wire

@testable import Tunnel

/// The worked example of docs/wire-protocol.md, taken from the page: what it says is what the programs do.
@Suite struct WorkedExampleTests {
    private let page: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        page = try String(contentsOf: root.appending(path: "docs/wire-protocol.md"), encoding: .utf8)
    }

    /// The bytes of the block with this mark: in each line what stands before two spaces.
    private func bytes(_ name: String) throws -> [UInt8] {
        let start = try #require(page.range(of: "<!-- bytes: \(name) -->\n```text\n"), "no \(name)")
        let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
        return try page[start.upperBound..<end.lowerBound].split(separator: "\n").flatMap { line in
            let digits = line.firstRange(of: "  ").map { line[..<$0.lowerBound] } ?? line
            return try digits.split(separator: " ").map { try #require(UInt8($0, radix: 16), "\(line)") }
        }
    }

    /// The head of a message that stands on the page indented, with its line ends written out, from the line that begins with `start`.
    private func head(_ start: String) throws -> String {
        let range = try #require(page.range(of: "    " + start))
        let lines = page[range.lowerBound...].split(separator: "\n", omittingEmptySubsequences: false)
            .prefix { $0.hasPrefix("    ") }
        return lines.map { $0.dropFirst(4).replacing("\\r\\n", with: "\r\n") }.joined()
    }

    private func payload(_ name: String, type: FrameType, stream: UInt32) throws -> ByteBuffer {
        var bytes = ByteBuffer(bytes: try bytes(name))
        #expect(bytes.readInteger(as: UInt8.self) == type.rawValue)
        #expect(bytes.readInteger(as: UInt32.self) == stream)
        return bytes
    }

    /// Of the proxy's blocks, which have no copy without a mask.
    private func proxyPayload(_ name: String, type: FrameType, stream: UInt32) throws -> ByteBuffer {
        let reading = WebSocketReading(.client, try bytes(name))
        guard reading.items.count == 1, case .message(let bytes) = reading.items[0] else {
            throw WebSocketFailure.textMessage
        }
        var message = ByteBuffer(bytes: bytes)
        #expect(message.readInteger(as: UInt8.self) == type.rawValue)
        #expect(message.readInteger(as: UInt32.self) == stream)
        return message
    }

    @Test("the handshake on the page is accepted, and answered as it stands there")
    func handshake() throws {
        var request = ByteBuffer(string: try head("GET /tunnel"))
        var parser = HeadParser(.request, maxBytes: 8_192)
        let requestHead = try #require(try RequestHead.parse(&request, with: &parser))
        #expect(request.readableBytes == 0)
        let handshake = try WebSocketHandshake(request: requestHead)
        var answer = ByteBuffer()
        handshake.writeAnswer(into: &answer)
        #expect(String(buffer: answer) == (try head("HTTP/1.1 101")))
        var answerParser = HeadParser(.response, maxBytes: 8_192)
        try handshake.check(try #require(try ResponseHead.parse(&answer, with: &answerParser)))
        var fields = ByteBuffer()
        handshake.writeRequestFields(into: &fields)
        #expect(try head("GET /tunnel").contains(String(buffer: fields)))
    }

    @Test("what the client sends on the page is read, however it is cut, as the page has it unmasked")
    func clientsMessages() throws {
        let sent = try bytes("HELLO") + bytes("pong") + bytes("END")
        let expected: [WebSocketReading.Item] = [
            .message(try bytes("HELLO unmasked")), .pong(try bytes("pong unmasked")),
            .message(try bytes("END unmasked")),
        ]
        #expect(WebSocketReading(.server, sent).items == expected)
        #expect(WebSocketReading(.server, sent.map { [$0] }).items == expected)
        var keys: [UInt32] = []
        for name in ["HELLO", "pong", "END"] {
            // The block's second line.
            keys.append(try bytes(name)[2..<6].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
        var writer = WebSocketWriter(.client, keys: GivenKeys(keys: keys))
        var output = ByteBuffer()
        writer.writeBinary(head: try bytes("HELLO unmasked"), body: [], into: &output)
        writer.writePong(ByteBuffer(bytes: try bytes("pong unmasked")), into: &output)
        writer.writeBinary(head: [], body: [ByteBuffer(bytes: try bytes("END unmasked"))], into: &output)
        #expect(Array(output.readableBytesView) == sent)
    }

    @Test("what the proxy sends on the page is read, however it is cut, and written as it stands there")
    func proxysMessages() throws {
        let sent = try bytes("WELCOME") + bytes("ping") + bytes("OPEN")
        let whole = WebSocketReading(.client, sent)
        #expect(whole.items.count == 3 && whole.failure == nil && whole.begun.isEmpty)
        #expect(WebSocketReading(.client, sent.map { [$0] }) == whole)
        var writer = WebSocketWriter(.server)
        var output = ByteBuffer()
        for item in whole.items {
            switch item {
            case .message(let message): writer.writeBinary(head: message, body: [], into: &output)
            case .ping(let payload): writer.writePing(ByteBuffer(bytes: payload), into: &output)
            case .pong, .close: Issue.record("\(item)")
            }
        }
        #expect(Array(output.readableBytesView) == sent)
    }

    @Test("the frames on the page are HELLO, WELCOME, OPEN with a scrape, and END with all of its response")
    func frames() throws {
        let hello = String(buffer: try payload("HELLO unmasked", type: .hello, stream: 0))
        #expect(hello.contains("Fqdn: web-1.example.org\r\n"))
        let welcome = String(buffer: try proxyPayload("WELCOME", type: .welcome, stream: 0))
        #expect(welcome == "Version: 2\r\nWindow: 65536\r\nPing-Interval: 15\r\n")

        var open = try proxyPayload("OPEN", type: .open, stream: 1)
        #expect(open.readInteger(as: UInt32.self) == 9_998)
        var parser = HeadParser(.response, maxBytes: 8_192)
        let request = try #require(try parser.parse(&open))
        #expect(request.first("X-Prometheus-Scrape-Timeout-Seconds") == "9.998" && open.readableBytes == 0)
        #expect(request.first("Id") == nil)

        var response = PushedResponseParser(maxHeadBytes: 8_192)
        response.receive(try payload("END unmasked", type: .end, stream: 1))
        guard case .head(let head) = try response.next(), case .body(let body) = try response.next(),
            case .end = try response.next()
        else {
            Issue.record("END brings no whole response")
            return
        }
        #expect(head.status == 200 && head.id == nil)
        #expect(String(buffer: body) == "up 1\n")
    }
}

/// Keys that are used one after the other.
private struct GivenKeys: RandomNumberGenerator {
    var keys: [UInt32]

    mutating func next() -> UInt64 { UInt64(keys.isEmpty ? 0 : keys.removeFirst()) }
}
