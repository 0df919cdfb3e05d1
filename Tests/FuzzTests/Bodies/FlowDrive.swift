import NIOCore

@testable import Client

/// What surrounds a `ScrapeFlow` and the `PushAssembly` that it fills: a target's connection that delivers pieces of a response, whether it was asked to or not, and the push.
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
    private var assembly = PushAssembly()
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
        case 80..<96: if push == .open { try perform(assembly.pushBecameWritable()) }
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
            if push == .open { try perform(assembly.pushBecameWritable()) }
        }
        try openPush()
        if push == .complete { try answerPush(status: 200) }
        try passLimit()
        try passLimit()
        guard let conclusion else { throw Violation(description: "it never ends") }
        try require(arrived.starts(with: pushed), "\(pushed.count) bytes were pushed that did not arrive so")
        if conclusion.failure == nil && conclusion.sinkError == nil {
            try require(responseEnded && !isReport, "a success without the response's end")
            try require(pushed == arrived, "\(arrived.count) bytes arrived, \(pushed.count) were pushed")
        } else {
            try require(conclusion.explanation ?? conclusion.sinkError != nil, "a failure without a reason")
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
        let wantsMore = assembly.wantsMore(pushIsWritable: push == .open && pushIsWritable)
        if hearsTarget { try perform(flow.readBatchEnded(sinkWantsMore: wantsMore)) }
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
        try perform(assembly.pushOpened())
    }

    private mutating func answerPush(status: Int) throws {
        guard push == .open || push == .complete else { return }
        push = .gone
        try perform(assembly.pushAnswered(status: status))
    }

    private mutating func failPush() throws {
        guard push != .none, push != .gone else { return }
        push = .gone
        try perform(assembly.pushFailed("the connection was closed"))
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
            case .readTarget: break
            case .begin(let head): try perform(assembly.began(head))
            case .write(let bytes): try perform(assembly.bodyArrived(bytes))
            case .flush: try perform(assembly.batchEnded())
            case .end: try perform(assembly.responseEnded())
            case .fail(let failure, let text):
                // A report has a time of its own.
                limitsPassed = min(limitsPassed, 1)
                try perform(assembly.scrapeFailed(failure, text))
            case .abandonTarget: hearsTarget = false
            case .abandonSink: try perform(assembly.cancelled())
            case .conclude(let conclusion): self.conclusion = conclusion
            }
        }
    }

    private mutating func perform(_ actions: [PushAssembly.Action]) throws {
        for action in actions {
            try require(conclusion == nil, "\(action) after the end")
            switch action {
            case .flush: break
            case .pushWhole(_, let parts):
                try require(push == .none, "a second push")
                push = .opening(isComplete: true)
                pushed = parts.flatMap { Array($0) }
            case .open:
                try require(push == .none, "a second push")
                push = .opening(isComplete: false)
            case .write(let bytes):
                try require(push == .open, "written to a push that is not open")
                pushed += Array(bytes)
            case .finish:
                try require(push == .open, "the end of a push that is not open")
                push = .complete
            case .report:
                try require(push == .none, "a report beside a push")
                push = .opening(isComplete: true)
                isReport = true
            case .cut: push = .none
            case .tellBegan: try perform(flow.sinkBegan())
            case .tellWantsMore: try perform(flow.sinkWantsMore())
            case .tellClosed(let error): try perform(flow.sinkClosed(error: error))
            }
        }
    }
}
