import NIOCore

@testable import Client

/// What surrounds a `ScrapeFlow`: a target's connection that delivers pieces of a response, whether it was asked to or not, and the push.
struct FlowDrive {
    private enum Push: Equatable {
        case none
        /// Begun, no connection yet.
        case opening(isComplete: Bool)
        case open
        /// All of it was written; the proxy's answer is awaited.
        case complete
        case gone
    }

    private var flow = ScrapeFlow()
    private var parser: ResponseParser
    private var pieces: ArraySlice<[UInt8]>
    /// Whether the flow still hears of the target.
    private var hearsTarget = true
    private var answerBegan = false
    private var responseEnded = false
    private var push = Push.none
    private var isReport = false
    private var limitsPassed = 0
    private var arrived: [UInt8] = []
    private var pushed: [UInt8] = []
    private var conclusion: ScrapeFlow.Conclusion?

    init(pieces: [[UInt8]], isHead: Bool) {
        self.pieces = pieces[...]
        parser = ResponseParser(isHead: isHead, chunks: .kept)
    }

    /// One thing happens, if it can at this point.
    mutating func take(_ step: UInt8) throws {
        let isSet = step & 0x80 != 0
        switch step & 0x7F {
        case 0..<32: try deliver()
        case 32..<56: try endBatch(pushIsWritable: isSet)
        case 56..<64: try close()
        case 64..<80: try openPush()
        case 80..<96: if push == .open { try perform(flow.pushBecameWritable()) }
        case 96..<104: try answerPush(status: isSet ? 200 : 500)
        case 104..<110: try failPush()
        case 110..<118: try passLimit()
        case 118..<120: if conclusion == nil { try perform(flow.cancelled()) }
        default:
            try deliver()
            try endBatch(pushIsWritable: isSet)
        }
    }

    /// Everything else goes well; then time passes.
    mutating func finish() throws {
        while conclusion == nil, hearsTarget {
            if pieces.isEmpty { try close() } else { try deliver() }
            try endBatch(pushIsWritable: true)
            try openPush()
            if push == .open { try perform(flow.pushBecameWritable()) }
        }
        try openPush()
        if push == .complete { try answerPush(status: 200) }
        try passLimit()
        try passLimit()
        guard let conclusion else { throw Violation(description: "it never ends") }
        try require(arrived.starts(with: pushed), "\(pushed.count) bytes were pushed that did not arrive so")
        if conclusion.failure == nil && conclusion.pushError == nil {
            try require(responseEnded && !isReport, "a success without the response's end")
            try require(pushed == arrived, "\(arrived.count) bytes arrived, \(pushed.count) were pushed")
        } else {
            try require(conclusion.explanation ?? conclusion.pushError != nil, "a failure without a reason")
        }
    }

    // MARK: What happens

    private mutating func deliver() throws {
        guard hearsTarget, let piece = pieces.popFirst() else { return }
        answerBegan = true
        parser.receive(ByteBuffer(bytes: piece))
        while hearsTarget {
            let event: ResponseParser.Event
            do {
                event = try parser.next()
            } catch {
                hearsTarget = false
                return try perform(flow.targetFailed(.targetBroken, error.explanation))
            }
            switch event {
            case .needsMore: return
            case .head(let head): try perform(flow.headArrived(head))
            case .body(let slice):
                arrived += Array(slice)
                try perform(flow.bodyArrived(slice))
            case .end:
                hearsTarget = false
                responseEnded = true
                try perform(flow.responseEnded())
            }
        }
    }

    private mutating func endBatch(pushIsWritable: Bool) throws {
        if hearsTarget { try perform(flow.readBatchEnded(pushIsWritable: push == .open && pushIsWritable)) }
    }

    private mutating func close() throws {
        guard hearsTarget else { return }
        hearsTarget = false
        responseEnded = answerBegan && parser.mayEndHere
        try perform(
            responseEnded ? flow.responseEnded() : flow.targetFailed(.targetBroken, "the connection was closed"))
    }

    private mutating func openPush() throws {
        guard case .opening(let isComplete) = push else { return }
        push = isComplete ? .complete : .open
        try perform(flow.pushOpened())
    }

    private mutating func answerPush(status: Int) throws {
        guard push == .open || push == .complete else { return }
        push = .gone
        try perform(flow.pushAnswered(status: status))
    }

    private mutating func failPush() throws {
        guard push != .none, push != .gone else { return }
        push = .gone
        try perform(flow.pushFailed("the connection was closed"))
    }

    private mutating func passLimit() throws {
        guard conclusion == nil, limitsPassed < 2 else { return }
        limitsPassed += 1
        try perform(flow.limitPassed(limitsPassed == 1 ? .target : .scrape))
    }

    // MARK: What the flow does

    private mutating func perform(_ actions: [ScrapeFlow.Action]) throws {
        for action in actions {
            try require(conclusion == nil, "\(action) after the end")
            switch action {
            case .readTarget, .flushPush: break
            case .pushWhole(_, let parts):
                try require(push == .none, "a second push")
                push = .opening(isComplete: true)
                pushed = parts.flatMap { Array($0) }
            case .openPush:
                try require(push == .none, "a second push")
                push = .opening(isComplete: false)
            case .writePush(let bytes):
                try require(push == .open, "written to a push that is not open")
                pushed += Array(bytes)
            case .finishPush:
                try require(push == .open, "the end of a push that is not open")
                push = .complete
            case .report:
                try require(push == .none, "a report beside a push")
                push = .opening(isComplete: true)
                isReport = true
                // A report has a time of its own.
                limitsPassed = min(limitsPassed, 1)
            case .abandonTarget: hearsTarget = false
            case .abandonPush: push = .none
            case .conclude(let conclusion): self.conclusion = conclusion
            }
        }
    }
}
