import NIOCore
import TestKit
import Testing
import Wire

@testable import Client

/// Every byte that arrived from the target was pushed, in order, or the scrape failed and said so; and it ended.
///
/// The walk plays target, proxy and clock against a flow and its push. As sockets do, the target delivers what it has sent when it was asked,
/// and at any other time too, as it does once it has closed.
@Suite(.computes) struct ScrapeFlowWalkTests {
    @Test(
        "Whatever comes in whatever order, early and late: a scrape pushes all that arrived or fails, and it ends",
        arguments: 0..<4 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var random = Seeded(seed)
        var reached: Set<String> = []
        for _ in 0..<1000 {
            var walk = Walk(random: random, head: try Walk.head())
            for _ in 0..<80 where walk.end == nil {
                walk.step(mayBreak: true)
                try walk.check()
            }
            walk.finish()
            try walk.check()
            random = walk.random
            reached.formUnion(walk.reached)
        }
        #expect(reached.isSuperset(of: ["early bytes", "early end", "early failure", "whole", "streamed", "reported"]))
    }

    @Test(
        "Where nothing goes wrong, a scrape pushes everything without the clock's help",
        arguments: 0..<40 as Range<UInt64>)
    func undisturbed(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<100 {
            var walk = Walk(random: random, head: try Walk.head())
            while walk.end == nil, walk.steps < 2_000 {
                walk.step(mayBreak: false)
                try walk.check()
            }
            let end = try #require(walk.end, "the scrape hangs")
            #expect(end == ScrapeFlow.Conclusion())
            #expect(walk.pushed == walk.sent && walk.pushIsFinished)
            random = walk.random
        }
    }
}

private struct Walk {
    struct Slice: Equatable {
        let number: UInt8
        let size: Int

        init(_ bytes: ByteBuffer) {
            number = bytes.getInteger(at: bytes.readerIndex) ?? 0
            size = bytes.readableBytes
        }
    }

    private enum Push { case none, opening, open, complete, ended }

    var random: Seeded
    var end: ScrapeFlow.Conclusion?
    var steps = 0
    var reached: Set<String> = []
    /// What the target sent and what was pushed, as the slices' numbers and sizes.
    var sent: [Slice] = []
    var pushed: [Slice] = []
    var pushIsFinished = false

    private var flow = ScrapeFlow()
    private var assembly = PushAssembly()
    private let head: ResponseHead
    private var slices: [ByteBuffer]
    private var hasHead = false
    /// Whether the target's exchange is alive: neither over nor abandoned.
    private var targetLives = true
    private var readIsAsked = true
    private var push = Push.none
    private var isReport = false
    private var isWritable = true
    private var targetFailed = false
    private var limitsPassed = 0
    private var ends = 0

    static func head() throws -> ResponseHead {
        var buffer = ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")
        var parser = HeadParser(.response, maxBytes: 1_000)
        return try #require(try ResponseHead.parse(&buffer, with: &parser))
    }

    init(random: Seeded, head: ResponseHead) {
        self.random = random
        self.head = head
        // From nothing to four times what is held back.
        let count = Int.random(in: 0...16, using: &self.random)
        let largest = [1, 5_000, 40_000].randomElement(using: &self.random) ?? 1
        slices = []
        for index in 0..<count {
            let size = Int.random(in: 1...largest, using: &self.random)
            slices.append(ByteBuffer(repeating: UInt8(index), count: size))
        }
    }

    /// One event of those that are legal now.
    ///
    /// - Parameter mayBreak: whether anything may fail, time may pass, and the program may end.
    mutating func step(mayBreak: Bool) {
        steps += 1
        switch Int.random(in: 0..<(mayBreak ? 106 : 90), using: &random) {
        case 0..<40: if readIsAsked { deliver() }
        // The socket has closed: the rest comes without being asked for.
        case 40..<45: while targetLives && Bool.random(using: &random) { deliver() }
        case 45..<60: openPush()
        case 60..<80: changeWritability()
        case 80..<90: if push == .complete { answer(200) }
        case 90..<92: failTarget()
        case 92..<94: failPush()
        case 94..<96: if push == .open || push == .complete { answer(404) }
        case 96..<99: pass(.target)
        case 99..<101: pass(.scrape)
        case 101: perform(flow.cancelled())
        default: answerEarly()
        }
    }

    /// The scrape's time is up, which ends whatever has not ended.
    mutating func finish() {
        if end == nil { pass(.target) }
        if end == nil { pass(.scrape) }
    }

    func check() throws {
        try #require(ends <= 1)
        try #require(!isReport || pushed.isEmpty)
        try #require(sent.starts(with: pushed), "bytes are missing or out of order")
        guard let end else { return }
        // A scrape that ended well has pushed all there was.
        let endedWell = end.failure == nil && end.sinkError == nil
        if endedWell { try #require(pushed == sent && pushIsFinished && !targetFailed && slices.isEmpty) }
        if targetFailed { try #require(end.failure != nil || end.sinkError != nil) }
        try #require(push == .none || push == .ended, "a push is left behind")
        try #require(!targetLives, "the target is left behind")
    }

    private var isEarly: Bool { push == .opening || !readIsAsked }

    /// One batch: what one read from the socket brings.
    private mutating func deliver() {
        guard targetLives, end == nil else { return }
        if isEarly { reached.insert("early bytes") }
        readIsAsked = false
        if !hasHead {
            hasHead = true
            perform(flow.headArrived(head))
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) where targetLives && !slices.isEmpty {
            let slice = slices.removeFirst()
            sent.append(Slice(slice))
            perform(flow.bodyArrived(slice))
        }
        if targetLives, slices.isEmpty, Bool.random(using: &random) {
            if push == .opening { reached.insert("early end") }
            targetLives = false
            perform(flow.responseEnded())
        }
        let wantsMore = assembly.wantsMore(pushIsWritable: push == .open && isWritable)
        if targetLives { perform(flow.readBatchEnded(sinkWantsMore: wantsMore)) }
    }

    private mutating func failTarget() {
        guard targetLives, end == nil else { return }
        if push == .opening { reached.insert("early failure") }
        targetLives = false
        targetFailed = true
        perform(flow.targetFailed(.targetBroken, "x"))
    }

    private mutating func openPush() {
        // A push that was complete from the start opens too; a repeated one, twice.
        guard push == .opening || push == .complete && !pushIsFinished else { return }
        if push == .opening { push = .open }
        perform(assembly.pushOpened())
    }

    private mutating func changeWritability() {
        isWritable.toggle()
        if isWritable, push == .open || push == .complete { perform(assembly.pushBecameWritable()) }
    }

    private mutating func answer(_ status: Int) {
        push = .ended
        perform(assembly.pushAnswered(status: status))
    }

    private mutating func answerEarly() {
        if push == .open { answer(Bool.random(using: &random) ? 200 : 404) }
    }

    private mutating func failPush() {
        guard push != .none, push != .ended else { return }
        push = .ended
        perform(assembly.pushFailed("x"))
    }

    private mutating func pass(_ limit: ScrapeFlow.Limit) {
        guard end == nil else { return }
        perform(flow.limitPassed(limit))
    }

    private mutating func perform(_ actions: [ScrapeFlow.Action]) {
        #expect(end == nil || actions.isEmpty, "after its end a scrape does something")
        for action in actions {
            switch action {
            case .readTarget:
                #expect(targetLives, "a target that is gone is read")
                readIsAsked = true
            case .begin(let head): perform(assembly.began(head))
            case .write(let bytes): perform(assembly.bodyArrived(bytes))
            case .flush: perform(assembly.batchEnded())
            case .end: perform(assembly.responseEnded())
            case .fail(let failure, let text): perform(assembly.scrapeFailed(failure, text))
            case .abandonSink: perform(assembly.cancelled())
            case .abandonTarget: targetLives = false
            case .conclude(let conclusion):
                ends += 1
                end = conclusion
            }
        }
    }

    private mutating func perform(_ actions: [PushAssembly.Action]) {
        #expect(end == nil || actions.isEmpty, "after its end a scrape is pushed")
        for action in actions {
            switch action {
            case .pushWhole(_, let parts):
                #expect(push == .none)
                reached.insert("whole")
                push = .complete
                pushIsFinished = true
                pushed += parts.map(Slice.init)
            case .open:
                #expect(push == .none)
                reached.insert("streamed")
                push = .opening
            case .write(let bytes):
                #expect(push == .open)
                pushed.append(Slice(bytes))
            case .flush: #expect(push == .open)
            case .finish:
                #expect(push == .open)
                push = .complete
                pushIsFinished = true
            case .report:
                #expect(push == .none)
                reached.insert("reported")
                isReport = true
                push = .complete
            case .cut: push = isReport || push == .opening || push == .none ? .none : .ended
            case .tellBegan: perform(flow.sinkBegan())
            case .tellWantsMore: perform(flow.sinkWantsMore())
            case .tellClosed(let error): perform(flow.sinkClosed(error: error))
            }
        }
    }
}
