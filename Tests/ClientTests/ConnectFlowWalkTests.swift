import Failures
import NIOCore
import TestKit
import Testing
import Tunnel

@testable import Client

/// A connection that a scraper asked for, between a target, a stream of a tunnel and a clock that do what they like. What holds, whatever comes when:
///
/// - The proxy is told once that the connection stands, before anything of it, and never behind a failure.
/// - Bytes go through both ways in order, none is lost or doubled, and an end is told once, behind all of them.
/// - The target is read whenever the stream wants more and the target has not ended, and never else; so nobody makes the client hold more than
///   that and one read.
/// - The proxy gets credit for what the target's socket has taken, once.
/// - It ends once: told as failed, given up, or with both halves through; what comes late does nothing.
@Suite(.computes) struct ConnectFlowWalkTests {
    @Test("Whatever comes when, a connection keeps what it promises", arguments: 0..<8 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var reached: Set<ConnectWalk.End> = []
        for number in 0..<500 {
            var walk = ConnectWalk(seed: seed * 1_000 + UInt64(number), mayBreak: true)
            for _ in 0..<200 where walk.end == nil { try walk.step() }
            if let end = walk.end { reached.insert(end) }
            try walk.afterwards()
        }
        #expect(
            reached == [.done, .reset, .failed(.targetUnreachable), .failed(.targetTimeout), .failed(.targetBroken)])
    }

    @Test("Where nothing goes wrong, everything gets through, and it ends", arguments: 0..<8 as Range<UInt64>)
    func undisturbed(seed: UInt64) throws {
        for number in 0..<200 {
            var walk = ConnectWalk(seed: seed * 1_000 + UInt64(number), mayBreak: false)
            var steps = 0
            while walk.end == nil {
                steps += 1
                try #require(steps < 5_000, "it hangs")
                try walk.step()
            }
            #expect(walk.end == .done && walk.isAllThrough)
        }
    }
}

private struct ConnectWalk {
    enum End: Hashable {
        case done, reset
        case failed(FailureKind)
    }

    struct Broken: Error, CustomStringConvertible { let description: String }

    private(set) var end: End?
    /// What came out last told of a failure, or of a reset.
    private var toldEnd: End?

    private var random: Seeded
    private let mayBreak: Bool
    private var flow = ConnectFlow()
    /// The target's channel.
    private var isAttached = false
    private var isClosed = false
    private var isReading = false
    private var targetSent = 0
    private var targetEnded = false
    private var writes: [Int] = []
    private var written = 0
    private var closesOutput = false
    private var outputClosed = false
    /// The stream.
    private var isConnected = false
    private var sent = 0
    private var pending = 0
    private var endSent = false
    private var isFinished = false
    private var proxySent = 0
    private var proxyEnded = false
    private var passed = 0
    private var credited = 0

    init(seed: UInt64, mayBreak: Bool) {
        random = Seeded(seed)
        self.mayBreak = mayBreak
    }

    var isAllThrough: Bool {
        targetEnded && proxyEnded && sent == targetSent && written == proxySent && passed == proxySent
            && pending == 0 && credited == written
    }

    private func hold(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Broken) {
        if !holds { throw Broken(description: rule()) }
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private static let pattern = ByteBuffer(bytes: (0..<100_000).map { UInt8($0 % 251) })

    /// At each place the byte that belongs there.
    private func bytes(from place: Int, _ count: Int) -> ByteBuffer {
        Self.pattern.getSlice(at: place % 251, length: count) ?? ByteBuffer()
    }

    mutating func step() throws(Broken) {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<10: try connect()
        case 10..<40: try targetSends()
        case 40..<44: try targetEnds()
        case 44..<46: try targetCloses()
        case 46..<60: try proxySends()
        case 60..<64:
            guard isConnected, !proxyEnded else { break }
            proxyEnded = true
            try perform(flow.proxyEnded())
        case 64..<65:
            guard mayBreak, chance(4) else { break }
            try perform(flow.wasReset())
        case 65..<85: try drain()
        default: try socketTakes()
        }
        try check()
    }

    private mutating func connect() throws(Broken) {
        if !isAttached {
            isAttached = true
            isReading = true
            return try perform(flow.attached())
        }
        switch Int.random(in: 0..<20, using: &random) {
        case 0 where mayBreak && !isConnected: try perform(flow.failed(.targetUnreachable, "refused"))
        case 1 where mayBreak && !isConnected: try perform(flow.failed(.targetTimeout, "late"))
        default: try perform(flow.connected())
        }
    }

    private mutating func targetSends() throws(Broken) {
        guard isReading, !isClosed, !targetEnded else { return }
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let count = chance(3) ? Int.random(in: 1...60_000, using: &random) : Int.random(in: 1...100, using: &random)
            let slice = bytes(from: targetSent, count)
            targetSent += count
            try perform(flow.targetSent(slice))
        }
        isReading = false
        try perform(flow.readEnded(pending: pending))
    }

    private mutating func targetEnds() throws(Broken) {
        guard isReading, !isClosed, !targetEnded, mayBreak || isConnected else { return }
        targetEnded = true
        try perform(flow.targetEnded())
        isReading = false
        try perform(flow.readEnded(pending: pending))
    }

    /// The channel is gone, and with it what waits to be written.
    private mutating func targetCloses() throws(Broken) {
        guard isAttached, !isClosed, mayBreak || outputClosed else { return }
        try close(mayBreak && chance(2) ? "reset" : nil)
    }

    private mutating func close(_ failure: String?) throws(Broken) {
        isClosed = true
        isReading = false
        writes = []
        let wasEnded = targetEnded
        try perform(flow.targetClosed(failure))
        if !wasEnded, endSent { targetEnded = true }
        if closesOutput, !outputClosed {
            outputClosed = true
            try perform(flow.outputClosed())
        }
    }

    private mutating func proxySends() throws(Broken) {
        guard isConnected, !proxyEnded, proxySent - credited < 65_536 else { return }
        let count = Int.random(in: 1...20_000, using: &random)
        let slice = bytes(from: proxySent, count)
        proxySent += count
        try perform(flow.proxySent(slice))
    }

    private mutating func drain() throws(Broken) {
        let before = pending
        pending -= chance(2) ? pending : Int.random(in: 0...pending, using: &random)
        if before > 32_768, pending <= 32_768, !endSent { try perform(flow.becameHungry(pending: pending)) }
        if endSent, pending == 0, !isFinished {
            isFinished = true
            try perform(flow.finished())
        }
    }

    private mutating func socketTakes() throws(Broken) {
        if !writes.isEmpty {
            let count = writes.removeFirst()
            written += count
            try perform(flow.written(count))
        } else if closesOutput, !outputClosed, !isClosed {
            outputClosed = true
            try perform(flow.outputClosed())
        }
    }

    private mutating func perform(_ actions: [ConnectFlow.Action]) throws(Broken) {
        for action in actions {
            try hold(end == nil, "\(action) behind the end")
            switch action {
            case .tellConnected:
                try hold(!isConnected, "it stands twice")
                isConnected = true
            case .send(let slice):
                try hold(isConnected && !endSent, "bytes before it stands, or behind the end")
                try hold(slice == bytes(from: sent, slice.readableBytes), "other bytes than the target's")
                sent += slice.readableBytes
                pending += slice.readableBytes
            case .sendEnd:
                try hold(isConnected && !endSent && sent == targetSent, "an end before the last byte, or twice")
                endSent = true
            case .write(let slice):
                try hold(isConnected && !closesOutput, "bytes behind the proxy's end")
                try hold(slice == bytes(from: passed, slice.readableBytes), "other bytes than the proxy's")
                passed += slice.readableBytes
                if !isClosed { writes.append(slice.readableBytes) }
            case .closeOutput:
                try hold(!closesOutput && !isClosed && passed == proxySent, "an end before the last byte, or twice")
                closesOutput = true
            case .giveCredit(let count):
                credited += count
                try hold(credited <= written, "credit for bytes that the target has not taken")
            case .read:
                try hold(!isReading && !endSent && pending < TunnelSettings.highWater, "a read that nobody wants")
                isReading = !isClosed
            case .close: break
            case .abort: toldEnd = .reset
            case .fail(let kind, _):
                try hold(toldEnd == nil, "two failures")
                toldEnd = .failed(kind)
            }
        }
        if flow.isOver, end == nil {
            end = toldEnd ?? .done
            if end == .done {
                try hold(
                    endSent && isFinished && closesOutput && outputClosed && sent == targetSent && passed == proxySent,
                    "it ends, and not all is through")
                try hold(isClosed || written == proxySent, "it ends, and the target has not got all")
            }
        }
    }

    private func check() throws(Broken) {
        guard end == nil else { return }
        try hold(sent == targetSent, "what the target sent is kept back")
        try hold(credited == written, "credit is kept back")
        try hold(pending <= TunnelSettings.highWater + 120_000, "\(pending) bytes wait")
        if isConnected, !endSent, !isClosed, pending <= 32_768 {
            try hold(isReading, "nothing would read the target any more")
        }
    }

    /// What comes late, behind the end or at any other time.
    mutating func afterwards() throws(Broken) {
        if end == nil { try perform(flow.wasReset()) }
        let late = bytes(from: 0, 10)
        let actions =
            flow.connected() + flow.targetSent(late) + flow.targetEnded() + flow.targetClosed("late")
            + flow.readEnded(pending: 0) + flow.written(5) + flow.outputClosed() + flow.proxySent(late)
            + flow.proxyEnded() + flow.becameHungry(pending: 0) + flow.finished() + flow.wasReset()
            + flow.failed(.targetTimeout, "late")
        try hold(actions.isEmpty, "\(actions) behind the end")
        try hold(flow.attached() == [.close], "a channel that comes late is not closed")
    }
}
