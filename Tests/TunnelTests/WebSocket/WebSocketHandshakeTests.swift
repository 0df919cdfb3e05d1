import NIOCore
import TestKit
import Testing
import Wire

@testable import Tunnel

@Suite struct WebSocketHandshakeTests {
    /// As RFC 6455 section 1.2 has it, but for the subprotocol.
    private static let request = [
        "Host: server.example.com", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: pushprox.v2",
        "Sec-WebSocket-Version: 13",
    ]
    private static let answer = [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Sec-WebSocket-Protocol: pushprox.v2",
    ]

    /// The fields with one replaced, by name; `nil` takes it out.
    private static func fields(_ fields: [String], _ name: String, _ lines: [String]) -> [String] {
        fields.flatMap { $0.hasPrefix(name + ":") ? lines : [$0] }
    }

    private func requestHead(_ fields: [String], line: String = "GET /tunnel HTTP/1.1") throws -> RequestHead {
        var buffer = ByteBuffer(string: ([line] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        var parser = HeadParser(.request, maxBytes: 8_192)
        return try #require(try RequestHead.parse(&buffer, with: &parser))
    }

    private func answerHead(
        _ fields: [String], line: String = "HTTP/1.1 101 Switching Protocols"
    ) throws -> ResponseHead {
        var buffer = ByteBuffer(string: ([line] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        var parser = HeadParser(.response, maxBytes: 8_192)
        return try #require(try ResponseHead.parse(&buffer, with: &parser))
    }

    private func refused(_ request: RequestHead) -> WebSocketHandshake.Refusal? {
        do throws(WebSocketHandshake.Refusal) {
            _ = try WebSocketHandshake(request: request)
            return nil
        } catch {
            return error
        }
    }

    // MARK: A server

    @Test("a request is accepted as RFC 6455's example has it")
    func example() throws {
        let handshake = try WebSocketHandshake(request: requestHead(Self.request))
        var buffer = ByteBuffer()
        handshake.writeAnswer(into: &buffer)
        let lines = ["HTTP/1.1 101 Switching Protocols"] + Self.answer
        #expect(String(buffer: buffer) == lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    @Test(
        "names are compared without case, lists and several fields are read",
        arguments: [
            ("Upgrade", ["upgrade: WebSocket"]), ("Upgrade", ["Upgrade: h2c , websocket"]),
            ("Upgrade", ["Upgrade: h2c", "Upgrade: websocket"]), ("Connection", ["connection: keep-alive, uPGRADE"]),
            ("Connection", ["Connection: keep-alive", "Connection: Upgrade"]),
            ("Sec-WebSocket-Key", ["sec-websocket-key:\t dGhlIHNhbXBsZSBub25jZQ== "]),
            ("Sec-WebSocket-Protocol", ["Sec-WebSocket-Protocol: chat, pushprox.v2,x"]),
            ("Sec-WebSocket-Protocol", ["Sec-WebSocket-Protocol: chat", "sec-websocket-protocol: pushprox.v2"]),
            ("Host", ["Host: x", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]),
            ("Host", ["Host: x", "Content-Length: 0"]),
        ] as [(String, [String])])
    func accepted(name: String, lines: [String]) throws {
        let handshake = try WebSocketHandshake(request: requestHead(Self.fields(Self.request, name, lines)))
        #expect(handshake.acceptance == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        var buffer = ByteBuffer()
        handshake.writeAnswer(into: &buffer)
        #expect(!String(buffer: buffer).contains("Extensions"))
    }

    @Test(
        "a request that is no handshake of ours is refused with 400",
        arguments: [
            ("Upgrade", []), ("Upgrade", ["Upgrade: h2c"]), ("Upgrade", ["Upgrade: websockets"]), ("Connection", []),
            ("Connection", ["Connection: keep-alive"]), ("Connection", ["Connection: Upgrades"]),
            ("Sec-WebSocket-Key", []), ("Sec-WebSocket-Key", ["Sec-WebSocket-Key:"]),
            // 15, 17 and 18 bytes, without padding, not base64, two in one, two
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j"]),
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU="]),
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWVl"]),
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"]),
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-Q=="]),
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="]),
            (
                "Sec-WebSocket-Key",
                ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
            ),
            ("Sec-WebSocket-Protocol", []), ("Sec-WebSocket-Protocol", ["Sec-WebSocket-Protocol: chat"]),
            ("Sec-WebSocket-Protocol", ["Sec-WebSocket-Protocol: pushprox.v22"]),
            ("Sec-WebSocket-Protocol", ["Sec-WebSocket-Protocol: PushProx.V2"]),
            ("Host", ["Host: x", "Content-Length: 5"]), ("Host", ["Host: x", "Transfer-Encoding: chunked"]),
        ] as [(String, [String])])
    func refusals(name: String, lines: [String]) throws {
        let refusal = try #require(refused(requestHead(Self.fields(Self.request, name, lines))))
        #expect(refusal.status == 400 && refusal.fields.isEmpty)
        #expect(!refusal.explanation.isEmpty)
    }

    @Test("HTTP/1.0 can't be upgraded")
    func oldVersion() throws {
        #expect(try refused(requestHead(Self.request, line: "GET /tunnel HTTP/1.0"))?.status == 400)
    }

    @Test("another version than 13 is answered 426, with the one that is spoken")
    func version() throws {
        let cases = [
            [], ["Sec-WebSocket-Version: 8"], ["Sec-WebSocket-Version: 013"], ["Sec-WebSocket-Version: 13, 8"],
            ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"],
        ]
        for lines in cases {
            let head = try requestHead(Self.fields(Self.request, "Sec-WebSocket-Version", lines))
            let refusal = try #require(refused(head))
            #expect(refusal.status == 426, "\(lines)")
            #expect(refusal.fields.contains { $0 == ("Sec-WebSocket-Version", "13") })
            #expect(refusal.fields.contains { $0 == ("Upgrade", "websocket") })
        }
    }

    @Test("another method than GET is answered 405", arguments: ["POST", "HEAD", "get", "OPTIONS"])
    func method(method: String) throws {
        let refusal = try #require(refused(requestHead(Self.request, line: "\(method) /tunnel HTTP/1.1")))
        #expect(refusal.status == 405)
        #expect(refusal.fields.contains { $0 == ("Allow", "GET") })
    }

    // MARK: A client

    /// The client of RFC 6455's example.
    private var client: WebSocketHandshake {
        get throws { try WebSocketHandshake(request: requestHead(Self.request)) }
    }

    private func mismatched(_ answer: ResponseHead) throws -> WebSocketHandshake.Mismatch? {
        let client = try client
        do throws(WebSocketHandshake.Mismatch) {
            try client.check(answer)
            return nil
        } catch {
            return error
        }
    }

    @Test("an answer is taken as RFC 6455's example has it, and with names in any case")
    func answers() throws {
        #expect(try mismatched(answerHead(Self.answer)) == nil)
        let cases = [
            ("Upgrade", ["upgrade: WebSocket"]), ("Connection", ["Connection: keep-alive, upgrade"]),
            ("Connection", ["connection: keep-alive", "Connection: UPGRADE"]),
            ("Connection", ["Connection: Upgrade", "Content-Length: 0", "Server: x"]),
        ]
        for (name, lines) in cases {
            #expect(try mismatched(answerHead(Self.fields(Self.answer, name, lines))) == nil, "\(lines)")
        }
        #expect(try mismatched(answerHead(Self.answer, line: "HTTP/1.1 101")) == nil)
    }

    @Test(
        "an answer that does not open what was asked for is refused",
        arguments: [
            ("Upgrade", []), ("Upgrade", ["Upgrade: h2c"]), ("Upgrade", ["Upgrade: websocket, h2c"]),
            ("Upgrade", ["Upgrade: websocket", "Upgrade: websocket"]), ("Connection", []),
            ("Connection", ["Connection: close"]), ("Sec-WebSocket-Accept", []),
            // of another key, in another case, cut, two
            ("Sec-WebSocket-Accept", ["Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk="]),
            ("Sec-WebSocket-Accept", ["Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo="]),
            ("Sec-WebSocket-Accept", ["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo"]),
            (
                "Sec-WebSocket-Accept",
                [
                    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                ]
            ),
            ("Sec-WebSocket-Protocol", []), ("Sec-WebSocket-Protocol", ["Sec-WebSocket-Protocol: chat"]),
            ("Sec-WebSocket-Protocol", ["Sec-WebSocket-Protocol: pushprox.v2, chat"]),
            ("Sec-WebSocket-Protocol", ["Sec-WebSocket-Protocol: PUSHPROX.V2"]),
            ("Connection", ["Connection: Upgrade", "Sec-WebSocket-Extensions: permessage-deflate"]),
            ("Connection", ["Connection: Upgrade", "Sec-WebSocket-Extensions:"]),
        ] as [(String, [String])])
    func wrongAnswers(name: String, lines: [String]) throws {
        let mismatch = try #require(try mismatched(answerHead(Self.fields(Self.answer, name, lines))))
        #expect(mismatch.explanation.hasPrefix("it"))
    }

    @Test(
        "only 101 of HTTP/1.1 opens anything",
        arguments: [
            "HTTP/1.1 200 OK", "HTTP/1.1 100 Continue", "HTTP/1.1 102 Processing", "HTTP/1.1 404 Not Found",
            "HTTP/1.0 101 Switching Protocols",
        ])
    func status(line: String) throws { #expect(try mismatched(answerHead(Self.answer, line: line)) != nil) }

    @Test("client and server agree, over and over, each time with a key of its own")
    func agreement() throws {
        var seen: Set<String> = []
        for _ in 0..<50 {
            let client = WebSocketHandshake()
            #expect(seen.insert(client.key).inserted)
            #expect(Base64.decoded(client.key.utf8)?.count == 16)
            var request = ByteBuffer(string: "GET /x/tunnel HTTP/1.1\r\nHost: proxy:8080\r\n")
            client.writeRequestFields(into: &request)
            request.writeStaticString("\r\n")
            var parser = HeadParser(.request, maxBytes: 8_192)
            let head = try #require(try RequestHead.parse(&request, with: &parser))
            let server = try WebSocketHandshake(request: head)
            var answer = ByteBuffer()
            server.writeAnswer(into: &answer)
            var answerParser = HeadParser(.response, maxBytes: 8_192)
            try client.check(try #require(try ResponseHead.parse(&answer, with: &answerParser)))
            #expect(answer.readableBytes == 0 && server == client)
        }
        #expect(WebSocketHandshake(keys: Seeded(1)) == WebSocketHandshake(keys: Seeded(1)))
    }
}
