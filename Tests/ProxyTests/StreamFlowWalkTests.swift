import Failures
import NIOCore
import TestKit
import Testing
import Wire

@testable import Proxy

/// One response through a tunnel, sent in random pieces within its window, with everything that can happen to it happening at any time.
private struct Walk {
    static let window = 65_536

    private var random: Seeded
    private var flow = StreamFlow(maxHeadBytes: 4_096)
    private let isHead: Bool
    /// Comes in tiny pieces, to a scraper that hardly reads.
    let isDripping: Bool
    /// The body as the target sent it, as far as the stream carries it.
    private var body: [UInt8] = []
    /// Whether the stream carries a whole response.
    private var isWhole = true
    private var rest: ByteBuffer
    private var asked = false
    /// What the client may send still.
    private var credit = window

    private var relayed = 0
    private var isInOrder = true
    /// Held by parts that have not gone to the scraper's socket.
    private var outstanding: [Int] = []
    private var heads = 0
    private var lasts = 0
    private var failures = 0
    private var resets = 0
    private var isUnknown = false
    private var isAbandoned = false
    private(set) var isOver = false
    /// As many parts were under way as may be.
    private(set) var wasFull = false

    init(seed: UInt64) {
        var random = Seeded(seed)
        isHead = Int.random(in: 0..<10, using: &random) == 0
        isDripping = Int.random(in: 0..<3, using: &random) == 0
        let sizes = isDripping ? [1_000, 2_000] : [0, 1, 1_000, 60_000, 250_000]
        let size = sizes.randomElement(using: &random) ?? 0
        let whole = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var message = ByteBuffer(string: "HTTP/1.1 200 OK\r\n")
        var places: [Int] = []
        let bodyStart: Int
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
        var choice = Int.random(in: 0..<200, using: &random)
        if isDripping, choice < 3 || (60..<120).contains(choice), Int.random(in: 0..<64, using: &random) > 0 {
            choice = 199
        }
        switch choice {
        case 0:
            isOver = true
            run(flow.lost("the tunnel was lost"))
        case 1:
            isAbandoned = lasts == 0 && failures == 0
            isOver = true
            run(flow.abandoned())
        case 2:
            isOver = true
            run(flow.wasReset(.targetBroken, "the target broke off its answer"))
        case 3..<60: run(flow.batchEnded())
        case 60..<120: drain()
        default:
            guard rest.readableBytes > 0 else {
                isOver = true
                run(flow.ended())
                // What is gathered while too many parts are under way comes behind them.
                while lasts + failures == 0, !outstanding.isEmpty { drain() }
                return
            }
            let length = min(Int.random(in: 1...(isDripping ? 3 : 16_384), using: &random), rest.readableBytes, credit)
            guard length > 0, let piece = rest.readSlice(length: length) else { return run(flow.batchEnded()) }
            credit -= length
            // In storage of its own, as the tunnel hands it over.
            run(flow.bytesArrived(ByteBuffer(bytes: piece.readableBytesView)))
        }
    }

    /// What comes late, after the end.
    mutating func afterwards() {
        let before = (lasts, failures, relayed)
        while !outstanding.isEmpty { drain() }
        run(flow.abandoned())
        run(flow.batchEnded())
        run(flow.wasReset(.targetBroken, ""))
        run(flow.lost(""))
        run(flow.ended())
        run(flow.bytesArrived(ByteBuffer(string: "late")))
        #expect(before == (lasts, failures, relayed))
    }

    private mutating func drain() {
        guard !outstanding.isEmpty else { return }
        outstanding.removeFirst()
        run(flow.relayed())
    }

    private mutating func run(_ first: StreamFlow.Step) {
        var step = first
        credit += step.credit
        if step.asks {
            #expect(!asked && step.part == nil && step.failure == nil)
            asked = true
            if Int.random(in: 0..<20, using: &random) == 0 {
                isUnknown = true
                step = flow.scrapeUnknown()
            } else {
                step = flow.scrapeFound(isHead: isHead)
            }
            #expect(!step.asks)
            credit += step.credit
        }
        if let part = step.part {
            #expect(failures == 0 && lasts == 0)
            if part.head != nil { heads += 1 }
            for slice in part.body {
                let expected = body.dropFirst(relayed).prefix(slice.readableBytes)
                isInOrder = isInOrder && slice.readableBytesView.elementsEqual(expected)
                relayed += slice.readableBytes
            }
            if part.isLast { lasts += 1 } else { outstanding.append(part.heldBytes) }
            wasFull = wasFull || outstanding.count == StreamFlow.maxParts
        }
        if let failure = step.failure {
            failures += 1
            #expect(failure.isUnasked == !asked)
            #expect((failure.sent != nil) == (heads == 1) && failure.sent.map { $0.bytes == relayed } ?? true)
        }
        if step.resets {
            resets += 1
            isOver = true
        }
        if step.failure != nil { isOver = true }
    }

    func check() throws {
        try #require(isInOrder && relayed <= body.count)
        try #require(heads <= 1 && lasts <= 1 && failures <= 1 && resets <= 1 && lasts + failures <= 1)
        if relayed > 0 || lasts > 0 { try #require(heads == 1) }
        if lasts == 1 { try #require(isWhole && relayed == body.count) }
        // What is held was let in by credit. What is copied together lies in buffers that have doubled as they grew.
        try #require(credit <= Self.window && outstanding.reduce(0, +) <= 3 * Self.window)
        try #require(outstanding.count <= StreamFlow.maxParts)
        if isOver && !isUnknown && !isAbandoned { try #require(lasts + failures == 1) }
    }

    /// All that the client sent is its to send again.
    func checkCredit() throws {
        guard !isOver else { return }
        try #require(outstanding.isEmpty && credit == Self.window)
    }

    mutating func settle() {
        run(flow.batchEnded())
        while !outstanding.isEmpty { drain() }
    }
}

@Suite(.computes) struct StreamFlowWalkTests {
    @Test(
        "Whatever comes when: all that arrived is relayed in order within its window, or the scrape failed and was told; no credit is lost",
        arguments: 0..<20 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var wereFull = 0
        for number in 0..<15 {
            var walk = Walk(seed: seed * 1_000 + UInt64(number))
            var steps = 0
            while !walk.isOver {
                steps += 1
                try #require(steps < 100_000)
                walk.step()
                try walk.check()
                if steps.isMultiple(of: walk.isDripping ? 1_024 : 64) {
                    walk.settle()
                    try walk.checkCredit()
                }
            }
            walk.afterwards()
            try walk.check()
            wereFull += walk.wasFull ? 1 : 0
        }
        #expect(wereFull > 0)
    }
}
