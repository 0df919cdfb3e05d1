import NIOCore

@testable import Client
@testable import Wire

extension FuzzBody {
    /// A target's response as `ResponseParser` reads it, chunks kept and removed, to GET and HEAD; complete ones all the way through a push.
    static let responses = FuzzBody(name: "responses") { bytes in
        var input = FuzzInput(bytes)
        let isHead = input.choice() & 1 == 1
        let cuts = input.cuts()
        let pieces = input.message.pieces(of: cuts)
        let kept = ResponseReading([input.message], isHead: isHead, chunks: .kept)
        let removed = ResponseReading([input.message], isHead: isHead, chunks: .removed)
        try kept.check(against: ResponseReading(pieces, isHead: isHead, chunks: .kept))
        try removed.check(against: ResponseReading(pieces, isHead: isHead, chunks: .removed))
        guard let head = kept.head else {
            try require(removed.head == nil, "a head only where chunks are removed")
            return
        }
        try require((200...999).contains(head.status), "status \(head.status)")
        try require(head.message.bytes.readableBytes <= ResponseParser.maxHeadBytes, "a head over the limit")
        try checkPlace(of: kept, head, in: input.buffer, isHead: isHead)
        guard kept.isComplete else { return }
        try require(removed.isComplete, "passed on with its chunks, refused without")
        try checkPush(of: head, kept, content: removed.body, isHead: isHead)
    }

    /// A body that is passed on is what stands behind the head.
    private static func checkPlace(
        of reading: ResponseReading, _ head: ResponseHead, in message: ByteBuffer, isHead: Bool
    ) throws {
        var rest = message
        var parser = HeadParser(.response, maxBytes: .max)
        while let next = try ResponseHead.parse(&rest, with: &parser), next.status < 200 {}
        let bytes = Array(rest)
        switch isHead ? .none : head.framing {
        case .none: try require(reading.body.isEmpty, "a body where there is none")
        case .length(let count): try require(bytes.prefix(count).elementsEqual(reading.body), "another body")
        case .untilEnd: try require(bytes == reading.body, "another body")
        case .chunked: try require(bytes.starts(with: reading.body), "another body")
        }
    }

    /// What the client pushes of a complete response, the proxy takes for the same.
    private static func checkPush(
        of head: ResponseHead, _ kept: ResponseReading, content: [UInt8], isHead: Bool
    ) throws {
        var push = ByteBuffer()
        PushedResponseWriter(id: "7").writeHead(
            head, isChunked: head.framing == .chunked && !isHead, timeLeft: .milliseconds(1_500), into: &push)
        push.writeBytes(kept.body)
        var parser = PushedResponseParser(maxHeadBytes: 2 * ResponseParser.maxHeadBytes)
        parser.receive(push)
        var pushed: PushedResponseHead?
        var body: [UInt8] = []
        reading: while true {
            switch try parser.next() {
            case .head(let head):
                pushed = head
                if isHead { parser.expectNoBody() }
            case .body(let slice): body += Array(slice)
            case .end, .needsMore: break reading
            }
        }
        _ = try parser.finish()
        try require(pushed?.status == head.status && pushed?.id == "7", "pushed as \(pushed?.status ?? 0)")
        try require(pushed?.failure == nil, "a target that speaks for the client")
        try require(body == content, "another body was pushed")
    }
}

/// What a `ResponseParser` made of pieces, the connection's end behind them.
struct ResponseReading {
    private(set) var head: ResponseHead?
    private(set) var body: [UInt8] = []
    private(set) var failure: ResponseParser.Failure?
    private(set) var isReusable: Bool?
    private(set) var mayEndHere = false

    /// Whether head and body have all come.
    var isComplete: Bool { failure == nil && (isReusable != nil || head != nil && mayEndHere) }

    init(_ pieces: [[UInt8]], isHead: Bool, chunks: BodyDecoder.ChunkTreatment) {
        var parser = ResponseParser(isHead: isHead, chunks: chunks)
        do throws(ResponseParser.Failure) {
            for piece in pieces where isReusable == nil {
                parser.receive(ByteBuffer(bytes: piece))
                try drain(&parser)
            }
            mayEndHere = parser.mayEndHere
        } catch {
            failure = error
        }
    }

    private mutating func drain(_ parser: inout ResponseParser) throws(ResponseParser.Failure) {
        while true {
            switch try parser.next() {
            case .head(let head): self.head = head
            case .body(let slice): body += Array(slice)
            case .end(let reusable):
                isReusable = reusable
                return
            case .needsMore: return
            }
        }
    }

    func check(against cut: ResponseReading) throws {
        try require(head?.message.bytes == cut.head?.message.bytes, "another head in pieces")
        // A slice of chunks is given out only when all of what came with it is well formed.
        try require(body == cut.body || failure != nil && cut.body.starts(with: body), "another body in pieces")
        try require(failure == cut.failure, "in one piece: \(failure as Any); in pieces: \(cut.failure as Any)")
        try require((isReusable == nil) == (cut.isReusable == nil), "another end in pieces")
        // Bytes behind the end are seen only if they come along with it.
        try require(isReusable != true || cut.isReusable == true, "spent only in pieces")
        try require(mayEndHere == cut.mayEndHere, "the end may come only in one of two")
    }
}
