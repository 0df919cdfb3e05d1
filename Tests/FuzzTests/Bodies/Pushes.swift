import NIOCore

@testable import Wire

extension FuzzBody {
    /// A push in pieces, for scrapes with GET and HEAD; what the scraper is sent of its head.
    static let pushes = FuzzBody(name: "pushes") { bytes in
        var input = FuzzInput(bytes)
        let options = input.choice()
        let cuts = input.cuts()
        let isHead = options & 1 == 1
        let limit = options & 2 == 0 ? 65_536 : 128
        let whole = try PushReading([input.message], isHead: isHead, limit: limit)
        let cut = try PushReading(input.message.pieces(of: cuts), isHead: isHead, limit: limit)
        try require(whole.says == cut.says, "in one piece: \(whole.says); in pieces: \(cut.says)")
        try require(whole.content == cut.content, "another body in pieces")
        guard let head = whole.head else { return }
        try require(head.message.bytes.readableBytes <= limit + 2_048, "a head over the limit")
        try require((200...999).contains(head.status), "status \(head.status)")
        try checkPlace(of: whole.content, head, in: input.message, isHead: isHead)
        try checkRelaying(of: head)
    }

    /// A body that is not chunked is what stands behind the head, up to its length.
    private static func checkPlace(
        of content: [UInt8], _ head: PushedResponseHead, in message: [UInt8], isHead: Bool
    ) throws {
        let rest = message.dropFirst(head.message.bytes.readableBytes)
        switch isHead ? .none : head.framing {
        case .none: try require(content.isEmpty, "a body where there is none")
        case .length(let count): try require(rest.prefix(count).elementsEqual(content), "another body")
        case .untilEnd: try require(rest.elementsEqual(content), "another body")
        case .chunked: try require(content.count < rest.count || content.isEmpty, "more than there was")
        }
    }

    private static func checkRelaying(of head: PushedResponseHead) throws {
        var relayed = ByteBuffer(string: "HTTP/1.1 ")
        head.writeStatusAndReason(into: &relayed)
        head.writeFields(into: &relayed)
        relayed.writeStaticString("\r\n")
        var parser = HeadParser(.response, maxBytes: .max)
        let text = String(buffer: relayed)
        guard let again = try ResponseHead.parse(&relayed, with: &parser), relayed.readableBytes == 0 else {
            throw Violation(description: "the scraper is sent no head: \(text)")
        }
        try require(again.status == head.status, "status \(again.status)")
        for name in [HeaderName.id, HeaderName.failure, HeaderName.pushedTimeout, HeaderName.scrapeTimeout] {
            try require(!again.message.contains(name), "\(name) reaches the scraper")
        }
        if case .length = head.framing { try require(again.framing == head.framing, "framed as \(again.framing)") }
    }
}

private struct PushReading {
    private(set) var head: PushedResponseHead?
    private(set) var content: [UInt8] = []
    /// Everything but head and body.
    private(set) var says: [String] = []

    init(_ pieces: [[UInt8]], isHead: Bool, limit: Int) throws {
        var parser = PushedResponseParser(maxHeadBytes: limit)
        do throws(PushedResponseParser.Failure) {
            for piece in pieces {
                parser.receive(ByteBuffer(bytes: piece))
                try drain(&parser, isHead)
            }
            says.append(try parser.finish() ? "ended with the push" : "had ended")
        } catch {
            says.append("\(error)")
        }
    }

    private mutating func drain(
        _ parser: inout PushedResponseParser, _ isHead: Bool
    ) throws(PushedResponseParser.Failure) {
        while true {
            switch try parser.next() {
            case .head(let head):
                self.head = head
                says.append("head \(head.status) \(head.framing) \(head.id ?? "-") \(head.failure ?? "-")")
                if isHead { parser.expectNoBody() }
            case .body(let slice): content += Array(slice)
            case .end: says.append("end")
            case .needsMore: return
            }
        }
    }
}
