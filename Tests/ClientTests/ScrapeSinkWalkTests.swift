import NIOCore
import TestKit
import Testing
import Wire

@testable import Client

/// A scrape fills any sink in the same way, whatever that does with what it is given: a sink of the test's own notes it all, wants more
/// or not as it likes, and may close at any time.
@Suite(.computes) struct ScrapeSinkWalkTests {
    @Test(
        "Whatever a sink does and whenever: it is told all that arrived, in order and once, and the scrape ends",
        arguments: 0..<40 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var random = Seeded(seed)
        var ways: Set<String> = []
        for _ in 0..<100 {
            var walk = SinkWalk(random: random, head: try SinkWalk.head())
            for _ in 0..<60 where walk.end == nil { try walk.step() }
            try walk.finish()
            ways.insert(walk.way)
            random = walk.random
        }
        #expect(ways.isSuperset(of: ["delivered", "lost", "failed", "failed within", "abandoned"]))
    }
}

/// What a sink was told.
private struct RecordingSink {
    private(set) var hasHead = false
    private(set) var bytes: [UInt8] = []
    private(set) var isWhole = false
    private(set) var hasFailed = false
    private(set) var isAbandoned = false
    var wantsMore = true
    var hasBegun = false
    var isClosed = false

    private var isOver: Bool { isWhole || hasFailed || isAbandoned || isClosed }

    /// - Returns: whether the action was one for the sink.
    mutating func take(_ action: ScrapeFlow.Action) throws -> Bool {
        switch action {
        case .begin:
            try #require(!hasHead && !isOver, "a second head")
            hasHead = true
        case .write(let slice):
            try #require(hasHead && !isOver, "bytes out of turn")
            bytes += Array(slice.readableBytesView)
        case .flush: try #require(hasHead && !isOver, "a flush out of turn")
        case .end:
            try #require(hasHead && !isOver, "an end out of turn")
            isWhole = true
        case .fail:
            try #require(!isOver, "a failure out of turn")
            hasFailed = true
        case .abandonSink:
            try #require(!isAbandoned && !isClosed, "abandoned twice, or too late")
            isAbandoned = true
        case .readTarget, .abandonTarget, .conclude: return false
        }
        return true
    }
}

private struct SinkWalk {
    var random: Seeded
    private(set) var end: ScrapeFlow.Conclusion?
    private var flow = ScrapeFlow()
    private var sink = RecordingSink()
    private let head: ResponseHead
    private var sent: [UInt8] = []
    private var hasHead = false
    private var targetLives = true
    private var isAsked = true
    private var targetFailed = false

    static func head() throws -> ResponseHead {
        var buffer = ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")
        var parser = HeadParser(.response, maxBytes: 1_000)
        return try #require(try ResponseHead.parse(&buffer, with: &parser))
    }

    init(random: Seeded, head: ResponseHead) {
        self.random = random
        self.head = head
    }

    var way: String {
        if sink.isAbandoned { return "abandoned" }
        if end?.sinkError != nil { return "lost" }
        if end?.failure != nil { return sink.hasHead ? "failed within" : "failed" }
        return "delivered"
    }

    mutating func step() throws {
        switch Int.random(in: 0..<100, using: &random) {
        // Asked or not: a channel that has closed delivers what is left.
        case 0..<45: if isAsked || Int.random(in: 0..<6, using: &random) == 0 { try deliver() }
        case 45..<55: try endResponse()
        case 55..<70:
            sink.wantsMore.toggle()
            if sink.wantsMore, !sink.isClosed { try perform(flow.sinkWantsMore()) }
        case 70..<78: if sink.hasHead { try begin() }
        case 78..<90: if sink.isWhole || sink.hasFailed { try close(nil) }
        case 90..<92: try close("lost")
        case 92..<94: try fail()
        case 94..<96: try pass(.target)
        case 96: try pass(.scrape)
        case 97: if end == nil { try perform(flow.cancelled()) }
        default: try endBatch()
        }
    }

    /// The scrape's time is up: once for a response, once more for the report of that.
    mutating func finish() throws {
        for limit in [ScrapeFlow.Limit.target, .scrape, .scrape] { try pass(limit) }
        let end = try #require(end, "the scrape hangs")
        try #require(!targetLives, "the target is left behind")
        try #require(sink.isClosed || sink.isAbandoned, "the sink is left behind")
        if sink.isAbandoned || end.sinkError != nil { return }
        if end.failure == nil {
            try #require(sink.isWhole && sink.bytes == sent && !targetFailed, "ended well without all there was")
        } else {
            try #require(sink.hasFailed && sent.starts(with: sink.bytes), "a failure that the sink was not told")
        }
    }

    private mutating func deliver() throws {
        guard targetLives, end == nil else { return }
        isAsked = false
        if !hasHead {
            hasHead = true
            try perform(flow.headArrived(head))
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) where targetLives {
            let slice = [UInt8.random(in: 0...255, using: &random), 7]
            sent += slice
            try perform(flow.bodyArrived(ByteBuffer(bytes: slice)))
        }
        try endBatch()
    }

    private mutating func endBatch() throws {
        if targetLives, end == nil { try perform(flow.readBatchEnded(sinkWantsMore: sink.wantsMore)) }
    }

    private mutating func endResponse() throws {
        guard targetLives, hasHead, end == nil, Int.random(in: 0..<3, using: &random) == 0 else { return }
        targetLives = false
        try perform(flow.responseEnded())
    }

    private mutating func fail() throws {
        guard targetLives, end == nil else { return }
        targetLives = false
        targetFailed = true
        try perform(flow.targetFailed(.targetBroken, "x"))
    }

    private mutating func begin() throws {
        guard !sink.hasBegun, !sink.isClosed, end == nil else { return }
        sink.hasBegun = true
        try perform(flow.sinkBegan())
    }

    private mutating func close(_ error: String?) throws {
        guard !sink.isClosed, end == nil else { return }
        sink.isClosed = true
        try perform(flow.sinkClosed(error: error))
        try #require(end != nil, "a scrape goes on without its sink")
    }

    private mutating func pass(_ limit: ScrapeFlow.Limit) throws {
        if end == nil { try perform(flow.limitPassed(limit)) }
    }

    private mutating func perform(_ actions: [ScrapeFlow.Action]) throws {
        for action in actions {
            try #require(end == nil, "something happens after the end")
            if try sink.take(action) { continue }
            switch action {
            case .readTarget:
                try #require(targetLives, "a target that is gone is read")
                isAsked = true
            case .abandonTarget: targetLives = false
            case .conclude(let conclusion): end = conclusion
            default: break
            }
        }
    }
}
