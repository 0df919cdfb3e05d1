import NIOCore
import Store
import TestKit
import Testing
import Wire

@testable import Proxy

/// One push, sent in random pieces, with everything that can happen to it happening at any time.
private struct Walk {
    private static let id = ScrapeID()

    private var random: Seeded
    private var flow = PushFlow(maxHeadBytes: 4_096)
    private let isHead: Bool
    /// The body as the target sent it, as far as the push carries it.
    private var body: [UInt8] = []
    /// Whether the push carries a whole response.
    private var isWhole = true
    private var rest: ByteBuffer
    private var asked = false

    /// Bytes of the body, in order if `isInOrder`.
    private(set) var relayed = 0
    private var isInOrder = true
    /// Held by parts that have not gone to the scraper's socket.
    private var outstanding: [Int] = []
    private var isPaused = false
    private var heads = 0
    private(set) var lasts = 0
    private(set) var failures = 0
    private(set) var answers = 0
    private(set) var isUnknown = false
    private(set) var isAbandoned = false
    private(set) var isOver = false

    init(seed: UInt64) {
        var random = Seeded(seed)
        isHead = Int.random(in: 0..<10, using: &random) == 0
        let size = [0, 1, 1_000, 60_000, 250_000].randomElement(using: &random) ?? 0
        let whole = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var message = ByteBuffer(string: "HTTP/1.1 200 OK\r\nId: \(Self.id)\r\n")
        var bodyStart = 0
        // Where the body's bytes lie in the message.
        var places: [Int] = []
        let framing = Int.random(in: 0..<3, using: &random)
        switch framing {
        case 0, 1:
            message.writeString(framing == 0 ? "Content-Length: \(size)\r\n\r\n" : "\r\n")
            bodyStart = message.readableBytes
            message.writeBytes(whole)
            places = Array(bodyStart..<message.readableBytes)
        default:
            message.writeString("Transfer-Encoding: chunked\r\n\r\n")
            bodyStart = message.readableBytes
            var left = whole[...]
            while !left.isEmpty {
                let piece = left.prefix(Int.random(in: 0..<3, using: &random) == 0 ? 20_000 : 100)
                message.writeString(String(piece.count, radix: 16) + "\r\n")
                places += message.readableBytes..<(message.readableBytes + piece.count)
                message.writeBytes(piece)
                message.writeString("\r\n")
                left = left.dropFirst(piece.count)
            }
            message.writeString("0\r\n\r\n")
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            let cut = Int.random(in: 0..<message.readableBytes, using: &random)
            message.moveWriterIndex(to: cut)
            isWhole = cut >= bodyStart && (framing == 1 || isHead)
        }
        body = isHead ? [] : places.prefix { $0 < message.readableBytes }.compactMap { message.getInteger(at: $0) }
        rest = message
        self.random = random
    }

    mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0: lose()
        case 1:
            isAbandoned = answers == 0 && lasts == 0 && failures == 0
            run(flow.abandoned())
        case 2..<30: run(flow.batchEnded())
        case 30..<60: drain()
        default:
            // A paused push still gets what lies before a FIN, but that is seldom.
            if isPaused && Int.random(in: 0..<20, using: &random) > 0 {
                drain()
            } else if rest.readableBytes == 0 {
                isOver = true
                run(flow.bodyEnded())
            } else {
                let length = min(Int.random(in: 1...16_384, using: &random), rest.readableBytes)
                if let piece = rest.readSlice(length: length) { run(flow.bytesArrived(piece)) }
            }
        }
    }

    /// What comes late, after the end.
    mutating func afterwards() {
        let before = (lasts, failures, answers, relayed)
        while !outstanding.isEmpty { drain() }
        run(flow.abandoned())
        run(flow.batchEnded())
        run(flow.connectionLost())
        run(flow.bytesArrived(ByteBuffer(string: "late")))
        #expect(before == (lasts, failures, answers, relayed))
    }

    private mutating func lose() {
        isOver = true
        run(flow.connectionLost())
    }

    private mutating func drain() {
        if !outstanding.isEmpty { run(flow.relayed(outstanding.removeFirst())) }
    }

    private mutating func run(_ first: PushFlow.Step) {
        var step = first
        if let question = step.question {
            #expect(question == Self.id && !asked)
            asked = true
            if Int.random(in: 0..<20, using: &random) == 0 {
                isUnknown = true
                step = flow.scrapeUnknown()
            } else {
                step = flow.scrapeFound(isHead: isHead)
            }
            #expect(step.question == nil)
        }
        if let paused = step.pausesReading { isPaused = paused }
        if let part = step.part {
            #expect(failures == 0 && lasts == 0 && answers == 0)
            if part.head != nil { heads += 1 }
            for slice in part.body {
                let expected = body.dropFirst(relayed).prefix(slice.readableBytes)
                isInOrder = isInOrder && slice.readableBytesView.elementsEqual(expected)
                relayed += slice.readableBytes
            }
            outstanding.append(part.heldBytes)
            if part.isLast { lasts += 1 }
        }
        if step.failure != nil { failures += 1 }
        if step.answer != nil {
            answers += 1
            isOver = true
        }
    }

    func check() throws {
        try #require(isInOrder && relayed <= body.count)
        try #require(heads <= 1 && lasts <= 1 && failures <= 1 && answers <= 1 && lasts + failures <= 1)
        if relayed > 0 || lasts > 0 { try #require(heads == 1) }
        if lasts == 1 { try #require(isWhole && relayed == body.count) }
        let held = outstanding.reduce(0, +)
        // One last read may come on top.
        try #require(held <= PushFlow.most + ReceiveRead.most)
        // Reading goes on as soon as the scraper has read enough.
        if isPaused && lasts == 0 && failures == 0 && answers == 0 { try #require(held > PushFlow.lowWater) }
        if isOver && asked && !isUnknown && !isAbandoned { try #require(lasts + failures == 1) }
    }
}

private enum ReceiveRead {
    /// What the walk has arrive between two ends of a batch, at most, is far below this. Bytes.
    static let most = 1_048_576
}

@Suite(.computes) struct PushFlowWalkTests {
    @Test(
        "Whatever comes when: all that arrived is relayed in order, or the scrape failed and was told; and the push ends",
        arguments: 0..<20 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        for number in 0..<15 {
            var walk = Walk(seed: seed * 1_000 + UInt64(number))
            var steps = 0
            while !walk.isOver {
                steps += 1
                try #require(steps < 100_000)
                walk.step()
                try walk.check()
            }
            walk.afterwards()
            try walk.check()
        }
    }
}
