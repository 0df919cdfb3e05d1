import NIOCore

@testable import Tunnel
@testable import Wire

extension FuzzBody {
    /// The tunnel's handshake: requests as the proxy judges them, answers as the client does.
    static let handshakes = FuzzBody(name: "handshakes") { bytes in
        var input = FuzzInput(bytes)
        let options = input.choice()
        var buffer = input.buffer
        if options & 1 == 0 {
            var parser = HeadParser(.request, maxBytes: 4_096)
            guard let request = try? RequestHead.parse(&buffer, with: &parser) else { return }
            try check(request)
        } else {
            var parser = HeadParser(.response, maxBytes: 4_096)
            guard let answer = try? ResponseHead.parse(&buffer, with: &parser) else { return }
            try check(answer)
        }
    }

    private static func check(_ request: RequestHead) throws {
        let handshake: WebSocketHandshake
        do throws(WebSocketHandshake.Refusal) {
            handshake = try WebSocketHandshake(request: request)
        } catch {
            try require([400, 405, 426].contains(error.status), "status \(error.status)")
            return try require((error.status == 400) == error.fields.isEmpty, "fields \(error.fields)")
        }
        try require(request.method == "GET" && request.minorVersion == 1, "\(request.method) opens a tunnel")
        try require(Base64.decoded(handshake.key.utf8)?.count == 16, "a key of \(handshake.key)")
        var answer = ByteBuffer()
        handshake.writeAnswer(into: &answer)
        var parser = HeadParser(.response, maxBytes: 512)
        guard let head = try ResponseHead.parse(&answer, with: &parser), answer.readableBytes == 0 else {
            throw Violation(description: "the answer is no head")
        }
        do {
            try handshake.check(head)
        } catch {
            throw Violation(description: "its client refuses the answer: \(error.explanation)")
        }
    }

    /// Nothing is taken but what the server would have answered, and what may stand beside it.
    private static func check(_ answer: ResponseHead) throws {
        let client = WebSocketHandshake(keys: SameKey())
        let isTaken = (try? client.check(answer)) != nil
        var buffer = ByteBuffer()
        client.writeAnswer(into: &buffer)
        var parser = HeadParser(.response, maxBytes: 512)
        guard let right = try ResponseHead.parse(&buffer, with: &parser) else {
            throw Violation(description: "the answer is no head")
        }
        let isSame = ["Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"].allSatisfy {
            answer.message.count(of: $0) == 1 && answer.message.first($0) == right.message.first($0)
        }
        try require(!isTaken || isSame && answer.status == 101, "an answer to somebody else is taken")
        try require(!isTaken || !answer.message.contains("Sec-WebSocket-Extensions"), "an extension is granted")
    }
}

/// The key `AAECAwQFBgcAAQIDBAUGBw==`, which the corpus has answers for.
private struct SameKey: RandomNumberGenerator {
    mutating func next() -> UInt64 { (0x0706_0504_0302_0100 as UInt64).littleEndian }
}
