import NIOCore
import TestKit
import Wire

@testable import Web

/// A connection around `RequestPhases` whose peer, admission, exchanges and clock do whatever they like, also inside each other's calls,
/// early, late and twice; and what a user cares for in it.
final class PhasesWalk {
    /// What the peer sends.
    struct Request {
        var bytes: [UInt8]
        var target: String
        var body: [UInt8]
        /// What comes of it, were its bytes to be followed.
        var fault: RequestPhases.Fault?
    }

    private(set) var phases = RequestPhases(maxHeadBytes: 2_000, patience: .seconds(8))
    private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private(set) var violations: [String] = []
    /// How often what was reached.
    private(set) var reached: [String: Int] = [:]

    private var random: Seeded
    private let script: [Request]
    private let stream: [UInt8]
    /// Where each request ends in it.
    private let ends: [Int]
    private var delivered = 0
    private var isRunning = false
    private var isSettling = false

    /// How many requests have begun; the last of them is the current one.
    private var begun = 0
    private var verdicts: [UInt32] = []
    private var isOpen = false
    private var isAdmitted = false
    private var isWhole = false
    private var answerBegan = false
    private var exchangeStoppedClock = false
    /// How much of the current request's body has arrived; bytes.
    private var arrived = 0
    private var outputIsClosing = false
    private var outputIsClosed = false
    private var hasEnded = false
    private var turnsOwed = 0

    init(seed: UInt64, script: [Request]) {
        random = Seeded(seed)
        self.script = script
        stream = script.reduce(into: []) { $0 += $1.bytes }
        ends = script.reduce(into: []) { $0.append(($0.last ?? 0) + $1.bytes.count) }
        phases.opened(now)
    }

    var isOver: Bool { hasEnded }
    var hasServedAll: Bool { begun == script.count && !isOpen }

    private func require(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds && violations.count < 5 { violations.append("\(what()), in \(phases.phase), request \(begun)") }
    }

    private func reach(_ what: String) { reached[what, default: 0] += 1 }

    private func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    // MARK: What happens

    /// One thing, whatever it is.
    func step() {
        switch Int.random(in: 0..<24, using: &random) {
        case 0..<7: deliver(Int.random(in: 1...60, using: &random))
        case 7: deliver(Int.random(in: 1...80_000, using: &random))
        case 8: run { phases.batchEnded() }
        case 9: run { phases.writabilityChanged(chance(2)) }
        case 10: if turnsOwed > 0 || chance(4) { turn() }
        case 11: pass(.milliseconds(Int64.random(in: 1...6_000, using: &random)))
        case 12: if outputIsClosing { closeOutput() }
        case 13: if chance(8) { closeOutput() }
        case 14: if chance(60) { lose() }
        default: word()
        }
        look()
    }

    /// Everybody does what is theirs to do, until there is nothing left.
    func settle() {
        isSettling = true
        run { phases.writabilityChanged(true) }
        for _ in 0..<(stream.count / 1_000 + 1_000) where !hasEnded && !(hasServedAll && delivered == stream.count) {
            if turnsOwed > 0 { turn() }
            if outputIsClosing { closeOutput() }
            run { phases.readingPaused(false) }
            if isOpen && !isAdmitted { admit(phases.number) }
            if isOpen && isWhole { answer() }
            let isTheirs = isOpen && (isWhole || !isAdmitted) || turnsOwed > 0
            if !hasEnded && !isTheirs { require(phases.wantsReading, "the peer is not read, and nobody is to move") }
            if outputIsClosed { pass(.seconds(8)) }
            deliver(5_000)
            look()
            if delivered == stream.count, !hasEnded, !isOpen, turnsOwed == 0, phases.deadline != nil {
                pass(.seconds(8))
            }
            if delivered == stream.count, !hasEnded, isOpen, !isWhole { answer() }
        }
    }

    private func deliver(_ most: Int) {
        // At times something still comes when reading has stopped.
        guard !hasEnded, phases.wantsReading || chance(12) else { return }
        let count = min(most, stream.count - delivered)
        guard count > 0 else { return }
        delivered += count
        run { phases.bytesArrived(ByteBuffer(bytes: stream[(delivered - count)..<delivered])) }
        if chance(2) { run { phases.batchEnded() } }
    }

    private func turn() {
        turnsOwed = max(0, turnsOwed - 1)
        run { phases.turnCame() }
    }

    private func pass(_ amount: TimeAmount) {
        now = now + amount
        run { phases.timePassed(now) }
    }

    private func closeOutput() {
        if outputIsClosing { outputIsClosed = true }
        outputIsClosing = false
        run { phases.outputClosed(now) }
    }

    private func lose() {
        reach("lost")
        run { phases.lost() }
        isOpen = false
        hasEnded = true
    }

    /// Admission or an exchange says something, whether it is its turn or not.
    private func word() {
        switch Int.random(in: 0..<16, using: &random) {
        case 0: admit(verdicts.randomElement(using: &random) ?? 0)
        case 1..<4: if isOpen && !isAdmitted { admit(phases.number) }
        case 4: if chance(3) { answer() }
        case 5..<8: if isOpen && isWhole { answer() }
        case 8: run { phases.readingPaused(chance(2)) }
        case 9:
            run { phases.clockStopped() }
            if isOpen && isAdmitted { exchangeStoppedClock = true }
        case 10:
            run { phases.clockResumed(now) }
            if isOpen && isAdmitted && !isWhole { exchangeStoppedClock = false }
        case 11:
            guard isOpen && isAdmitted && chance(2) else { return }
            answerBegan = true
            phases.answerBegan()
        case 12: if chance(20) { abort() }
        case 13: if chance(isWhole ? 4 : 20) { takeOver() }
        case 14: if chance(20) && isOpen { run { phases.answerEndsByClosing() } }
        default: _ = phases.persistence()
        }
    }

    private func admit(_ request: UInt32) {
        run {
            let isExpected = isOpen && !isAdmitted && request == phases.number
            phases.admissionTookTime(now)
            let isTaken = phases.admitted(request)
            require(isTaken == isExpected, "a verdict on \(request) was \(isTaken ? "taken" : "refused")")
            guard isTaken else { return reach("late verdict") }
            isAdmitted = true
            phases.exchangeBegan(maxBehind: chance(3) ? 512 : nil)
            if phases.continueIsDue() { reach("continue") }
        }
    }

    private func answer() {
        let inTurn = isRunning
        run {
            let isTaken = phases.answered(now, inTurn: inTurn)
            require(isTaken == isOpen, "an answer was \(isTaken ? "taken" : "refused")")
            isOpen = false
            reach(isTaken ? "answered" : "late answer")
        }
    }

    private func abort() {
        run {
            let isTaken = phases.aborted()
            require(isTaken == (isOpen && isAdmitted), "an abort was \(isTaken ? "taken" : "refused")")
            if isTaken { isOpen = false }
        }
    }

    private func takeOver() {
        run {
            guard let early = phases.takenOver() else { return }
            require(isOpen && isAdmitted && !answerBegan, "taken over too soon")
            require(arrived == script[begun - 1].body.count, "taken over behind a part of a body")
            isOpen = false
            hasEnded = true
            let begin = ends[begun - 1]
            require(
                early == ByteBuffer(bytes: stream[begin..<max(begin, delivered)]), "bytes that came too early are lost")
            reach("taken over")
        }
    }

    // MARK: What is done

    private func run(_ event: () -> Void) {
        guard !isRunning else { return event() }
        isRunning = true
        event()
        while let action = phases.next(now) { perform(action) }
        isRunning = false
    }

    private func perform(_ action: RequestPhases.Action) {
        if case .close = action {} else { require(!hasEnded, "\(action) behind the end") }
        switch action {
        case .begin(let head):
            require(!isOpen, "two at once")
            begun += 1
            guard begun <= script.count else { return require(false, "more requests than were sent") }
            require(head.target == script[begun - 1].target, "\(head.target) in place of \(script[begun - 1].target)")
            (isOpen, isAdmitted, isWhole, answerBegan, exchangeStoppedClock) = (true, false, false, false, false)
            arrived = 0
            verdicts.append(phases.number)
            reach("begun")
            if chance(2) { admit(phases.number) } else { reach("later") }
        case .bodyArrived(let slice):
            require(isOpen && isAdmitted && !isWhole, "a body without its request")
            let sent = script[begun - 1].body[arrived...].prefix(slice.readableBytes)
            require(slice == ByteBuffer(bytes: sent), "a body with other bytes than were sent")
            arrived += slice.readableBytes
        case .bodyEnded:
            require(isOpen && isAdmitted && !isWhole, "the end of a body without its request")
            require(arrived == script[begun - 1].body.count, "\(arrived) of \(script[begun - 1].body.count) bytes")
            require(script[begun - 1].fault == nil, "a malformed body is taken for whole")
            isWhole = true
        case .refuse(let fault):
            reach("refused \(Self.name(fault))")
            switch fault {
            case .head: require(begun < script.count && script[begun].fault == fault, "\(fault) out of nothing")
            case .malformedBody: require(script[begun - 1].fault == fault, "\(fault) out of nothing")
            case .slow, .tooMuchBehind: break
            }
            require(!answerBegan || !isOpen, "a second answer to one request")
            let wasOpen = isOpen
            isOpen = false
            require(phases.answered(now, inTurn: true), "a refusal was not taken (\(wasOpen))")
        case .close(let closing, let fault):
            reach("closed \(closing)" + (fault.map { " \(Self.name($0))" } ?? ""))
            isOpen = false
            if closing == .outputWhenWritten { outputIsClosing = true } else { hasEnded = true }
        case .goOnLater:
            turnsOwed += 1
            reach("later turn")
        }
        // An exchange may say anything inside any call.
        if !isSettling && chance(6) { word() }
    }

    // MARK: What must hold

    private func look() {
        reach(String(describing: phases.phase).prefix { $0 != "(" }.description)
        let held = phases.received.readableBytes
        require(held <= RequestPhases.maxHeldBytes + 2_000, "\(held) bytes are held")
        guard !hasEnded else {
            require(phases.deadline == nil && !phases.isIdle, "something goes on behind the end")
            return
        }
        let end = begun == 0 ? 0 : ends[begun - 1]
        switch phases.phase {
        case .head:
            require(!isOpen, "a request is forgotten")
            // Blocked by an unread answer or the next turn; else a beginning is owed its rest, as is the first request of all.
            if phases.isWritable && turnsOwed == 0 {
                let isOwed = held > 0 || begun == 0
                require((phases.deadline != nil) == isOwed, "the clock \(isOwed ? "stands" : "runs")")
                require(phases.isIdle != isOwed, "idle and owing")
            }
            require(held == max(0, delivered - end) || held < 3, "\(held) of \(delivered - end) bytes are left")
        case .admitting, .answering, .refused, .takenOver, .closed:
            require(phases.deadline == nil, "the clock runs though the peer owes nothing")
        case .body:
            require(exchangeStoppedClock || phases.deadline != nil, "the clock stands though the peer owes a body")
        case .discarding:
            require(phases.deadline != nil || turnsOwed > 0, "the clock stands though the peer owes a body")
        case .lingering: require(outputIsClosing || phases.deadline != nil, "it lingers for ever")
        }
        if case .head = phases.phase {} else { require(!phases.isIdle, "idle") }
    }

    private static func name(_ fault: RequestPhases.Fault) -> String {
        String(describing: fault).prefix { $0 != "(" }.description
    }
}
